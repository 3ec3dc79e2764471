#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sbert/data/example_builder.h"
#include "sbert/data/record_index.h"

namespace sbert {

/// The key of a record of this form that another was most likely meant to be: of a name few edits
/// away, of the same meaning in another form, or for negatives under another name; empty if there
/// is none.
std::string meant_key(RecordForm form, std::string_view key);

/// Counts the keys that are not read in the records of a file, and refuses those that can only be
/// mistyped.
class UnreadKeys {
 public:
  /// @throws Error(kInput) "neg_docs is not read (did you mean 'neg_doc'?)" if the record has
  ///         nothing under the key that was meant
  void add(RecordForm form, const ExampleBuilder& record);
  /// The first 20, in the order in which they came.
  const std::vector<UnreadKey>& keys() const { return keys_; }

 private:
  const std::string& meant(RecordForm form, const std::string& key);

  std::map<std::string, std::string> meant_;  // what was looked up
  std::vector<UnreadKey> keys_;
};

}  // namespace sbert
