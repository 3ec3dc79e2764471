#include "sbert/run/rehearsal_embedder.h"

#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/search/similarity.h"

namespace sbert {

FloatMatrix RehearsalEmbedder::embed(std::span<const std::string> texts,
                                     const EmbedCall& call) const {
  call.stop.throw_if_stopped();
  FloatMatrix matrix(std::ssize(texts), width_);
  for (std::int64_t i = 0; i < matrix.rows; ++i) {
    const std::uint64_t key = text_key(texts[static_cast<std::size_t>(i)]);
    for (std::int64_t j = 0; j < width_; ++j) {
      const double unit = static_cast<double>(derive_key(key, j) >> 11) * 0x1p-53;  // [0, 1)
      matrix.row(i)[static_cast<std::size_t>(j)] = static_cast<float>(unit - 0.5);
    }
  }
  normalize_rows(matrix);
  return matrix;
}

}  // namespace sbert
