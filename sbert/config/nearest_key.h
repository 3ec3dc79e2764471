#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sbert {

/// The candidate that a mistyped dotted key most likely meant: few edits away, or of the same last
/// name in another place ("lr" for "model.optim.lr"). The first of equals; empty if none is near.
std::string nearest_key(std::string_view key, std::span<const std::string> candidates);

/// "unknown key: model.sed (did you mean 'model.seed'?)", for an error message.
std::string unknown_key_message(std::string_view key, std::span<const std::string> candidates);

}  // namespace sbert
