#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sbert/base/matrix.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

/// What a text is in a task: which of the model's prompts is put before it.
enum class TextRole { kQuery, kDocument, kSymmetric };

struct RoleOptions {
  std::string query_prompt_name;     ///< before queries; empty: as query_prompt()
  std::string document_prompt_name;  ///< before documents; empty: as document_prompt()
  std::string prompt_name;           ///< before all other texts; empty: the default prompt
  std::int64_t max_length = 0;       ///< tokens a text is cut to; 0: the model's
  bool shows_progress = true;        ///< a line of progress on stderr
};

/// Where the tasks get embeddings from: a TextEmbedder with the prompts of the roles that texts
/// have. Several threads may embed at once, if they may with the embedder and without progress.
class RoleEmbedder {
 public:
  /// @param embedder outlives this object
  /// @param context  its token stops the embedding; its pool, which outlives this object, is what
  ///                 the tasks compute on
  /// @throws Error(kUsage) if the model has no prompt of a name that is given
  RoleEmbedder(const TextEmbedder& embedder,
               const RoleOptions& options,
               const ComputeContext& context);

  /// @return [N, width] in the order of `texts`
  /// @throws Error as TextEmbedder::embed()
  FloatMatrix embed(std::span<const std::string> texts, TextRole role) const;

  const std::string& prompt(TextRole role) const;
  /// What the model was made for.
  Similarity similarity() const { return embedder_.card().similarity; }
  const ComputeContext& context() const { return context_; }

 private:
  const TextEmbedder& embedder_;
  ComputeContext context_;
  std::int64_t max_length_;
  bool shows_progress_;
  std::string query_prompt_;
  std::string document_prompt_;
  std::string prompt_;
};

}  // namespace sbert
