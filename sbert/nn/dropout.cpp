#include "sbert/nn/dropout.h"

#include <mutex>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sbert/base/random.h"
#include "sbert/kernels/kernels.h"

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

template <typename Real>
void mask_sequences(const Tensor& x, const Tensor& out, const DropoutSite& site) {
  const auto* starts = site.cu_seqlens.const_data_ptr<std::int32_t>();
  const std::int64_t width = x.size(1);
  const Real* from = x.const_data_ptr<Real>();
  Real* to = out.data_ptr<Real>();
  for (std::int64_t i = 0; i + 1 < site.cu_seqlens.size(0); ++i) {
    const std::int64_t first = starts[i] * width;
    kernels<Real>().dropout(from + first, to + first, starts[i + 1] * width - first, site.rate,
                            sequence_key(site, i));
  }
}

Tensor masked(const Tensor& x, const DropoutSite& site) {
  if (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf) {
    return masked(x.to(at::kFloat), site).to(x.scalar_type());
  }
  const Tensor dense = x.contiguous();
  Tensor out = at::empty_like(dense);
  if (x.scalar_type() == at::kFloat) {
    mask_sequences<float>(dense, out, site);
  } else {
    mask_sequences<double>(dense, out, site);
  }
  return out;
}

struct Dropout : torch::autograd::Function<Dropout> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const DropoutSite& site) {
    save_site(context, site);
    return masked(x, site);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& grad_outputs) {
    return {masked(grad_outputs[0], saved_site(context)), Tensor()};
  }
};

}  // namespace

std::uint64_t sequence_key(const DropoutSite& site, std::int64_t sequence) {
  if (!site.sequences.defined()) return site.key;
  return derive_key(site.key, site.sequences.const_data_ptr<std::int64_t>()[sequence]);
}

void seed_generator(const DropoutSite& site, const c10::Device& device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_current_seed(sequence_key(site, 0));
}

void save_site(AutogradContext* context, const DropoutSite& site) {
  context->saved_data["dropout_rate"] = site.rate;
  context->saved_data["dropout_key"] = static_cast<std::int64_t>(site.key);
  context->saved_data["dropout_sequences"] = site.sequences;
  context->saved_data["dropout_cu_seqlens"] = site.cu_seqlens;
}

DropoutSite saved_site(AutogradContext* context) {
  return {context->saved_data["dropout_rate"].toDouble(),
          static_cast<std::uint64_t>(context->saved_data["dropout_key"].toInt()),
          context->saved_data["dropout_sequences"].toTensor(),
          context->saved_data["dropout_cu_seqlens"].toTensor()};
}

Tensor dropout(const Tensor& x, const DropoutSite& site) {
  if (site.rate == 0) return x;
  if (!x.is_cpu()) {
    seed_generator(site, x.device());
    return std::get<0>(at::native_dropout(x, site.rate, /*train=*/true));
  }
  return Dropout::apply(x, site);
}

}  // namespace sbert
