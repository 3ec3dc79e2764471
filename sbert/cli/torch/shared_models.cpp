#include "sbert/cli/torch/shared_models.h"

#include <cstdint>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/dist/process_group.h"
#include "sbert/dist/shared_embedder.h"

namespace sbert {
namespace {

constexpr std::int64_t kNoMore = -1;

// The leader's number goes out, the others get it.
void broadcast(ProcessGroup& group, std::int64_t& number) {
  group.broadcast({at::from_blob(&number, {1}, at::kLong)});
}

void broadcast(ProcessGroup& group, std::string& text) {
  std::int64_t size = std::ssize(text);
  broadcast(group, size);
  text.resize(static_cast<std::size_t>(size));
  if (size > 0) group.broadcast({at::from_blob(text.data(), {size}, at::kByte)});
}

void broadcast(ProcessGroup& group, std::vector<std::string>& texts) {
  for (std::string& text : texts)
    broadcast(group, text);
}

class SharedModels final : public Models {
 public:
  SharedModels(Models& own, ProcessGroup& group) : own_(own), group_(group) {}

  std::vector<std::unique_ptr<TextEmbedder>> open(const std::vector<std::string>& paths) override {
    std::int64_t count = std::ssize(paths);
    std::vector<std::string> announced = paths;
    broadcast(group_, count);
    broadcast(group_, announced);
    std::vector<std::unique_ptr<TextEmbedder>> embedders = own_.open(paths);
    int number = 0;
    for (std::unique_ptr<TextEmbedder>& each : embedders)
      each = std::make_unique<LeaderEmbedder>(std::move(each), group_, number++);
    return embedders;
  }
  const ComputeContext& context() const override { return own_.context(); }

 private:
  Models& own_;
  ProcessGroup& group_;
};

void serve_leader(Models& own, ProcessGroup& group) {
  while (true) {
    std::int64_t count = 0;
    broadcast(group, count);
    if (count == kNoMore) return;
    std::vector<std::string> paths(static_cast<std::size_t>(count));
    broadcast(group, paths);
    const std::vector<std::unique_ptr<TextEmbedder>> embedders = own.open(paths);
    std::vector<const TextEmbedder*> served;
    for (const auto& each : embedders)
      served.push_back(each.get());
    serve_embeddings(served, group, own.context().stop);
  }
}

}  // namespace

void lead(Models& own, ProcessGroup& group, const std::function<void(Models&)>& work) {
  SharedModels models(own, group);
  work(models);
  std::int64_t count = kNoMore;
  broadcast(group, count);
}

void follow(Models& own, ProcessGroup& group) {
  try {
    serve_leader(own, group);
  } catch (const Error& error) {
    // A leader that was stopped too exits without a message.
    if (error.kind() == ErrorKind::kIo) own.context().stop.throw_if_stopped();
    throw;
  }
}

}  // namespace sbert
