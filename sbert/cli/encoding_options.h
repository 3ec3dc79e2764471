#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

/// The type in which a model's matrix products are computed.
enum class EncodingPrecision { kFloat32, kInt8, kBFloat16, kFloat16 };
constexpr auto enum_names(EncodingPrecision) {
  return std::to_array<EnumName<EncodingPrecision>>({{"32", EncodingPrecision::kFloat32},
                                                     {"int8", EncodingPrecision::kInt8},
                                                     {"bf16", EncodingPrecision::kBFloat16},
                                                     {"16", EncodingPrecision::kFloat16}});
}

/// The options that all commands have that embed texts: how long a text may be, where the model
/// computes, and in which numbers.
struct EncodingOptions {
  std::int64_t max_length = 0;
  std::int64_t batch_tokens = 0;
  int threads = 0;
  std::string device = "auto";
  int devices = 1;
  EncodingPrecision precision = EncodingPrecision::kFloat32;
  OnLong on_long = OnLong::kCut;
  /// Of the command, no option: whether processes that a launcher started share the work without
  /// --devices. Else each of them does the command by itself.
  bool shares_under_launcher = false;

  static constexpr auto fields() {
    using Self = EncodingOptions;
    return std::tuple{
        field("max_length", &Self::max_length, "tokens a text is cut to; 0: the model's"),
        field("on_long", &Self::on_long,
              "a text of more tokens: cut (they are counted) or error, which ends the run"),
        field("batch_tokens", &Self::batch_tokens, "tokens of a batch; 0: chosen"),
        field("threads", &Self::threads, "0: every core"),
        field("device", &Self::device, "auto (a GPU if there is one), cpu, cuda or cuda:N"),
        field("devices", &Self::devices,
              "processes to share the embedding, one for each GPU; embed, evaluate and mine also "
              "share it with those that torchrun, srun or mpirun starts"),
        field("precision", &Self::precision,
              "of the matrix products: 32; int8 on the CPU, faster and nearly as good; bf16 or 16 "
              "on a GPU"),
    };
  }

  /// Whether --device asks for a GPU by name.
  bool names_gpu() const;
  /// Whether the process may be one of several that share the work.
  bool looks_for_launcher() const { return shares_under_launcher || devices > 1; }
  /// Whether a GPU is to be used if there is one: not for int8, which the CPU alone computes in.
  bool takes_any_gpu() const { return device == "auto" && precision != EncodingPrecision::kInt8; }

  /// @throws Error(kUsage) naming the option that is out of range, or those that do not go together
  void validate() const;
};

}  // namespace sbert
