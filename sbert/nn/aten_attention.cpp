#include "sbert/nn/aten_attention.h"

#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "sbert/nn/device.h"

namespace sbert {
namespace {

struct Heads {  // each [T, A, D], parts of one tensor
  Tensor queries;
  Tensor keys;
  Tensor values;
};

Heads heads_of(const Tensor& qkv, std::int64_t num_heads) {
  const std::int64_t head_dim = qkv.size(1) / 3 / num_heads;
  const std::vector<Tensor> parts = qkv.view({qkv.size(0), 3, num_heads, head_dim}).unbind(1);
  return {parts[0], parts[1], parts[2]};
}

bool is_16_bit(const Tensor& x) {
  return x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16;
}

Tensor flash_attention(const Heads& heads, const Sequences& sequences, double dropout) {
  return std::get<0>(at::_flash_attention_forward(
      heads.queries, heads.keys, heads.values, sequences.on_device, sequences.on_device,
      sequences.longest, sequences.longest, dropout, /*is_causal=*/false,
      /*return_debug_mask=*/false));
}

Tensor memory_efficient_attention(const Heads& heads, const Sequences& sequences, double dropout) {
  constexpr std::int64_t kNoMask = 0;
  return std::get<0>(at::_efficient_attention_forward(
      heads.queries.unsqueeze(0), heads.keys.unsqueeze(0), heads.values.unsqueeze(0),
      /*bias=*/std::nullopt, sequences.on_device, sequences.on_device, sequences.longest,
      sequences.longest, dropout, kNoMask, /*compute_log_sumexp=*/at::GradMode::is_enabled()));
}

Tensor attention_by_sequence(const Heads& heads, const Sequences& sequences, double dropout) {
  const auto* starts = sequences.cu_seqlens.const_data_ptr<std::int32_t>();
  std::vector<Tensor> contexts;  // [n, A, D]
  for (std::int64_t i = 0; i + 1 < sequences.cu_seqlens.size(0); ++i) {
    const auto of_sequence = [&](const Tensor& x) {  // [A, n, D]
      return x.slice(0, starts[i], starts[i + 1]).transpose(0, 1);
    };
    contexts.push_back(at::scaled_dot_product_attention(of_sequence(heads.queries),
                                                        of_sequence(heads.keys),
                                                        of_sequence(heads.values), {}, dropout)
                           .transpose(0, 1));
  }
  return at::cat(contexts);
}

}  // namespace

Tensor aten_attention(const Tensor& qkv,
                      const Sequences& sequences,
                      std::int64_t num_heads,
                      const DropoutSite& dropout) {
  const Heads heads = heads_of(qkv, num_heads);
  const std::int64_t head_dim = heads.queries.size(2);
  // Rows of a head must begin at 16 bytes.
  const bool is_aligned = head_dim * qkv.element_size() % 16 == 0;
  constexpr std::int64_t kMostFlashHeadDim = 256;
  if (dropout.rate > 0) seed_generator(dropout, qkv.device());
  Tensor context;
  if (!qkv.is_cuda() || !is_aligned || qkv.scalar_type() == at::kDouble) {
    context = attention_by_sequence(heads, sequences, dropout.rate);
  } else if (is_16_bit(qkv) && head_dim <= kMostFlashHeadDim &&
             gpu_supports_bfloat16(qkv.device())) {
    context = flash_attention(heads, sequences, dropout.rate);
  } else {
    context = memory_efficient_attention(heads, sequences, dropout.rate);
  }
  return context.reshape({qkv.size(0), qkv.size(1) / 3});
}

}  // namespace sbert
