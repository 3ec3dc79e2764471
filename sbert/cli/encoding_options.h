#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "sbert/base/field.h"

namespace sbert {

class OptionParser;

/// The options that all commands have that embed texts: how long a text may be, where the model
/// computes, and in which numbers.
struct EncodingOptions {
  std::int64_t max_length = 0;
  std::int64_t batch_tokens = 0;
  int threads = 0;
  std::string device = "auto";
  int devices = 1;
  std::string precision = "32";

  static constexpr auto fields() {
    using Self = EncodingOptions;
    return std::tuple{
        field("max_length", &Self::max_length, "tokens a text is cut to; 0: the model's"),
        field("batch_tokens", &Self::batch_tokens, "tokens of a batch; 0: chosen"),
        field("threads", &Self::threads, "0: every core"),
        field("device", &Self::device, "auto (a GPU if there is one), cpu, cuda or cuda:N"),
        field("devices", &Self::devices,
              "processes to share the embedding, one for each GPU; also those that torchrun, srun "
              "or mpirun starts"),
        field("precision", &Self::precision,
              "of the matrix products: 32; int8 on the CPU, faster and nearly as good; bf16 or 16 "
              "on a GPU"),
    };
  }

  /// Whether --device asks for a GPU by name.
  bool names_gpu() const;
  /// Whether a GPU is to be used if there is one: not for int8, which the CPU alone computes in.
  bool takes_any_gpu() const { return device == "auto" && precision != "int8"; }

  /// @throws Error(kUsage) naming the option that is out of range, or those that do not go together
  void validate() const;
};

/// Adds them to a command's parser.
void add_encoding_options(OptionParser& parser, EncodingOptions& options);

}  // namespace sbert
