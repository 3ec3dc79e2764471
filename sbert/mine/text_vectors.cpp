#include "sbert/mine/text_vectors.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/nn/named_tensor.h"
#include "sbert/base/progress.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/dist/process_group.h"
#include "sbert/embed/embedder.h"
#include "sbert/embed/embedding_service.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// What a kill can cost: some minutes with a small model on two cores.
constexpr std::int64_t kMostTextsAtOnce = 4'096;  // for each process

std::uint64_t key_of(std::span<const float> values) {
  return bytes_key({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

// Changes with the weights, and with all else that makes an embedding of some texts.
std::uint64_t model_key(const SentenceModel& model, const EmbedOptions& options) {
  std::uint64_t key =
      derive_key(static_cast<std::uint64_t>(model.max_seq_length), options.max_length,
                 bytes_key(options.prompt), bytes_key(model.similarity));
  for (const NamedTensor& parameter : model.encoder.parameters()) {
    const at::Tensor values = parameter.tensor.to(at::kCPU, at::kFloat).contiguous();
    key = derive_key(
        key, key_of({values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())}));
  }
  const FloatMatrix probe = embed_texts(
      model, {"", "A sentence of plain words.", "Caf\xC3\xA9 \xE4\xB8\xAD, 12.5%; HARD-negatives?"},
      options);
  return derive_key(key, key_of(probe.values));
}

}  // namespace

VectorFile embed_into_file(const std::filesystem::path& path,
                           const SentenceModel& model,
                           std::int64_t num_texts,
                           const std::function<std::string(std::int64_t)>& text_of,
                           std::uint64_t key,
                           const TextVectorOptions& options) {
  EmbedOptions embedding{.prompt = options.prompt,
                         .max_length = options.max_length,
                         .threads = options.threads,
                         .service = options.service};
  const std::int64_t columns = model.encoder.config().hidden_size;
  VectorFile file(path, derive_key(key, model_key(model, embedding)), num_texts, columns);
  if (file.written() > 0) {
    log_info(concat(path, ": has ", with_thousands(file.written()), " of ",
                    with_thousands(num_texts), " vectors already"));
  }
  if (file.written() == num_texts) return file;

  Progress progress(options.label, num_texts - file.written(), "texts");
  embedding.on_progress = [&](std::int64_t count) { progress.advance(count); };
  const auto vector_bytes = static_cast<std::uint64_t>(columns) * sizeof(float);
  const int processes = options.service == nullptr ? 1 : options.service->group().size();
  const auto most =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(options.chunk_bytes / vector_bytes), 1,
                               kMostTextsAtOnce * processes);
  const Embedder embed(model, embedding);
  while (file.written() < num_texts) {
    const std::int64_t end = std::min(num_texts, file.written() + most);
    std::vector<std::string> texts;
    std::uint64_t bytes = 0;
    for (std::int64_t row = file.written(); row < end && bytes < options.chunk_bytes; ++row) {
      texts.push_back(text_of(row));
      bytes += texts.back().size();
    }
    FloatMatrix vectors = embed(texts);
    make_similarity_a_dot_product(model, vectors);
    file.append(vectors);
  }
  return file;
}

}  // namespace sbert
