#include "sbert/mine/text_vectors.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/search/similarity.h"

namespace sbert {
namespace {

// What a kill can cost: some minutes with a small model on two cores.
constexpr std::int64_t kMostTextsAtOnce = 4'096;  // for each process

// Texts whose embeddings tell models apart: every layer's weights go into each; of the embedding
// tables only the rows of their tokens and positions do.
std::vector<std::string> probe_texts() {
  const std::string words =
      "the of and to in is was for on that with as by at from it are be this which or an not have "
      "has were their had can when one all two more other some time first new only people year "
      "world city state water system number school government company part work group law data "
      "model language music war health science energy river animal cell blood disease protein "
      "theory value function market price team game film book history art church king queen "
      "north south east west river road house family child woman man student question "
      "answer what who where why how define meaning difference between best way cost long many ";
  std::string long_text;
  for (int i = 0; i < 4; ++i)
    long_text += words;
  const std::string characters =
      "0 1 2 3 4 5 6 7 8 9 10 1999 2024 a b c d e f g h i j k l m n o p q r s t u v w x y z "
      ". , ; : ! ? ' \" ( ) [ ] { } / \\ + - * = < > # $ % & @ ^ _ ~ | `";
  return {"",
          "A sentence of plain words.",
          "Caf\xC3\xA9 \xE4\xB8\xAD, 12.5%; HARD-negatives?",
          characters,
          words,
          std::move(long_text)};
}

std::uint64_t key_of(std::span<const float> values) {
  return bytes_key({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

// Changes with all that makes an embedding of a text.
std::uint64_t model_key(const TextEmbedder& embedder,
                        const EmbedCall& call,
                        std::uint64_t given_key) {
  const ModelCard& card = embedder.card();
  const std::int64_t max_length = call.max_length > 0 ? call.max_length : card.max_length;
  const std::uint64_t key =
      derive_key(given_key, static_cast<std::uint64_t>(embedder.width()),
                 static_cast<std::uint64_t>(max_length), bytes_key(call.prompt),
                 bytes_key(similarity_name(card.similarity)));
  EmbedCall probe = call;
  probe.is_probe = true;
  return derive_key(key, key_of(embedder.embed(probe_texts(), probe).values));
}

}  // namespace

VectorFile embed_into_file(const std::filesystem::path& path,
                           const TextEmbedder& embedder,
                           std::int64_t num_texts,
                           const std::function<std::string(std::int64_t)>& text_of,
                           std::uint64_t key,
                           const TextVectorOptions& options) {
  EmbedCall call{.prompt = options.prompt, .max_length = options.max_length, .stop = options.stop};
  const std::int64_t columns = embedder.width();
  VectorFile file(path, derive_key(key, model_key(embedder, call, options.model_key)), num_texts,
                  columns);
  if (file.written() > 0) {
    log_info(concat(path, ": has ", with_thousands(file.written()), " of ",
                    with_thousands(num_texts), " vectors already"));
  }
  if (file.written() == num_texts) return file;

  Progress progress(options.label, num_texts - file.written(), "texts");
  call.on_progress = [&](std::int64_t count) { progress.advance(count); };
  const auto vector_bytes = static_cast<std::uint64_t>(columns) * sizeof(float);
  const auto most =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(options.chunk_bytes / vector_bytes), 1,
                               kMostTextsAtOnce * embedder.num_processes());
  while (file.written() < num_texts) {
    const std::int64_t end = std::min(num_texts, file.written() + most);
    std::vector<std::string> texts;
    std::uint64_t bytes = 0;
    for (std::int64_t row = file.written(); row < end && bytes < options.chunk_bytes; ++row) {
      texts.push_back(text_of(row));
      bytes += texts.back().size();
    }
    FloatMatrix vectors = embedder.embed(texts, call);
    normalize_for_dot_product(embedder, vectors);
    file.append(vectors);
  }
  return file;
}

}  // namespace sbert
