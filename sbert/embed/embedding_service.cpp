#include "sbert/embed/embedding_service.h"

#include <cstring>
#include <exception>
#include <optional>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/stop.h"
#include "sbert/dist/process_group.h"

namespace sbert {
namespace {

// Begins each announcement; the prompt, the texts' lengths and their bytes follow.
struct Header {
  std::int64_t num_texts = kNoMore;
  std::int64_t prompt_bytes = 0;
  std::int64_t text_bytes = 0;  // of all
  std::int64_t max_length = 0;
  std::int64_t batch_tokens = 0;

  static constexpr std::int64_t kNoMore = -1;
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

void serve(const SentenceModel& model, EmbedOptions options, ProcessGroup& group) {
  options.group = &group;
  std::optional<Embedder> embedder;  // made anew where the leader's options change
  while (true) {
    Header header;
    broadcast(group, header);
    if (header.num_texts == Header::kNoMore) return;
    std::string prompt(static_cast<std::size_t>(header.prompt_bytes), '\0');
    broadcast(group, prompt);
    const std::vector<std::string> texts = receive_texts(group, header);
    if (!embedder || prompt != options.prompt || header.max_length != options.max_length ||
        header.batch_tokens != options.batch_tokens) {
      options.prompt = prompt;
      options.max_length = header.max_length;
      options.batch_tokens = header.batch_tokens;
      embedder.emplace(model, options);
    }
    (*embedder)(texts);
  }
}

}  // namespace

void EmbeddingService::announce(const std::vector<std::string>& texts,
                                const EmbedOptions& options) const {
  std::vector<std::int64_t> lengths;
  std::string bytes;
  for (const std::string& text : texts) {
    lengths.push_back(std::ssize(text));
    bytes += text;
  }
  std::string prompt = options.prompt;
  Header header{.num_texts = std::ssize(texts),
                .prompt_bytes = std::ssize(prompt),
                .text_bytes = std::ssize(bytes),
                .max_length = options.max_length,
                .batch_tokens = options.batch_tokens};
  broadcast(group_, header);
  broadcast(group_, prompt);
  broadcast(group_, lengths);
  broadcast(group_, bytes);
}

EmbeddingService::~EmbeddingService() {
  if (std::uncaught_exceptions() > 0) return;
  try {
    Header header;
    broadcast(group_, header);
  } catch (const Error& error) {
    log_warning(error.what());  // the work itself is done
  }
}

void embed_for_leader(const SentenceModel& model, EmbedOptions options, ProcessGroup& group) {
  try {
    serve(model, std::move(options), group);
  } catch (const Error& error) {
    // A leader that was stopped too is gone without a word.
    if (error.kind() == ErrorKind::kIo) throw_if_stopped();
    throw;
  }
}

}  // namespace sbert
