#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sbert {

/// Texts, each once: so that one that a task has many times is embedded once.
class DistinctTexts {
 public:
  /// The row that the text has; a new one if it is not there.
  std::int64_t add(const std::string& text) {
    const auto [found, is_new] = rows_.emplace(text, static_cast<std::int64_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return found->second;
  }
  std::vector<std::int64_t> add_all(const std::vector<std::string>& texts) {
    std::vector<std::int64_t> rows;
    for (const std::string& text : texts)
      rows.push_back(add(text));
    return rows;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::unordered_map<std::string, std::int64_t> rows_;
  std::vector<std::string> texts_;
};

}  // namespace sbert
