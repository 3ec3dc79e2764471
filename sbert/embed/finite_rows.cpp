#include "sbert/embed/finite_rows.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/text_excerpt.h"
#include "sbert/kernels/kernels.h"

namespace sbert {

std::optional<std::int64_t> first_not_finite(const FloatMatrix& rows,
                                             std::int64_t begin,
                                             std::int64_t end) {
  const auto all_finite = kernels<float>().all_finite;
  for (std::int64_t i = begin; i < end; ++i) {
    if (!all_finite(rows.row(i).data(), rows.columns)) return i;
  }
  return std::nullopt;
}

void check_finite(const FloatMatrix& embeddings,
                  std::size_t first_row,
                  std::span<const std::string> texts) {
  const auto begin = static_cast<std::int64_t>(first_row);
  const auto row = first_not_finite(embeddings, begin, begin + std::ssize(texts));
  if (!row) return;
  fail(ErrorKind::kInput, concat("the model's embedding of a text is not finite: \"",
                                 excerpt(texts[static_cast<std::size_t>(*row - begin)]), "\""));
}

}  // namespace sbert
