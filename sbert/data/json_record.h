#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sbert {

/// A value of a JSON object, as far as our records need it.
class JsonValue {
 public:
  virtual ~JsonValue() = default;

  /// @throws Error(kInput) "must be a string: found a number"
  virtual std::string string() = 0;
  /// A string alone counts as a list of one.
  /// @throws Error(kInput) unless it is a string or a list of strings
  virtual std::vector<std::string> strings() = 0;
  /// A string, or an integer as its digits.
  /// @throws Error(kInput)
  virtual std::string id() = 0;
};

/// Parses one JSON object at a time. Keeps its buffers; one thread at a time.
class JsonRecordParser {
 public:
  JsonRecordParser();
  ~JsonRecordParser();

  /// Calls visit(key, value) for each member of the object in order, a key that stands there twice
  /// too. A value that visit() leaves unread is skipped, and only its brackets are checked. An
  /// error within visit() is given the key as context.
  /// @param object the bytes of one JSON object, nothing around it but whitespace
  /// @throws Error(kInput) if it is no JSON (so for NaN and unpaired surrogates that are read), or
  ///         not UTF-8
  void parse(std::string_view object,
             const std::function<void(std::string_view key, JsonValue& value)>& visit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
