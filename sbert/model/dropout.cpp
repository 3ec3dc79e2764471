#include "sbert/model/dropout.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sbert/model/kernels/cpu/kernels.h"

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr std::int64_t kElementsPerTask = 32'768;

template <typename Real>
void mask_elements(const Tensor& x, const Tensor& out, DropoutSite site) {
  const Real* from = x.const_data_ptr<Real>();
  Real* to = out.data_ptr<Real>();
  at::parallel_for(0, x.numel(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    kernels<Real>().dropout(from + begin, to + begin, end - begin, site.first + begin, site.rate,
                            site.key);
  });
}

Tensor masked(const Tensor& x, DropoutSite site) {
  if (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf) {
    return masked(x.to(at::kFloat), site).to(x.scalar_type());
  }
  const Tensor dense = x.contiguous();
  Tensor out = at::empty_like(dense);
  if (x.scalar_type() == at::kFloat) {
    mask_elements<float>(dense, out, site);
  } else {
    mask_elements<double>(dense, out, site);
  }
  return out;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static Tensor forward(AutogradContext* context, const Tensor& x, DropoutSite site) {
    save_site(context, site);
    return masked(x, site);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& grad_outputs) {
    return {masked(grad_outputs[0], saved_site(context)), Tensor()};
  }
};

}  // namespace

void save_site(AutogradContext* context, const DropoutSite& site) {
  context->saved_data["dropout_rate"] = site.rate;
  context->saved_data["dropout_key"] = static_cast<std::int64_t>(site.key);
  context->saved_data["dropout_first"] = site.first;
}

DropoutSite saved_site(AutogradContext* context) {
  return {context->saved_data["dropout_rate"].toDouble(),
          static_cast<std::uint64_t>(context->saved_data["dropout_key"].toInt()),
          context->saved_data["dropout_first"].toInt()};
}

Tensor dropout(const Tensor& x, DropoutSite site) {
  if (site.rate == 0) return x;
  return Dropout::apply(x, site);
}

}  // namespace sbert
