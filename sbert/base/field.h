#pragma once

#include <concepts>
#include <string_view>
#include <tuple>

namespace sbert {

/// One member of an options struct: its key in the configuration, and what it means.
template <typename Options, typename Value>
struct Field {
  std::string_view key;
  Value Options::* member;
  std::string_view help;
};

template <typename Options, typename Value>
constexpr Field<Options, Value> field(std::string_view key,
                                      Value Options::* member,
                                      std::string_view help) {
  return {key, member, help};
}

/// A struct whose members are listed by a static fields(): a group of options.
template <typename Options>
concept HasFields = requires { Options::fields(); };

/// Calls visit(field) for each field of an options struct, in the order of declaration.
template <HasFields Options, typename Visit>
void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, Options::fields());
}

}  // namespace sbert
