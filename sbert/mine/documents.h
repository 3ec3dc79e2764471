#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sbert/data/text_key.h"

namespace sbert {

/// The documents that negatives are taken from, by row from 0. They may lie on disk: a text is
/// fetched when it is needed. Any thread may call.
class Documents {
 public:
  virtual ~Documents() = default;

  virtual std::int64_t size() const = 0;
  /// With its title, as it is embedded.
  virtual std::string text(std::int64_t row) const = 0;
  /// The name that the corpus gives it; empty if it gives none.
  virtual std::string id(std::int64_t) const { return {}; }
  /// bytes_key() of the id; 0 if there is none.
  virtual std::uint64_t id_key(std::int64_t row) const {
    const std::string name = id(row);
    return name.empty() ? 0 : bytes_key(name);
  }
};

/// Documents in memory.
class TextDocuments : public Documents {
 public:
  /// @param ids as many as texts, or none
  explicit TextDocuments(std::vector<std::string> texts, std::vector<std::string> ids = {})
      : texts_(std::move(texts)), ids_(std::move(ids)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(texts_.size()); }
  std::string text(std::int64_t row) const override {
    return texts_.at(static_cast<std::size_t>(row));
  }
  std::string id(std::int64_t row) const override {
    return ids_.empty() ? std::string() : ids_.at(static_cast<std::size_t>(row));
  }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string> ids_;
};

}  // namespace sbert
