#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"
#include "sbert/cli/commands.h"

namespace sbert {

/// What a command's --help says around the list of its options.
struct CommandHelp {
  std::string_view name;         ///< "evaluate retrieval"
  std::string_view description;  ///< what it does, a paragraph
  std::string_view examples;     ///< lines to try
};

/// Reads the words of a command into a struct of options. A field `max_length` is the option
/// --max-length; a bool is a switch; a vector may be given several times. Fields named in
/// `positional` are words without a name, in that order; a vector takes all that are left.
class OptionParser {
 public:
  OptionParser(const CommandHelp& help, std::vector<std::string_view> positional);
  ~OptionParser();

  void add(std::string_view key, std::string_view help, std::string& value);
  void add(std::string_view key, std::string_view help, std::optional<std::string>& value);
  /// An integer must not be negative; no number is taken for one that it is not.
  void add(std::string_view key, std::string_view help, std::int64_t& value);
  void add(std::string_view key, std::string_view help, int& value);
  void add(std::string_view key, std::string_view help, double& value);
  void add(std::string_view key, std::string_view help, std::optional<double>& value);
  void add(std::string_view key, std::string_view help, bool& value);
  void add(std::string_view key, std::string_view help, std::vector<std::string>& value);
  /// The value must be one of the enum's words.
  template <NamedEnum Enum>
  void add(std::string_view key, std::string_view help, Enum& value) {
    add_word(key, help, enum_name(value), read_enum<Enum>(value));
  }
  template <NamedEnum Enum>
  void add(std::string_view key, std::string_view help, std::optional<Enum>& value) {
    add_word(key, help, "", read_enum<Enum>(value));
  }
  void require(std::string_view key);

  /// @return false if --help was asked for, which is then printed
  /// @throws Error(kUsage) saying which word is wrong
  bool parse(const Arguments& arguments);

 private:
  struct State;
  using TakeWord = std::function<void(std::string_view option, std::string_view word)>;

  template <typename Enum, typename Value>
  static TakeWord read_enum(Value& value) {
    return [&value](std::string_view option, std::string_view word) {
      value = parse_enum<Enum>(option, word);
    };
  }
  /// @param value the default, which --help shows; empty: none
  void add_word(std::string_view key, std::string_view help, std::string_view value, TakeWord take);

  std::unique_ptr<State> state_;
};

/// Adds every field of `options` to the parser.
template <HasFields Options>
void add_fields(OptionParser& parser, Options& options) {
  for_each_field<Options>(
      [&](const auto& field) { parser.add(field.key, field.help, options.*field.member); });
}

}  // namespace sbert
