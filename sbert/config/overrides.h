#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sbert/config/config_tree.h"

namespace sbert {

enum class OverrideKind {
  kChange,  ///< a.b=v    the key must exist
  kAdd,     ///< +a.b=v   the key must be absent or null, unless v is a list or a map
  kForce,   ///< ++a.b=v  adds or changes
  kDelete,  ///< ~a.b, ~a.b=v  the key must exist (and have this value)
};

/// One word of the command line that changes the configuration, in Hydra's grammar.
struct Override {
  OverrideKind kind = OverrideKind::kChange;
  std::string key;
  std::optional<ConfigNode> value;  ///< absent only in a deletion
  std::string text;                 ///< the whole word
};

/// @throws Error(kUsage) naming the word and what is wrong with it
Override parse_override(std::string_view text);

/// Changes the tree. A map is merged into a map that is there, key by key; anything else replaces.
/// @throws Error(kUsage): unknown key, with the nearest known one; adding what is there; deleting
///         what is not
void apply_override(ConfigTree& tree, const Override& override);

/// Parses and applies words in order; later ones win.
void apply_overrides(ConfigTree& tree, std::span<const std::string> words);

}  // namespace sbert
