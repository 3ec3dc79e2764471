#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/example.h"
#include "sbert/data/record_value.h"

namespace sbert {

/// The form that a record with this key has; nothing for a key that says none.
std::optional<RecordForm> form_of_key(std::string_view key);

/// Puts an example together from the keys and values of a record, whatever the file's format. Keys
/// of another form, and all others, are ignored; of a key that is added twice the last value
/// counts.
class ExampleBuilder {
 public:
  explicit ExampleBuilder(RecordForm form);

  /// @throws Error(kInput) "must be a string: found a number"; the caller knows the key
  void add(std::string_view key, RecordValue& value);

  /// Drops negatives and further positives that are empty, or repeat another document of the
  /// record, with their ids and scores.
  /// @throws Error(kInput) "pos_doc is missing", or naming the list whose length is wrong
  Example finish();

 private:
  enum class Role;
  Role role_of(std::string_view key) const;
  void set_text_key(std::string& slot, std::string_view key) const;

  std::string question_key_;
  std::string positive_key_;
  std::string label_key_;
  struct Negatives {
    std::string key;
    std::vector<std::string> texts;
  };
  std::vector<Negatives> negatives_;  // of each key, in order
  std::vector<std::string> positive_ids_;
  std::vector<std::string> negative_ids_;
  Example example_;
};

/// A class or a similarity: a number, or a word of natural-language inference in the order of
/// sentence-transformers: contradiction 0, entailment 1, neutral 2.
/// @throws Error(kInput)
double parse_label(std::string_view text);

}  // namespace sbert
