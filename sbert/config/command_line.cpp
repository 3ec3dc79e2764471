#include "sbert/config/command_line.h"

#include <array>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

struct ValueFlag {
  std::string_view name;
  std::string_view short_name;
  std::string CommandLine::* member;
};

constexpr std::array kValueFlags = {
    ValueFlag{"--config-path", "-cp", &CommandLine::config_path},
    ValueFlag{"--config-name", "-cn", &CommandLine::config_name},
    ValueFlag{"--config-dir", "-cd", &CommandLine::config_dir},
};

class WordParser {
 public:
  explicit WordParser(std::span<const std::string> words) : words_(words) {}

  CommandLine parse() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (word.starts_with('-')) {
        take_flag(word);
      } else if (word.starts_with('~') || word.find('=') != std::string::npos) {
        result_.overrides.push_back(word);
      } else {
        fail(ErrorKind::kUsage, concat("not an override (key=value): ", word));
      }
    }
    return result_;
  }

 private:
  void take_flag(const std::string& word) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    for (const ValueFlag& flag : kValueFlags) {
      if (name == flag.name || name == flag.short_name) {
        result_.*flag.member = value_of(word, name);
        return;
      }
    }
    if (name == "--cfg" || name == "-c") {
      const std::string what = value_of(word, name);
      if (what != "job") fail(ErrorKind::kUsage, concat(name, " must be job: ", what));
      result_.show_config = true;
    } else if (word == "--resolve") {
      result_.resolve = true;
    } else if (word == "--help" || word == "-h") {
      result_.help = true;
    } else if (name == "--multirun" || name == "-m") {
      fail(ErrorKind::kUsage, concat("several runs at once are not supported: ", word));
    } else {
      fail(ErrorKind::kUsage, concat("unknown flag: ", word));
    }
  }

  std::string value_of(const std::string& word, std::string_view name) {
    std::string value;
    if (word.size() > name.size()) {
      value = word.substr(name.size() + 1);
    } else if (at_ < words_.size()) {
      value = words_[at_++];
    }
    if (value.empty()) fail(ErrorKind::kUsage, concat(name, " needs a value"));
    return value;
  }

  std::span<const std::string> words_;
  std::size_t at_ = 0;
  CommandLine result_;
};

}  // namespace

CommandLine parse_command_line(std::span<const std::string> words) {
  return WordParser(words).parse();
}

std::filesystem::path config_file(const CommandLine& command_line,
                                  const std::filesystem::path& default_folder,
                                  const std::string& default_name) {
  std::string name = command_line.config_name.empty() ? default_name : command_line.config_name;
  if (name.empty()) fail(ErrorKind::kUsage, "--config-name is missing");
  if (!name.ends_with(".yaml") && !name.ends_with(".yml")) name += ".yaml";
  const std::filesystem::path given = command_line.config_path;
  const std::filesystem::path& folder = given.empty() ? default_folder : given;
  if (std::filesystem::exists(folder / name)) return folder / name;
  if (command_line.config_dir.empty()) {
    fail(ErrorKind::kUsage, concat("no such configuration: ", folder / name));
  }
  const std::filesystem::path other = std::filesystem::path(command_line.config_dir) / name;
  if (std::filesystem::exists(other)) return other;
  fail(ErrorKind::kUsage, concat("no such configuration: ", folder / name, ", nor ", other));
}

}  // namespace sbert
