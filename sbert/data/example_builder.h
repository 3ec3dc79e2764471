#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/example.h"
#include "sbert/data/record_value.h"

namespace sbert {

/// The form that a record with this key has; nothing for a key that says none.
std::optional<RecordForm> form_of_key(std::string_view key);

/// The keys that are read of a record of this form.
std::span<const std::string_view> keys_of_form(RecordForm form);

/// Puts an example together from the keys and values of a record, whatever the file's format. Keys
/// of another form, and all others, are only noted; of a key that is added twice the last value
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

  /// The keys without meaning to a record of this form that were added.
  const std::vector<std::string>& unread_keys() const { return unread_keys_; }
  /// Whether a key of the same meaning was added: `negative` if there is a `negative_1`.
  bool has_meaning_of(std::string_view key) const;
  /// `label` or `score`, whichever was added; empty if neither was.
  const std::string& label_key() const { return label_key_; }

 private:
  enum class Role;
  static std::uint32_t bit_of(Role role);
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
  std::vector<std::string> unread_keys_;
  std::uint32_t roles_ = 0;  // a bit each, of what was added
  Example example_;
};

/// A class or a similarity: a number, or a word of natural-language inference in the order of
/// sentence-transformers: contradiction 0, entailment 1, neutral 2.
/// @throws Error(kInput)
double parse_label(std::string_view text);

}  // namespace sbert
