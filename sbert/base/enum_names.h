#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

/// One word of a configured choice and its value.
template <typename Enum>
struct EnumName {
  std::string_view name;
  Enum value;
};

// An enum whose enumerators are chosen by a word in the configuration has a table of the words
// beside it, in the same namespace:
//
//   enum class Sampling { kTop, kRandom };
//   constexpr auto enum_names(Sampling) {
//     return std::to_array<EnumName<Sampling>>(
//         {{"top", Sampling::kTop}, {"random", Sampling::kRandom}});
//   }
//
// A member of that type in a struct of options is then read, checked, described and written by its
// word (config/options.h). An enumerator may have several words: it is written by the first.

/// An enum with a table of words.
template <typename Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires(Enum value) {
  { enum_names(value).front() } -> std::convertible_to<EnumName<Enum>>;
};

/// The (first) word of an enumerator.
/// @throws Error(kInternal) if it has none
template <NamedEnum Enum>
std::string_view enum_name(Enum value) {
  static constexpr auto kNames = enum_names(Enum{});
  for (const EnumName<Enum>& each : kNames) {
    if (each.value == value) return each.name;
  }
  fail(ErrorKind::kInternal, "an enumerator has no name");
}

/// The enumerator of a word, if it has one.
template <NamedEnum Enum>
constexpr std::optional<Enum> enum_from_name(std::string_view name) {
  for (const EnumName<Enum>& each : enum_names(Enum{})) {
    if (each.name == name) return each.value;
  }
  return std::nullopt;
}

/// All words in the order of the table, for messages and help: "top, random".
template <NamedEnum Enum>
std::string enum_name_list() {
  std::string list;
  for (const EnumName<Enum>& each : enum_names(Enum{}))
    list += concat(list.empty() ? "" : ", ", each.name);
  return list;
}

/// The enumerator of a word that was configured.
/// @throws Error(kUsage) "sampling must be one of top, random: best"
template <NamedEnum Enum>
Enum parse_enum(std::string_view key, std::string_view word) {
  const std::optional<Enum> value = enum_from_name<Enum>(word);
  if (!value) {
    fail(ErrorKind::kUsage, concat(key, " must be one of ", enum_name_list<Enum>(), ": ", word));
  }
  return *value;
}

}  // namespace sbert
