#pragma once

// For tests: variables of the environment that are set back.

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace sbert {

class TestVariables {
 public:
  TestVariables() = default;
  ~TestVariables() {
    for (const auto& [name, value] : before_)
      change(name.c_str(), value ? value->c_str() : nullptr);
  }
  TestVariables(const TestVariables&) = delete;
  TestVariables& operator=(const TestVariables&) = delete;

  /// Null takes the variable away.
  void set(const char* name, const char* value) {
    const char* before = std::getenv(name);
    before_.emplace(name, before ? std::optional<std::string>(before) : std::nullopt);
    change(name, value);
  }

 private:
  static void change(const char* name, const char* value) {
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }

  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace sbert
