#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sbert/base/matrix.h"

namespace sbert {

/// The first row of [begin, end) with a value that is NaN or infinite; nullopt if there is none.
std::optional<std::int64_t> first_not_finite(const FloatMatrix& rows,
                                             std::int64_t begin,
                                             std::int64_t end);

/// Checks the rows of `texts`, which begin at `first_row`, before anybody takes them.
/// @throws Error(kInput) naming the first text whose embedding is not finite
void check_finite(const FloatMatrix& embeddings,
                  std::size_t first_row,
                  std::span<const std::string> texts);

}  // namespace sbert
