#include "sbert/nn/packed_attention.h"

#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "sbert/base/error.h"
#include "sbert/base/random.h"
#include "sbert/kernels/kernels.h"
#include "sbert/nn/aten_attention.h"

namespace sbert {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// What both passes read. It refers to the tensors and the site that it is made from.
template <typename Real>
struct Job {
  Job(const Tensor& qkv,
      const Tensor& cu_seqlens,
      std::int64_t longest_sequence,
      std::int64_t num_heads,
      const DropoutSite& site)
      : num_sequences(cu_seqlens.size(0) - 1),
        width(qkv.size(1) / 3),
        longest(longest_sequence),
        dropout(site) {
    const auto* first = qkv.const_data_ptr<Real>();
    const std::int64_t head_dim = width / num_heads;
    input = {.shape = {.num_heads = num_heads,
                       .num_key_heads = num_heads,
                       .head_dim = head_dim,
                       .scale = 1 / std::sqrt(static_cast<double>(head_dim))},
             .queries = {first, 3 * width},
             .keys = {first + width, 3 * width},
             .values = {first + 2 * width, 3 * width},
             .cu_seqlens = cu_seqlens.const_data_ptr<std::int32_t>(),
             .dropout = site.rate};
  }

  // Calls work(part) for each head of each sequence. On one thread: whole batches run side by side
  // on the cores.
  template <typename Work>
  void for_each_head(const Work& work) const {
    for (std::int64_t sequence = 0; sequence < num_sequences; ++sequence) {
      const std::uint64_t key = sequence_key(dropout, sequence);
      for (std::int64_t head = 0; head < input.shape.num_heads; ++head) {
        work(AttentionPart{.sequence = sequence, .head = head, .mask_key = derive_key(key, head)});
      }
    }
  }

  AttentionInput<Real> input;
  std::int64_t num_sequences;
  std::int64_t width;  // A * D
  std::int64_t longest;
  const DropoutSite& dropout;
};

template <typename Real>
void run_forward(const Job<Real>& job, const Tensor& context, const Tensor& log_sum_exp) {
  const Kernels<Real>& kernel = kernels<Real>();
  const AttentionOutput<Real> output{.context = {context.data_ptr<Real>(), job.width},
                                     .log_sum_exp = log_sum_exp.data_ptr<Real>()};
  const Tensor scratch = at::empty(
      {kernel.attention_scratch(job.input.shape.head_dim, job.longest)}, context.options());
  job.for_each_head([&](const AttentionPart& part) {
    kernel.attention(job.input, output, part, scratch.data_ptr<Real>());
  });
}

template <typename Real>
void run_backward(const Job<Real>& job,
                  const Tensor& context,
                  const Tensor& log_sum_exp,
                  const Tensor& grad_context,
                  const Tensor& grad_qkv) {
  const Kernels<Real>& kernel = kernels<Real>();
  const std::int64_t width = job.width;
  auto* first = grad_qkv.data_ptr<Real>();
  const AttentionGradient<Real> gradient{
      .context = {context.const_data_ptr<Real>(), width},
      .log_sum_exp = log_sum_exp.const_data_ptr<Real>(),
      .grad_context = {grad_context.const_data_ptr<Real>(), width},
      .grad_queries = {first, 3 * width},
      .grad_keys = {first + width, 3 * width},
      .grad_values = {first + 2 * width, 3 * width}};
  const Tensor scratch =
      at::empty({kernel.attention_gradient_scratch(job.input.shape.head_dim, job.longest)},
                grad_qkv.options());
  job.for_each_head([&](const AttentionPart& part) {
    kernel.attention_gradient(job.input, gradient, part, scratch.data_ptr<Real>());
  });
}

// In a type that there are kernels for.
Tensor widened(const Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

struct PackedAttention : torch::autograd::Function<PackedAttention> {
  static Tensor forward(AutogradContext* context,
                        const Tensor& qkv,
                        const Sequences& sequences,
                        std::int64_t num_heads,
                        const DropoutSite& dropout) {
    const Tensor wide = widened(qkv);
    Tensor output = at::empty({wide.size(0), wide.size(1) / 3}, wide.options());
    const Tensor log_sum_exp = at::empty({wide.size(0), num_heads}, wide.options());
    const auto run = [&]<typename Real>(Real) {
      run_forward(Job<Real>(wide, sequences.cu_seqlens, sequences.longest, num_heads, dropout),
                  output, log_sum_exp);
    };
    if (wide.scalar_type() == at::kFloat) {
      run(float());
    } else {
      run(double());
    }
    output = output.to(qkv.scalar_type());
    context->save_for_backward({qkv, sequences.cu_seqlens, output, log_sum_exp});
    context->saved_data["longest"] = sequences.longest;
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
    const std::int64_t longest = context->saved_data["longest"].toInt();
    const std::int64_t num_heads = context->saved_data["num_heads"].toInt();
    const DropoutSite dropout = saved_site(context);
    const Tensor grad_output = widened(grad_outputs[0].contiguous());
    const Tensor grad_qkv = at::empty_like(qkv);
    const auto run = [&]<typename Real>(Real) {
      run_backward(Job<Real>(qkv, cu_seqlens, longest, num_heads, dropout), output, saved[3],
                   grad_output, grad_qkv);
    };
    if (qkv.scalar_type() == at::kFloat) {
      run(float());
    } else {
      run(double());
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
  return PackedAttention::apply(qkv.contiguous(), sequences, num_heads, dropout);
}

}  // namespace sbert
