#include "sbert/track/wandb_environment.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <unistd.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"

namespace sbert {
namespace {

constexpr std::string_view kPublicService = "https://api.wandb.ai";
constexpr std::uint64_t kMaxNetrcBytes = 1 << 20;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_program(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::filesystem::path find_in_path(std::string_view name) {
  std::string folders = variable("PATH");
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', start), folders.size());
    // An empty part means the working folder, from which nothing is run unasked.
    if (end > start) {
      std::filesystem::path path = std::filesystem::path(folders.substr(start, end - start)) / name;
      if (is_program(path)) return path;
    }
    start = end + 1;
  }
  return {};
}

// host:port of a URL, as netrc files have it.
std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

std::string key_in_netrc(std::string_view base_url) {
  std::filesystem::path path = variable("NETRC");
  if (path.empty()) path = std::filesystem::path(variable("HOME")) / ".netrc";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  try {
    return netrc_password(read_file(path, kMaxNetrcBytes), host_of(base_url)).value_or("");
  } catch (const Error&) {
    return {};  // no file that can be read is no key
  }
}

// Words at white space; quotes and backslashes keep it, '#' at a word's start begins a comment.
std::vector<std::string> shell_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool is_in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      is_in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      is_in_word = true;
    } else if (c == '#' && !is_in_word) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (is_in_word) words.push_back(std::move(word));
      word.clear();
      is_in_word = false;
    } else {
      word += c;
      is_in_word = true;
    }
  }
  if (is_in_word) words.push_back(std::move(word));
  return words;
}

}  // namespace

std::optional<std::string> netrc_password(std::string_view netrc, std::string_view host) {
  const std::vector<std::string> words = shell_words(netrc);
  std::optional<std::string> of_default;
  bool is_host = false;
  bool is_default = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "default") {
      is_host = false;
      is_default = true;
    } else if (words[i] == "machine" && has_value) {
      is_host = words[++i] == host;
      is_default = false;
    } else if (words[i] == "password" && has_value) {
      ++i;
      if (is_host) return words[i];
      if (is_default && !of_default) of_default = words[i];
    } else if ((words[i] == "login" || words[i] == "account") && has_value) {
      ++i;
    }
  }
  return of_default;
}

WandbEnvironment read_wandb_environment() {
  WandbEnvironment environment;
  environment.mode = variable("WANDB_MODE");
  environment.base_url = variable("WANDB_BASE_URL");
  if (environment.base_url.empty()) environment.base_url = kPublicService;
  environment.api_key = variable("WANDB_API_KEY");
  if (environment.api_key.empty()) environment.api_key = key_in_netrc(environment.base_url);
  environment.program = variable("SBERT_WANDB_CORE");
  if (environment.program.empty()) environment.program = find_in_path("wandb-core");
  if (!is_program(environment.program)) environment.program.clear();
  return environment;
}

}  // namespace sbert
