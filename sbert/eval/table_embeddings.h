#pragma once

// For tests: embeddings that are written down.

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "sbert/eval/evaluation.h"

namespace sbert {

class TableEmbeddings : public EmbeddingSource {
 public:
  TableEmbeddings(std::map<std::string, std::vector<float>> rows, std::string similarity = "cosine")
      : rows_(std::move(rows)), similarity_(std::move(similarity)) {}

  FloatMatrix embed(const std::vector<std::string>& texts, TextRole role) override {
    roles.push_back(role);
    FloatMatrix matrix(static_cast<std::int64_t>(texts.size()),
                       static_cast<std::int64_t>(rows_.begin()->second.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<float>& row = rows_.at(texts[i]);
      std::copy(row.begin(), row.end(), matrix.row(static_cast<std::int64_t>(i)).begin());
    }
    return matrix;
  }
  std::string similarity() const override { return similarity_; }

  std::vector<TextRole> roles;  ///< of each call

 private:
  std::map<std::string, std::vector<float>> rows_;
  std::string similarity_;
};

inline double metric(const Evaluation& evaluation, const std::string& name) {
  for (const auto& [key, value] : evaluation.metrics) {
    if (key == name) return value;
  }
  throw std::invalid_argument("no such metric: " + name);
}

}  // namespace sbert
