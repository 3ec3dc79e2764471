#pragma once

#include "sbert/embed/embedder.h"

namespace sbert {

/// Where one process, the leader, does a command and the others only embed for it. The leader sets
/// EmbedOptions::service, and each call of its Embedder hands the others the texts; they wait in
/// embed_for_leader(), with the same model. So what the leader reads, keeps in a cache and searches
/// is nobody else's business, and the result does not depend on the number of processes.
class EmbeddingService {
 public:
  /// @param group outlives this object
  explicit EmbeddingService(ProcessGroup& group) : group_(group) {}
  /// Lets the others go, unless an error is on its way: those of it that they notice end them.
  ~EmbeddingService();
  EmbeddingService(const EmbeddingService&) = delete;
  EmbeddingService& operator=(const EmbeddingService&) = delete;

  ProcessGroup& group() const { return group_; }

  /// Tells the others what to embed next; then they and the leader embed it together.
  /// @throws Error(kIo) if another process is gone
  void announce(const std::vector<std::string>& texts, const EmbedOptions& options) const;

 private:
  ProcessGroup& group_;
};

/// Embeds what the leader of `group` announces, until its EmbeddingService ends. The length of
/// texts and their prompt are the leader's; other options are this process's own.
/// @throws Error(kIo) if the leader is gone, Error(kCancelled)
void embed_for_leader(const SentenceModel& model, EmbedOptions options, ProcessGroup& group);

}  // namespace sbert
