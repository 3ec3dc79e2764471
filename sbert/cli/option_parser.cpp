#include "sbert/cli/option_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

std::string option_name(std::string_view key) {
  std::string name(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

// A whole word in decimal digits; CLI11 would take the nearest number that there is, and other
// bases.
template <typename Integer>
void read_integer(std::string_view name, std::string_view word, Integer& value) {
  Integer number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number < 0) {
    fail(ErrorKind::kUsage, concat(name, " must be an integer from 0 to ",
                                   std::numeric_limits<Integer>::max(), ": ", word));
  }
  value = number;
}

template <typename Number>
void read_real(std::string_view name, std::string_view word, Number& value) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number)) {
    fail(ErrorKind::kUsage, concat(name, " must be a finite number: ", word));
  }
  value = number;
}

}  // namespace

struct OptionParser::State {
  CLI::App app;
  std::vector<std::string_view> positional;
  std::map<std::string_view, CLI::Option*> options;

  std::string cli_name(std::string_view key) const {
    const bool is_positional =
        std::find(positional.begin(), positional.end(), key) != positional.end();
    return is_positional ? option_name(key) : concat("--", option_name(key));
  }

  // The first word that looks like an option and is none, of a command that takes texts; else
  // empty.
  std::string_view word_like_an_option(const Arguments& arguments) const {
    if (positional.empty()) return {};
    for (const std::string& word : arguments) {
      if (word == "--") break;
      const std::string name = word.substr(0, word.find('='));
      const bool is_long = name.starts_with("--");
      if (word.size() > 1 && word.starts_with('-') &&
          (!is_long || app.get_option_no_throw(name) == nullptr)) {
        return word;
      }
    }
    return {};
  }

  template <typename Value>
  void add(std::string_view key, std::string_view help, Value& value, bool shows_default) {
    CLI::Option* option = app.add_option(cli_name(key), value, std::string(help));
    if (shows_default) option->capture_default_str();
    options[key] = option;
  }

  // A number, which `read` makes of a word or refuses.
  template <typename Value>
  void add_number(std::string_view key,
                  std::string_view help,
                  const char* type,
                  const std::string& shown,
                  Value& value,
                  void (*read)(std::string_view, std::string_view, Value&)) {
    const std::string name = cli_name(key);
    const auto on_word = [name, &value, read](const std::string& word) { read(name, word, value); };
    CLI::Option* option =
        app.add_option_function<std::string>(name, on_word, std::string(help))->type_name(type);
    if (!shown.empty()) option->default_str(shown);
    options[key] = option;
  }
};

OptionParser::OptionParser(const CommandHelp& help, std::vector<std::string_view> positional)
    : state_(std::make_unique<State>()) {
  state_->app.name(concat("sbert ", help.name));
  state_->app.description(std::string(help.description));
  state_->app.footer(concat("Examples:\n", help.examples));
  state_->app.get_formatter()->column_width(32);
  state_->positional = std::move(positional);
}
OptionParser::~OptionParser() = default;

void OptionParser::add(std::string_view key, std::string_view help, std::string& value) {
  state_->add(key, help, value, !value.empty());
}
void OptionParser::add(std::string_view key,
                       std::string_view help,
                       std::optional<std::string>& value) {
  state_->add(key, help, value, false);
}
void OptionParser::add(std::string_view key, std::string_view help, std::int64_t& value) {
  state_->add_number(key, help, "INT", concat(value), value, read_integer<std::int64_t>);
}
void OptionParser::add(std::string_view key, std::string_view help, int& value) {
  state_->add_number(key, help, "INT", concat(value), value, read_integer<int>);
}
void OptionParser::add(std::string_view key, std::string_view help, double& value) {
  state_->add_number(key, help, "FLOAT", concat(value), value, read_real<double>);
}
void OptionParser::add(std::string_view key, std::string_view help, std::optional<double>& value) {
  state_->add_number(key, help, "FLOAT", "", value, read_real<std::optional<double>>);
}
void OptionParser::add(std::string_view key, std::string_view help, bool& value) {
  state_->options[key] = state_->app.add_flag(state_->cli_name(key), value, std::string(help));
}
void OptionParser::add(std::string_view key,
                       std::string_view help,
                       std::vector<std::string>& value) {
  state_->add(key, help, value, false);
  // One value for each time an option is named, so that it does not swallow what follows.
  if (state_->cli_name(key).starts_with("--")) state_->options[key]->allow_extra_args(false);
}

void OptionParser::add_word(std::string_view key,
                            std::string_view help,
                            std::string_view value,
                            TakeWord take) {
  const std::string name = state_->cli_name(key);
  const auto on_word = [name, take = std::move(take)](const std::string& word) {
    take(name, word);
  };
  CLI::Option* option =
      state_->app.add_option_function<std::string>(name, on_word, std::string(help));
  if (!value.empty()) option->default_str(std::string(value));
  state_->options[key] = option;
}

void OptionParser::require(std::string_view key) {
  state_->options.at(key)->required();
}

bool OptionParser::parse(const Arguments& arguments) {
  Arguments reversed(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the back
  try {
    state_->app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    std::fputs(state_->app.help().c_str(), stdout);
    return false;
  } catch (const CLI::ParseError& error) {
    const std::string_view word = state_->word_like_an_option(arguments);
    const std::string advice =
        word.empty()
            ? std::string()
            : concat("; ", word, " is no option: a text that begins with - stands after --");
    fail(ErrorKind::kUsage,
         concat(error.what(), advice, " (", state_->app.get_name(), " --help lists the options)"));
  }
  return true;
}

}  // namespace sbert
