#pragma once

#include <cstdint>
#include <memory>

#include "sbert/loss/loss.h"

namespace sbert {

/// The classification objective of Sentence-BERT (Reimers and Gurevych, 2019, section 3): cross
/// entropy of a linear classifier on (u, v, |u - v|) of a pair's two texts, for labels such as
/// those of NLI. Hard negatives are not looked at.
///
/// parameters(): classifier.weight [num_labels, 3D] and classifier.bias [num_labels], float32, at
/// first uniform in ±1/sqrt(3D), as torch.nn.Linear.
std::unique_ptr<Loss> make_softmax_loss(std::int64_t num_labels,
                                        std::int64_t embedding_size,
                                        std::uint64_t seed);

}  // namespace sbert
