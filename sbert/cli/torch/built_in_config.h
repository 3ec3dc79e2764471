#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sbert {

/// The text of a configuration of conf/, which is compiled into the program, by its name without
/// .yaml: "megatron_sbert_config" or "megatron_bert_config".
std::optional<std::string_view> built_in_config(std::string_view name);

}  // namespace sbert
