#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/stop_token.h"
#include "sbert/embed/text_embedder.h"

namespace sbert {

class ProcessGroup;

/// Embeds with all processes of a group: each calls with the same texts and the same call, embeds
/// its part and gets the whole. Not from several threads at once.
class SharedEmbedder final : public TextEmbedder {
 public:
  /// @param inner of this process, with the same model in each
  /// @param group outlives this object
  SharedEmbedder(std::unique_ptr<const TextEmbedder> inner, ProcessGroup& group)
      : inner_(std::move(inner)), group_(group) {}

  /// @throws Error(kIo) also if another process is gone
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return inner_->width(); }
  const ModelCard& card() const override { return inner_->card(); }
  bool normalizes() const override { return inner_->normalizes(); }
  int num_processes() const override;

 private:
  std::unique_ptr<const TextEmbedder> inner_;
  ProcessGroup& group_;
};

/// Of the one process, the leader, that does a command while the others only embed for it: they
/// wait in serve_embeddings() with the same models, and each call hands them the texts. So what the
/// leader reads, keeps in a cache and searches stays with it, and the result does not depend on the
/// number of processes. Not from several threads at once.
class LeaderEmbedder final : public TextEmbedder {
 public:
  /// @param inner  as of SharedEmbedder
  /// @param group  outlives this object
  /// @param number place of the model in the others' serve_embeddings()
  LeaderEmbedder(std::unique_ptr<const TextEmbedder> inner, ProcessGroup& group, int number = 0)
      : inner_(std::move(inner)), group_(group), number_(number) {}
  /// Releases the others from this model. During unwinding it does nothing: the others see the
  /// failure themselves and exit.
  ~LeaderEmbedder() override;
  LeaderEmbedder(const LeaderEmbedder&) = delete;
  LeaderEmbedder& operator=(const LeaderEmbedder&) = delete;

  /// @throws Error(kIo) also if another process is gone
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override;
  std::int64_t width() const override { return inner_->width(); }
  const ModelCard& card() const override { return inner_->card(); }
  bool normalizes() const override { return inner_->normalizes(); }
  int num_processes() const override;

 private:
  std::unique_ptr<const TextEmbedder> inner_;
  ProcessGroup& group_;
  int number_;
};

/// Embeds what the LeaderEmbedder of another process is called for, until it ends. Prompt and
/// length are the leader's.
/// @param stop of this process; asked between batches
/// @throws Error(kIo) if the leader is gone, Error(kCancelled) if a stop is requested
void serve_embeddings(const TextEmbedder& inner, ProcessGroup& group, const StopToken& stop = {});

/// The same of several models, until the LeaderEmbedder of each has ended.
/// @param inner by the numbers of the leader's
void serve_embeddings(const std::vector<const TextEmbedder*>& inner,
                      ProcessGroup& group,
                      const StopToken& stop = {});

}  // namespace sbert
