#include "sbert/loss/pair_similarity.h"

#include <ATen/ATen.h>

namespace sbert {
namespace {

constexpr double kLeastLength = 1e-12;  // as torch.nn.functional.normalize

}  // namespace

Tensor pair_dots(const Tensor& a, const Tensor& b) {
  return (a * b).sum(1);
}

Tensor pair_cosines(const Tensor& a, const Tensor& b) {
  return pair_dots(unit_rows(a), unit_rows(b));
}

Tensor pair_angles(const Tensor& a, const Tensor& b) {
  const std::int64_t half = (a.size(1) + 1) / 2;
  const auto halves_of = [&](const Tensor& rows) {
    const Tensor even = at::constant_pad_nd(unit_rows(rows), {0, 2 * half - rows.size(1)});
    return even.split(half, 1);
  };
  const auto x = halves_of(a);  // real and imaginary part, [R, D / 2] each
  const auto y = halves_of(b);
  const Tensor real = (x[0] * y[0] + x[1] * y[1]).sum(1);
  const Tensor imaginary = (x[1] * y[0] - x[0] * y[1]).sum(1);
  return (real + imaginary).abs();
}

Tensor unit_rows(const Tensor& rows) {
  return rows / rows.norm(2, 1, true).clamp_min(kLeastLength);
}

}  // namespace sbert
