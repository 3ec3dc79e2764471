#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "sbert/kernels/kernels.h"

namespace sbert {

/// A value that no kernel should have written over.
constexpr double kUntouched = 77;

inline std::size_t area(std::int64_t rows, std::int64_t columns) {
  return static_cast<std::size_t>(rows * columns);
}

/// Where (row, column) is in a matrix of `stride` columns.
inline std::size_t place(std::int64_t row, std::int64_t column, std::int64_t stride) {
  return static_cast<std::size_t>(row * stride + column);
}

/// Rows with a gap behind each, whose values stay kUntouched. Random ones are the same in both
/// types.
template <typename Real>
struct AttentionRows {
  AttentionRows(std::int64_t num_rows, std::int64_t values, std::int64_t gap)
      : width(values), stride(values + gap), flat(area(num_rows, stride), Real(kUntouched)) {}

  AttentionRows(
      std::int64_t num_rows, std::int64_t values, std::int64_t gap, double size, unsigned seed)
      : AttentionRows(num_rows, values, gap) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(0, static_cast<float>(size));
    for (std::int64_t i = 0; i < num_rows; ++i) {
      for (std::int64_t k = 0; k < values; ++k)
        flat[place(i, k, stride)] = normal(engine);
    }
  }

  double at(std::int64_t row, std::int64_t column) const {
    return static_cast<double>(flat[place(row, column, stride)]);
  }
  TokenRows<const Real> read() const { return {flat.data(), stride}; }
  TokenRows<Real> written() { return {flat.data(), stride}; }

  std::int64_t width;
  std::int64_t stride;
  std::vector<Real> flat;
};

template <typename Real>
struct AttentionProblem {
  AttentionProblem(const AttentionShape& attention, std::vector<std::int32_t> bounds, double rate)
      : shape(attention),
        starts(std::move(bounds)),
        dropout(rate),
        queries(starts.back(), shape.num_heads * shape.head_dim, 3, 2, 1),
        keys(starts.back(), shape.num_key_heads * shape.head_dim, 2, 2, 2),
        values(starts.back(), shape.num_key_heads * shape.head_dim, 1, 1, 3),
        grad_context(starts.back(), shape.num_heads * shape.head_dim, 5, 1, 4) {}

  AttentionInput<Real> input() const {
    return {.shape = shape,
            .queries = queries.read(),
            .keys = keys.read(),
            .values = values.read(),
            .cu_seqlens = starts.data(),
            .dropout = dropout};
  }
  std::int64_t longest() const {
    std::int64_t most = 0;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i)
      most = std::max<std::int64_t>(most, starts[i + 1] - starts[i]);
    return most;
  }
  /// Calls work(part) for all heads of all sequences, in order.
  template <typename Work>
  void for_each_part(const Work& work) const {
    for (std::int64_t b = 0; b + 1 < std::ssize(starts); ++b) {
      for (std::int64_t head = 0; head < shape.num_heads; ++head) {
        const auto number = static_cast<std::uint64_t>(b * shape.num_heads + head);
        work(AttentionPart{.sequence = b, .head = head, .mask_key = 1 + number});
      }
    }
  }

  AttentionShape shape;
  std::vector<std::int32_t> starts;
  double dropout;
  AttentionRows<Real> queries;
  AttentionRows<Real> keys;
  AttentionRows<Real> values;
  AttentionRows<Real> grad_context;
};

template <typename Real>
struct AttentionResult {
  explicit AttentionResult(const AttentionProblem<Real>& problem)
      : context(problem.starts.back(), problem.queries.width, 4),
        log_sum_exp(problem.starts.back(), problem.shape.num_heads, 0),
        grad_queries(problem.starts.back(), problem.queries.width, 2),
        grad_keys(problem.starts.back(), problem.keys.width, 1),
        grad_values(problem.starts.back(), problem.keys.width, 3) {}

  AttentionRows<Real> context;
  AttentionRows<Real> log_sum_exp;
  AttentionRows<Real> grad_queries;
  AttentionRows<Real> grad_keys;
  AttentionRows<Real> grad_values;
};

/// One head of one sequence by whole matrices, in double.
template <typename Real>
struct ExactHead {
  ExactHead(const AttentionProblem<Real>& from, const AttentionPart& part)
      : problem(from),
        d(problem.shape.head_dim),
        start(problem.starts[static_cast<std::size_t>(part.sequence)]),
        n(problem.starts[static_cast<std::size_t>(part.sequence) + 1] - start),
        column(part.head * d),
        key_column(part.head / (problem.shape.num_heads / problem.shape.num_key_heads) * d),
        mask(area(n, n), 1),
        weights(area(n, n)),
        log_sum_exp(area(n, 1)) {
    if (problem.dropout > 0) {
      kernels_of<double>(CpuVariant::kGeneric)
          .dropout(mask.data(), mask.data(), n * n, problem.dropout, part.mask_key);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      double total = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        if (sees(i, j)) total += weights[place(i, j, n)] = std::exp(score(i, j));
      }
      for (std::int64_t j = 0; j < n; ++j)
        weights[place(i, j, n)] /= total;
      log_sum_exp[area(i, 1)] = std::log(total);
    }
  }

  bool sees(std::int64_t i, std::int64_t j) const {
    if (problem.shape.is_causal && j > i) return false;
    return problem.shape.window == 0 || std::abs(i - j) <= problem.shape.window;
  }
  double score(std::int64_t i, std::int64_t j) const {
    double sum = 0;
    for (std::int64_t k = 0; k < d; ++k)
      sum += problem.queries.at(start + i, column + k) * problem.keys.at(start + j, key_column + k);
    return sum * problem.shape.scale;
  }
  double context(std::int64_t i, std::int64_t k) const {
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j)
      sum += dropped(i, j) * problem.values.at(start + j, key_column + k);
    return sum;
  }
  double dropped(std::int64_t i, std::int64_t j) const {
    return weights[place(i, j, n)] * mask[place(i, j, n)];
  }
  // The gradient of the scores, [n, n].
  std::vector<double> score_gradient() const {
    std::vector<double> gradient(area(n, n));
    for (std::int64_t i = 0; i < n; ++i) {
      double along = 0;
      for (std::int64_t j = 0; j < n; ++j) {
        double& of_weight = gradient[place(i, j, n)];
        for (std::int64_t k = 0; k < d; ++k) {
          of_weight += problem.grad_context.at(start + i, column + k) *
                       problem.values.at(start + j, key_column + k);
        }
        of_weight *= mask[place(i, j, n)];
        along += weights[place(i, j, n)] * of_weight;
      }
      for (std::int64_t j = 0; j < n; ++j) {
        double& each = gradient[place(i, j, n)];
        each = weights[place(i, j, n)] * (each - along);
      }
    }
    return gradient;
  }

  const AttentionProblem<Real>& problem;
  std::int64_t d;
  std::int64_t start;
  std::int64_t n;
  std::int64_t column;
  std::int64_t key_column;
  std::vector<double> mask;  // [n, n]
  std::vector<double> weights;
  std::vector<double> log_sum_exp;
};

/// Adds one head's gradients to those of its sequence.
template <typename Real>
void add_gradients(const ExactHead<Real>& exact, AttentionResult<double>& to) {
  const AttentionProblem<Real>& problem = exact.problem;
  const std::vector<double> of_scores = exact.score_gradient();
  const auto add = [&](AttentionRows<double>& rows, std::int64_t row, std::int64_t column,
                       double value) {
    rows.flat[place(exact.start + row, column, rows.stride)] += value;
  };
  for (std::int64_t i = 0; i < exact.n; ++i) {
    for (std::int64_t j = 0; j < exact.n; ++j) {
      const double of_score = of_scores[place(i, j, exact.n)] * problem.shape.scale;
      const double weight = exact.dropped(i, j);
      for (std::int64_t k = 0; k < exact.d; ++k) {
        const std::int64_t query = exact.column + k;
        const std::int64_t key = exact.key_column + k;
        add(to.grad_queries, i, query, of_score * problem.keys.at(exact.start + j, key));
        add(to.grad_keys, j, key, of_score * problem.queries.at(exact.start + i, query));
        add(to.grad_values, j, key, weight * problem.grad_context.at(exact.start + i, query));
      }
    }
  }
}

/// The whole problem in double.
template <typename Real>
AttentionResult<double> exact_attention(const AttentionProblem<Real>& problem) {
  AttentionResult<double> exact(
      AttentionProblem<double>(problem.shape, problem.starts, problem.dropout));
  for (auto* rows : {&exact.grad_queries, &exact.grad_keys, &exact.grad_values})
    std::fill(rows->flat.begin(), rows->flat.end(), 0.0);
  problem.for_each_part([&](const AttentionPart& part) {
    const ExactHead<Real> head(problem, part);
    for (std::int64_t i = 0; i < head.n; ++i) {
      const std::int64_t row = head.start + i;
      exact.log_sum_exp.flat[place(row, part.head, problem.shape.num_heads)] =
          head.log_sum_exp[area(i, 1)];
      for (std::int64_t k = 0; k < head.d; ++k) {
        exact.context.flat[place(row, head.column + k, exact.context.stride)] = head.context(i, k);
      }
    }
    add_gradients(head, exact);
  });
  return exact;
}

}  // namespace sbert
