#pragma once

#include "sbert/base/tensor_fwd.h"
#include "sbert/model/packed_attention.h"

namespace torch::autograd {
struct AutogradContext;
}

namespace sbert {

/// x with elements dropped at the site's rate and the rest scaled by 1 / (1 - rate) (Srivastava et
/// al., 2014). Which elements depends on the key and the element's index alone; the backward pass
/// draws the mask again instead of keeping it. Any floating type, on the CPU.
Tensor dropout(const Tensor& x, DropoutSite site);

/// Keeps a site for the backward pass, and gets it back there.
void save_site(torch::autograd::AutogradContext* context, const DropoutSite& site);
DropoutSite saved_site(torch::autograd::AutogradContext* context);

}  // namespace sbert
