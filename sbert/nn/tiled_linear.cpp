#include "sbert/nn/tiled_linear.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sbert/kernels/inference_kernels.h"
#include "sbert/kernels/product_scratch.h"

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Of fewer rows, splitting the weights takes longer than tiles save.
constexpr std::int64_t kFewRows = 128;

struct Factor {
  Tensor matrix;
  bool is_transposed = false;
};

// a b + bias
Tensor product(const Factor& a, const Factor& b, const Tensor& bias = {}) {
  static thread_local ProductScratch scratch;
  const InferenceKernels& kernels = inference_kernels();
  const auto size = [](const Factor& factor, std::int64_t dim) {
    return factor.matrix.size(factor.is_transposed ? 1 - dim : dim);
  };
  Tensor c = at::empty({size(a, 0), size(b, 1)}, a.matrix.options());
  MatrixProduct work{.a = a.matrix.const_data_ptr<float>(),
                     .a_is_transposed = a.is_transposed,
                     .b = b.matrix.const_data_ptr<float>(),
                     .b_is_transposed = b.is_transposed,
                     .m = size(a, 0),
                     .n = size(b, 1),
                     .k = size(a, 1),
                     .bias = bias.defined() ? bias.const_data_ptr<float>() : nullptr,
                     .c = c.data_ptr<float>(),
                     .scratch = nullptr};
  work.scratch = scratch.get(kernels.matrix_scratch(work));
  kernels.multiply_matrices(work);
  return c;
}

struct TiledLinear : torch::autograd::Function<TiledLinear> {
  static Tensor forward(AutogradContext* context,
                        const Tensor& x,
                        const Tensor& weight,
                        const Tensor& bias) {
    context->save_for_backward({x, weight});
    return product({x}, {weight, true}, bias);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& grad_outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    const Tensor& weight = saved[1];
    const Tensor grad = grad_outputs[0].contiguous();  // [T, out]
    tensor_list grads(3);
    if (context->needs_input_grad(0)) grads[0] = product({grad}, {weight});
    if (context->needs_input_grad(1)) grads[1] = product({grad, true}, {x});
    if (context->needs_input_grad(2)) grads[2] = grad.sum(0);
    return grads;
  }
};

}  // namespace

bool prefers_tiles(const Tensor& x) {
  return inference_kernels().multiply_matrices != nullptr && x.is_cpu() &&
         x.scalar_type() == at::kFloat && x.size(0) >= kFewRows;
}

Tensor tiled_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return TiledLinear::apply(x.contiguous(), weight.contiguous(),
                            bias.defined() ? bias.contiguous() : bias);
}

}  // namespace sbert
