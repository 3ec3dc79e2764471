#include "sbert/nn/packed_attention.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/nn/aten_attention.h"
#include "sbert/kernels/kernels.h"

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct AttentionShape {
  std::int64_t num_sequences;
  std::int64_t num_heads;
  std::int64_t head_dim;
  std::int64_t max_seqlen;
};

AttentionShape shape_of(const Tensor& qkv, const Tensor& cu_seqlens, std::int64_t num_heads) {
  const auto* starts = cu_seqlens.const_data_ptr<std::int32_t>();
  AttentionShape shape{cu_seqlens.size(0) - 1, num_heads, qkv.size(1) / 3 / num_heads, 0};
  for (std::int64_t i = 0; i < shape.num_sequences; ++i) {
    shape.max_seqlen = std::max<std::int64_t>(shape.max_seqlen, starts[i + 1] - starts[i]);
  }
  return shape;
}

template <typename Real>
AttentionInput<Real> kernel_input(const Tensor& qkv,
                                  const Tensor& cu_seqlens,
                                  const AttentionShape& shape,
                                  double dropout) {
  return {qkv.const_data_ptr<Real>(), cu_seqlens.const_data_ptr<std::int32_t>(), shape.num_heads,
          shape.head_dim, dropout};
}

// Calls work(sequence, head, mask_key, scratch) for each pair. On one thread: whole batches run
// side by side on the cores.
template <typename Real, typename Work>
void for_each_head(const AttentionShape& shape, const DropoutSite& dropout, const Work& work) {
  const std::int64_t scratch_size =
      kernels<Real>().attention_scratch(shape.head_dim, shape.max_seqlen);
  std::vector<Real> scratch(static_cast<std::size_t>(scratch_size));
  for (std::int64_t sequence = 0; sequence < shape.num_sequences; ++sequence) {
    const std::uint64_t key = sequence_key(dropout, sequence);
    for (std::int64_t head = 0; head < shape.num_heads; ++head)
      work(sequence, head, derive_key(key, head), scratch.data());
  }
}

template <typename Real>
void run_forward(const Tensor& qkv,
                 const Tensor& cu_seqlens,
                 std::int64_t num_heads,
                 const DropoutSite& dropout,
                 const Tensor& context,
                 const Tensor& log_sum_exp) {
  const AttentionShape shape = shape_of(qkv, cu_seqlens, num_heads);
  const auto input = kernel_input<Real>(qkv, cu_seqlens, shape, dropout.rate);
  const AttentionOutput<Real> output{context.data_ptr<Real>(), log_sum_exp.data_ptr<Real>()};
  const auto forward = kernels<Real>().attention_forward;
  for_each_head<Real>(shape, dropout, [&](auto sequence, auto head, auto key, Real* scratch) {
    forward(input, output, sequence, head, key, scratch);
  });
}

template <typename Real>
void run_backward(const Tensor& qkv,
                  const Tensor& cu_seqlens,
                  std::int64_t num_heads,
                  const DropoutSite& dropout,
                  const AttentionGradient<Real>& gradient) {
  const AttentionShape shape = shape_of(qkv, cu_seqlens, num_heads);
  const auto input = kernel_input<Real>(qkv, cu_seqlens, shape, dropout.rate);
  const auto backward = kernels<Real>().attention_backward;
  for_each_head<Real>(shape, dropout, [&](auto sequence, auto head, auto key, Real* scratch) {
    backward(input, gradient, sequence, head, key, scratch);
  });
}

template <typename Real>
AttentionGradient<Real> kernel_gradient(const Tensor& context,
                                        const Tensor& log_sum_exp,
                                        const Tensor& grad_context,
                                        const Tensor& grad_qkv) {
  return {context.const_data_ptr<Real>(), log_sum_exp.const_data_ptr<Real>(),
          grad_context.const_data_ptr<Real>(), grad_qkv.data_ptr<Real>()};
}

// In a type that there are kernels for.
Tensor widened(const Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Tensor forward(AutogradContext* context,
                        const Tensor& qkv,
                        const Tensor& cu_seqlens,
                        std::int64_t num_heads,
                        const DropoutSite& dropout) {
    const Tensor wide = widened(qkv);
    Tensor output = at::empty({wide.size(0), wide.size(1) / 3}, wide.options());
    const Tensor log_sum_exp = at::empty({wide.size(0), num_heads}, wide.options());
    if (wide.scalar_type() == at::kFloat) {
      run_forward<float>(wide, cu_seqlens, num_heads, dropout, output, log_sum_exp);
    } else {
      run_forward<double>(wide, cu_seqlens, num_heads, dropout, output, log_sum_exp);
    }
    output = output.to(qkv.scalar_type());
    context->save_for_backward({qkv, cu_seqlens, output, log_sum_exp});
    context->saved_data["num_heads"] = num_heads;
    save_site(context, dropout);
    return output;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& grad_outputs) {
    const auto saved = context->get_saved_variables();
    const auto type = saved[0].scalar_type();
    const Tensor qkv = widened(saved[0]);
    const Tensor& cu_seqlens = saved[1];
    const Tensor output = widened(saved[2]);
    const std::int64_t num_heads = context->saved_data["num_heads"].toInt();
    const DropoutSite dropout = saved_site(context);
    const Tensor grad_output = widened(grad_outputs[0].contiguous());
    Tensor grad_qkv = at::empty_like(qkv);
    if (qkv.scalar_type() == at::kFloat) {
      run_backward(qkv, cu_seqlens, num_heads, dropout,
                   kernel_gradient<float>(output, saved[3], grad_output, grad_qkv));
    } else {
      run_backward(qkv, cu_seqlens, num_heads, dropout,
                   kernel_gradient<double>(output, saved[3], grad_output, grad_qkv));
    }
    return {grad_qkv.to(type), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor packed_attention(const Tensor& qkv,
                        const Sequences& sequences,
                        std::int64_t num_heads,
                        const DropoutSite& dropout) {
  if (!qkv.is_floating_point()) {
    fail(ErrorKind::kInternal, "packed attention takes floating-point values");
  }
  const Tensor& cu_seqlens = sequences.cu_seqlens;
  if (qkv.dim() != 2 || qkv.size(1) % (3 * num_heads) != 0 ||
      cu_seqlens[-1].item<std::int32_t>() != qkv.size(0)) {
    fail(ErrorKind::kInternal, "packed attention: shapes of qkv and cu_seqlens disagree");
  }
  if (!qkv.is_cpu()) return aten_attention(qkv.contiguous(), sequences, num_heads, dropout);
  return PackedAttention::apply(qkv.contiguous(), cu_seqlens, num_heads, dropout);
}

}  // namespace sbert
