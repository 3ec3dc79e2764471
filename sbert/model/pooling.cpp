#include "sbert/model/pooling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sbert {
namespace {

constexpr std::array<std::pair<Pooling, std::string_view>, 6> kNames{{
    {Pooling::kMean, "mean"},
    {Pooling::kCls, "cls"},
    {Pooling::kMax, "max"},
    {Pooling::kMeanSqrtLen, "mean_sqrt_len_tokens"},
    {Pooling::kWeightedMean, "weightedmean"},
    {Pooling::kLastToken, "lasttoken"},
}};

// to = the sum of n rows, row i times weight(i)
template <typename WeightOf>
void sum_rows(const float* rows,
              std::int64_t n,
              std::int64_t width,
              const WeightOf& weight,
              float* __restrict to) {
  std::fill_n(to, width, 0.0F);
  for (std::int64_t i = 0; i < n; ++i) {
    const float factor = weight(i);
    for (std::int64_t k = 0; k < width; ++k)
      to[k] += factor * rows[i * width + k];
  }
}

void divide(float* row, std::int64_t width, float divisor) {
  for (std::int64_t k = 0; k < width; ++k)
    row[k] /= divisor;
}

// The largest value of each dimension; NaN if there is one.
void max_rows(const float* rows, std::int64_t n, std::int64_t width, float* __restrict to) {
  std::copy_n(rows, width, to);
  for (std::int64_t i = 1; i < n; ++i) {
    for (std::int64_t k = 0; k < width; ++k) {
      const float value = rows[i * width + k];
      to[k] = value > to[k] || value != value ? value : to[k];
    }
  }
}

void pool_sequence(
    Pooling pooling, const float* rows, std::int64_t n, std::int64_t width, float* to) {
  const auto length = static_cast<float>(n);
  const auto one = [](std::int64_t) { return 1.0F; };
  switch (pooling) {
    case Pooling::kMean:
      sum_rows(rows, n, width, one, to);
      return divide(to, width, length);
    case Pooling::kCls:
      std::copy_n(rows, width, to);
      return;
    case Pooling::kMax:
      return max_rows(rows, n, width, to);
    case Pooling::kMeanSqrtLen:
      sum_rows(rows, n, width, one, to);
      return divide(to, width, std::sqrt(length));
    case Pooling::kWeightedMean:
      sum_rows(rows, n, width, [](std::int64_t i) { return static_cast<float>(i + 1); }, to);
      return divide(to, width, length * (length + 1) / 2);
    case Pooling::kLastToken:
      std::copy_n(rows + (n - 1) * width, width, to);
      return;
  }
}

}  // namespace

std::string_view pooling_name(Pooling pooling) {
  for (const auto& [value, name] : kNames) {
    if (value == pooling) return name;
  }
  return "";
}

std::optional<Pooling> pooling_from_name(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return std::nullopt;
}

void pool(
    Pooling pooling, const float* tokens, std::int64_t width, const PackedBatch& batch, float* to) {
  for (std::int64_t i = 0; i < batch.num_sequences(); ++i) {
    const std::int64_t start = batch.cu_seqlens[static_cast<std::size_t>(i)];
    const std::int64_t end = batch.cu_seqlens[static_cast<std::size_t>(i) + 1];
    pool_sequence(pooling, tokens + start * width, end - start, width, to + i * width);
  }
}

}  // namespace sbert
