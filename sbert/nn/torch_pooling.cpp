#include "sbert/nn/torch_pooling.h"

#include <vector>

#include <ATen/ATen.h>

#include "sbert/nn/on_device.h"

namespace sbert {
namespace {

Tensor lengths_of(const PackedBatch& batch, const Tensor& tokens) {  // [B] int64
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 1; i < batch.cu_seqlens.size(); ++i) {
    lengths.push_back(batch.cu_seqlens[i] - batch.cu_seqlens[i - 1]);
  }
  return on_device(lengths, tokens.device());
}

// The first or the last token of each sequence.
Tensor boundary_rows(const Tensor& tokens, const PackedBatch& batch, bool last) {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 1; i < batch.cu_seqlens.size(); ++i) {
    rows.push_back(last ? batch.cu_seqlens[i] - 1 : batch.cu_seqlens[i - 1]);
  }
  return tokens.index_select(0, on_device(rows, tokens.device()));
}

Tensor reduce(const Tensor& tokens, const PackedBatch& batch, const char* operation) {
  // A segment reduction adds a sequence's tokens in their order, regardless of the others.
  return at::segment_reduce(tokens, operation, lengths_of(batch, tokens), std::nullopt,
                            std::nullopt,
                            /*axis=*/0, /*unsafe=*/true);
}

Tensor weighted_mean(const Tensor& tokens, const PackedBatch& batch) {
  const Tensor weights =
      on_device(batch.positions, tokens.device()).add(1).to(tokens.scalar_type());
  const Tensor lengths = lengths_of(batch, tokens).to(tokens.scalar_type());
  const Tensor totals = lengths * (lengths + 1) / 2;  // [B] 1 + ... + n
  return reduce(tokens * weights.unsqueeze(1), batch, "sum") / totals.unsqueeze(1);
}

}  // namespace

Tensor pool(Pooling pooling, const Tensor& tokens, const PackedBatch& batch) {
  switch (pooling) {
    case Pooling::kMean:
      return reduce(tokens, batch, "mean");
    case Pooling::kCls:
      return boundary_rows(tokens, batch, /*last=*/false);
    case Pooling::kMax:
      return reduce(tokens, batch, "max");
    case Pooling::kMeanSqrtLen: {
      const Tensor lengths = lengths_of(batch, tokens).to(tokens.scalar_type());
      return reduce(tokens, batch, "sum") / lengths.sqrt().unsqueeze(1);
    }
    case Pooling::kWeightedMean:
      return weighted_mean(tokens, batch);
    case Pooling::kLastToken:
      return boundary_rows(tokens, batch, /*last=*/true);
  }
  return {};
}

}  // namespace sbert
