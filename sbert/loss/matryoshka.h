#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sbert/loss/loss.h"

namespace sbert {

/// One size of Matryoshka training, with a loss of its own on embeddings of that size.
struct MatryoshkaPart {
  std::int64_t dim;
  double weight;
  std::unique_ptr<Loss> loss;
};

/// Matryoshka representation learning (Kusupati et al., 2022): embeddings are cut to their first
/// `dim` numbers and scaled to length 1 again, for each part; the sum of weight * loss. The full
/// size is trained only if it is among the parts.
///
/// parameters(): those of each part, its size before their names: "128.log_scale".
std::unique_ptr<Loss> make_matryoshka_loss(std::vector<MatryoshkaPart> parts);

}  // namespace sbert
