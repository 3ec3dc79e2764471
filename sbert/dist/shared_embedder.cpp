#include "sbert/dist/shared_embedder.h"

#include <array>
#include <exception>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/dist/process_group.h"

namespace sbert {
namespace {

// Begins each announcement; the prompt, the texts' lengths and their bytes follow.
struct Header {
  std::int64_t model = 0;
  std::int64_t num_texts = kRelease;
  std::int64_t prompt_bytes = 0;
  std::int64_t text_bytes = 0;  // of all
  std::int64_t max_length = 0;
  OnLong on_long = OnLong::kCut;

  static constexpr std::int64_t kRelease = -1;
};

// A view of what is to be sent or to be filled.
Tensor bytes_at(void* data, std::int64_t count) {
  return at::from_blob(data, {count}, at::kByte);
}

void broadcast(ProcessGroup& group, Header& header) {
  group.broadcast({bytes_at(&header, sizeof header)});
}

// The leader's go out, the others' are filled. An empty tensor is not sent.
void broadcast(ProcessGroup& group, std::string& text) {
  if (!text.empty()) group.broadcast({bytes_at(text.data(), std::ssize(text))});
}

void broadcast(ProcessGroup& group, std::vector<std::int64_t>& numbers) {
  if (numbers.empty()) return;
  group.broadcast({at::from_blob(numbers.data(), {std::ssize(numbers)}, at::kLong)});
}

void announce(ProcessGroup& group,
              int model,
              std::span<const std::string> texts,
              const EmbedCall& call) {
  std::vector<std::int64_t> lengths;
  std::string bytes;
  for (const std::string& text : texts) {
    lengths.push_back(std::ssize(text));
    bytes += text;
  }
  std::string prompt = call.prompt;
  Header header{.model = model,
                .num_texts = std::ssize(texts),
                .prompt_bytes = std::ssize(prompt),
                .text_bytes = std::ssize(bytes),
                .max_length = call.max_length,
                .on_long = call.on_long};
  broadcast(group, header);
  broadcast(group, prompt);
  broadcast(group, lengths);
  broadcast(group, bytes);
}

std::vector<std::string> receive_texts(ProcessGroup& group, const Header& header) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(header.num_texts));
  std::string bytes(static_cast<std::size_t>(header.text_bytes), '\0');
  broadcast(group, lengths);
  broadcast(group, bytes);
  std::vector<std::string> texts;
  std::size_t begin = 0;
  for (const std::int64_t length : lengths) {
    texts.push_back(bytes.substr(begin, static_cast<std::size_t>(length)));
    begin += static_cast<std::size_t>(length);
  }
  return texts;
}

// Each process embeds its part of the texts and gets all embeddings.
FloatMatrix embed_together(const TextEmbedder& inner,
                           ProcessGroup& group,
                           std::span<const std::string> texts,
                           const EmbedCall& call) {
  if (group.size() == 1) return inner.embed(texts, call);
  const std::int64_t size = group.size();
  const std::int64_t total = std::ssize(texts);
  // Every size-th text, so that long and short ones are shared evenly.
  std::vector<std::string> own;
  for (std::int64_t i = group.rank(); i < total; i += size)
    own.push_back(texts[static_cast<std::size_t>(i)]);
  std::vector<std::int64_t> counts;
  for (std::int64_t rank = 0; rank < size; ++rank)
    counts.push_back((total - rank + size - 1) / size);

  std::array<std::int64_t, 2> counted{};  // texts, cut texts
  EmbedCall own_call = call;
  own_call.on_tokenized = [&](const TokenizedTexts& some) {
    counted[0] += some.texts;
    counted[1] += some.cut;
  };
  FloatMatrix part = inner.embed(own, own_call);
  const std::vector<Tensor> parts = group.gather(
      at::from_blob(part.values.data(), {part.rows, part.columns}, at::kFloat), counts);
  if (call.on_progress) call.on_progress(total - part.rows);  // the others'
  group.sum({at::from_blob(counted.data(), {2}, at::kLong)});
  if (call.on_tokenized) call.on_tokenized({.texts = counted[0], .cut = counted[1]});
  FloatMatrix result(total, part.columns);
  const Tensor rows = at::from_blob(result.values.data(), {total, part.columns}, at::kFloat);
  for (std::int64_t rank = 0; rank < size; ++rank) {
    rows.slice(0, rank, std::nullopt, size).copy_(parts[static_cast<std::size_t>(rank)]);
  }
  return result;
}

void serve(const std::vector<const TextEmbedder*>& inner,
           ProcessGroup& group,
           const StopToken& stop) {
  for (std::size_t released = 0; released < inner.size();) {
    Header header;
    broadcast(group, header);
    if (header.num_texts == Header::kRelease) {
      ++released;
      continue;
    }
    EmbedCall call{.max_length = header.max_length, .stop = stop, .on_long = header.on_long};
    call.prompt.resize(static_cast<std::size_t>(header.prompt_bytes));
    broadcast(group, call.prompt);
    const std::vector<std::string> texts = receive_texts(group, header);
    const TextEmbedder& model = *inner.at(static_cast<std::size_t>(header.model));
    embed_together(model, group, texts, call);
  }
}

}  // namespace

FloatMatrix SharedEmbedder::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  return embed_together(*inner_, group_, texts, call);
}

int SharedEmbedder::num_processes() const {
  return group_.size();
}

LeaderEmbedder::~LeaderEmbedder() {
  if (std::uncaught_exceptions() > 0) return;
  try {
    Header header{.model = number_};
    broadcast(group_, header);
  } catch (const Error& error) {
    log_warning(error.what());  // the work itself is done
  }
}

FloatMatrix LeaderEmbedder::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  if (group_.size() > 1) announce(group_, number_, texts, call);
  return embed_together(*inner_, group_, texts, call);
}

int LeaderEmbedder::num_processes() const {
  return group_.size();
}

void serve_embeddings(const TextEmbedder& inner, ProcessGroup& group, const StopToken& stop) {
  serve_embeddings(std::vector{&inner}, group, stop);
}

void serve_embeddings(const std::vector<const TextEmbedder*>& inner,
                      ProcessGroup& group,
                      const StopToken& stop) {
  try {
    serve(inner, group, stop);
  } catch (const Error& error) {
    // A leader that was stopped too exits without a message.
    if (error.kind() == ErrorKind::kIo) stop.throw_if_stopped();
    throw;
  }
}

}  // namespace sbert
