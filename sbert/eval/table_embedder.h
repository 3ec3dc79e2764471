#pragma once

// For tests: embeddings that are written down.

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sbert/embed/text_embedder.h"
#include "sbert/eval/evaluation.h"
#include "sbert/eval/role_embedder.h"

namespace sbert {

/// Has the prompts "q: " for queries and "d: " for documents, which its embeddings do not see.
class TableEmbedder final : public TextEmbedder {
 public:
  explicit TableEmbedder(std::map<std::string, std::vector<float>> rows,
                         Similarity similarity = Similarity::kCosine)
      : rows_(std::move(rows)),
        card_{.prompts = {{"query", "q: "}, {"document", "d: "}},
              .default_prompt_name = {},
              .similarity = similarity} {}

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    prompts.push_back(call.prompt);
    call.stop.throw_if_stopped();
    FloatMatrix matrix(std::ssize(texts), width());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::vector<float>& row = rows_.at(texts[i]);
      std::copy(row.begin(), row.end(), matrix.row(static_cast<std::int64_t>(i)).begin());
    }
    return matrix;
  }
  std::int64_t width() const override { return std::ssize(rows_.begin()->second); }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return false; }

  mutable std::vector<std::string> prompts;  ///< of each call

 private:
  std::map<std::string, std::vector<float>> rows_;
  ModelCard card_;
};

/// What the tasks of a test compute on.
inline const ComputeContext& test_context() {
  static const WorkerPool pool(2);
  static const ComputeContext context{pool};
  return context;
}

inline RoleEmbedder source_of(const TextEmbedder& embedder) {
  return {embedder, {.shows_progress = false}, test_context()};
}

inline double metric(const Evaluation& evaluation, const std::string& name) {
  for (const auto& [key, value] : evaluation.metrics) {
    if (key == name) return value;
  }
  throw std::invalid_argument("no such metric: " + name);
}

}  // namespace sbert
