#pragma once

#include <memory>
#include <string_view>

#include "sbert/data/record_value.h"

namespace sbert {

/// Parses one JSON object at a time. Keeps its buffers; one thread at a time.
class JsonRecordParser {
 public:
  JsonRecordParser();
  ~JsonRecordParser();

  /// Calls visit(key, value) for each member of the object in order, a duplicate key
  /// too. A value that visit() leaves unread is skipped, and only its brackets are checked. An
  /// error within visit() is given the key as context.
  /// @param object the bytes of one JSON object, nothing around it but whitespace
  /// @throws Error(kInput) if it is not JSON (so for NaN and unpaired surrogates that are read), or
  ///         not UTF-8
  void parse(std::string_view object, const VisitValue& visit);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sbert
