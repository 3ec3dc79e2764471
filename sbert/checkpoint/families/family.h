#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "sbert/model/encoder_spec.h"
#include "sbert/model/weights.h"

namespace sbert {

/// How checkpoints of Hugging Face say what an encoder of one family is: a file of this folder
/// each.
struct EncoderFamily {
  std::string_view model_type;  ///< of config.json
  /// @throws Error(kInput) naming the keys that are missing, wrong, or ask for what is not
  /// supported
  EncoderSpec (*read)(const nlohmann::json& config);
  /// Names of tensors that an encoder of the family has once. What stands before them in a
  /// checkpoint ("bert.", "module.", "0.auto_model.", ...) stands before all of the encoder's.
  std::span<const std::string_view> anchors;
  /// The keys of config.json that describe the encoder; the reverse of read().
  nlohmann::ordered_json (*write)(const EncoderSpec& spec);
  /// The name that parameter_specs() gives the family's tensor, be it the one of an older release;
  /// nullopt for what an embedding does
  /// not need: heads, poolers, constants.
  std::optional<std::string> (*parameter_name)(std::string_view tensor);
  /// The reverse.
  std::string (*tensor_name)(std::string_view parameter);
};

/// @throws Error(kInput) for another model_type, listing the known ones
const EncoderFamily& find_family(std::string_view model_type);

/// A checkpoint's tensors under the names of parameter_specs(). What an embedding does not need is
/// left out, which is logged.
/// @throws Error(kInput) naming both, if there are two encoders, or two tensors for one parameter
Weights from_family(const EncoderFamily& family, Weights tensors);
/// The reverse.
Weights to_family(const EncoderFamily& family, Weights weights);

/// Hugging Face's name of an activation: "gelu", "gelu_new" or "relu".
std::string_view activation_name(Activation activation);
/// @throws Error(kInput) for any name but these and "gelu_pytorch_tanh"
Activation activation_from_name(std::string_view name);

}  // namespace sbert
