#include "sbert/report/projection.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>

#include "sbert/base/random.h"

namespace sbert {
namespace {

constexpr std::size_t kNumAxes = 2;
// Two components whose variances are almost the same turn slowly; any turn of them is as good a
// map.
constexpr int kMaxIterations = 1'000;
constexpr double kTolerance = 1e-13;

using Vector = std::vector<double>;
using Vectors = std::vector<Vector>;

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Vector mean_of(const FloatMatrix& embeddings) {
  Vector mean(static_cast<std::size_t>(embeddings.columns));
  for (std::int64_t i = 0; i < embeddings.rows; ++i) {
    const auto row = embeddings.row(i);
    for (std::size_t k = 0; k < mean.size(); ++k)
      mean[k] += row[k];
  }
  for (double& value : mean)
    value /= static_cast<double>(embeddings.rows);
  return mean;
}

Vector centred(std::span<const float> row, const Vector& mean) {
  Vector result(mean.size());
  for (std::size_t k = 0; k < mean.size(); ++k)
    result[k] = row[k] - mean[k];
  return result;
}

Vectors covariance_of(const FloatMatrix& embeddings, const Vector& mean, const StopToken& stop) {
  const std::size_t width = mean.size();
  Vectors covariance(width, Vector(width));
  for (std::int64_t i = 0; i < embeddings.rows; ++i) {
    stop.throw_if_stopped();
    const Vector row = centred(embeddings.row(i), mean);
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = a; b < width; ++b)
        covariance[a][b] += row[a] * row[b];
    }
  }
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = a; b < width; ++b) {
      covariance[a][b] /= static_cast<double>(embeddings.rows);
      covariance[b][a] = covariance[a][b];
    }
  }
  return covariance;
}

// Gram-Schmidt, twice for the sake of rounding; a vector that depends on those before is 0.
void orthonormalize(Vectors& basis) {
  for (std::size_t i = 0; i < basis.size(); ++i) {
    const double before = std::sqrt(dot(basis[i], basis[i]));
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t j = 0; j < i; ++j) {
        const double part = dot(basis[i], basis[j]);
        for (std::size_t k = 0; k < basis[i].size(); ++k)
          basis[i][k] -= part * basis[j][k];
      }
    }
    const double length = std::sqrt(dot(basis[i], basis[i]));
    const double scale = length > 1e-12 * before ? 1 / length : 0;
    for (double& value : basis[i])
      value *= scale;
  }
}

Vector product(const Vectors& matrix, const Vector& vector) {
  Vector result(matrix.size());
  for (std::size_t i = 0; i < matrix.size(); ++i)
    result[i] = dot(matrix[i], vector);
  return result;
}

// One step: each vector becomes what the covariance makes of it, orthonormalized in order, which
// turns the first towards the first component and the second towards the second. Gives how far
// they turned.
double step(const Vectors& covariance, Vectors& basis) {
  double change = 0;
  Vectors next;
  for (const Vector& each : basis)
    next.push_back(product(covariance, each));
  orthonormalize(next);
  for (std::size_t i = 0; i < basis.size(); ++i)
    change = std::max(change, 1 - std::abs(dot(next[i], basis[i])));
  basis = std::move(next);
  return change;
}

void fix_sign(Vector& axis) {
  const auto greatest = std::max_element(
      axis.begin(), axis.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (greatest == axis.end() || *greatest >= 0) return;
  for (double& value : axis)
    value = -value;
}

Vectors first_axes(const Vectors& covariance, const StopToken& stop) {
  const std::size_t width = covariance.size();
  Vectors basis(std::min(kNumAxes, width), Vector(width));
  for (std::size_t i = 0; i < basis.size(); ++i) {
    for (std::size_t k = 0; k < width; ++k)
      basis[i][k] = static_cast<double>(derive_key(0, i, k) >> 11) * 0x1p-53 - 0.5;
  }
  orthonormalize(basis);
  for (int i = 0; i < kMaxIterations; ++i) {
    stop.throw_if_stopped();
    if (step(covariance, basis) < kTolerance) break;
  }
  basis.resize(kNumAxes, Vector(width));  // of one column there is one axis
  for (Vector& axis : basis)
    fix_sign(axis);
  return basis;
}

}  // namespace

Projection principal_components(const FloatMatrix& embeddings, const StopToken& stop) {
  Projection projection;
  projection.points.resize(static_cast<std::size_t>(embeddings.rows));
  if (embeddings.rows == 0 || embeddings.columns == 0) return projection;
  const Vector mean = mean_of(embeddings);
  const Vectors covariance = covariance_of(embeddings, mean, stop);
  double total = 0;
  for (std::size_t k = 0; k < covariance.size(); ++k)
    total += covariance[k][k];
  if (!(total > 0)) return projection;

  const Vectors axes = first_axes(covariance, stop);
  for (std::size_t i = 0; i < projection.points.size(); ++i) {
    const Vector row = centred(embeddings.row(static_cast<std::int64_t>(i)), mean);
    projection.points[i] = {dot(row, axes[0]), dot(row, axes[1])};
  }
  for (std::size_t i = 0; i < kNumAxes; ++i)
    projection.explained_variance[i] = dot(axes[i], product(covariance, axes[i])) / total;
  return projection;
}

}  // namespace sbert
