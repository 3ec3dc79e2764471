#pragma once

#include <functional>
#include <vector>

#include "sbert/nn/tensor_fwd.h"

namespace sbert {

/// A function of tensors that gives the same result each time and writes nothing.
using RepeatableWork = std::function<Tensor(const std::vector<Tensor>& inputs)>;

/// work(inputs), without keeping what its gradient needs: the backward pass does the work again
/// (Chen et al., Training deep nets with sublinear memory cost, 2016). Every tensor that is to get
/// a gradient must be among the inputs. `work` lives until the graph does, so it owns what it uses.
Tensor recomputed(const RepeatableWork& work, const std::vector<Tensor>& inputs);

}  // namespace sbert
