#include "sbert/eval/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr double kSufficientDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kMaxTrials = 50;

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void add_scaled(Vector& to, double scale, const Vector& what) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] += scale * what[i];
}

Vector difference(const Vector& a, const Vector& b) {
  Vector result = a;
  add_scaled(result, -1, b);
  return result;
}

double largest(const Vector& values) {
  double size = 0;
  for (const double value : values)
    size = std::max(size, std::abs(value));
  return size;
}

struct Point {
  Vector x;
  Vector gradient;
  double value = 0;
};

void evaluate(const Objective& objective, const StopToken& stop, Point& point) {
  stop.throw_if_stopped();
  point.gradient.resize(point.x.size());
  point.value = objective(point.x, point.gradient);
}

// What a step changed, which tells the curvature along it.
struct Step {
  Vector x;
  Vector gradient;
  double curvature = 0;  // their dot product, above 0
};

// The product of the inverse Hessian that the steps suggest and the negated gradient.
Vector direction_of(const Vector& gradient, const std::deque<Step>& steps) {
  Vector direction = gradient;
  std::vector<double> factors(steps.size());
  for (std::size_t i = steps.size(); i-- > 0;) {
    factors[i] = dot(steps[i].x, direction) / steps[i].curvature;
    add_scaled(direction, -factors[i], steps[i].gradient);
  }
  // Before the first step the gradient's length says nothing of how far to go.
  const double scale =
      steps.empty() ? 1 / std::max(1.0, std::sqrt(dot(gradient, gradient)))
                    : steps.back().curvature / dot(steps.back().gradient, steps.back().gradient);
  for (double& value : direction)
    value *= scale;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const double factor = dot(steps[i].gradient, direction) / steps[i].curvature;
    add_scaled(direction, factors[i] - factor, steps[i].x);
  }
  for (double& value : direction)
    value = -value;
  return direction;
}

// Goes along the direction until value and slope have fallen enough; false if they never do, as
// where rounding is all that is left.
bool search_line(const Objective& objective,
                 const Point& from,
                 const Vector& direction,
                 const StopToken& stop,
                 Point& found) {
  const double slope = dot(from.gradient, direction);
  if (!(slope < 0)) return false;
  double low = 0;
  double high = std::numeric_limits<double>::infinity();
  double length = 1;
  for (int trial = 0; trial < kMaxTrials; ++trial) {
    found.x = from.x;
    add_scaled(found.x, length, direction);
    evaluate(objective, stop, found);
    // Negated, so that a NaN is too far, too.
    if (!(found.value <= from.value + kSufficientDecrease * length * slope)) {
      high = length;
    } else if (dot(found.gradient, direction) < kCurvature * slope) {
      low = length;
    } else {
      return true;
    }
    length = std::isfinite(high) ? std::midpoint(low, high) : 2 * low;
  }
  return false;
}

}  // namespace

LbfgsResult minimize(const Objective& objective,
                     Vector start,
                     const LbfgsOptions& options,
                     const StopToken& stop) {
  Point point{.x = std::move(start)};
  evaluate(objective, stop, point);
  if (!std::isfinite(point.value)) {
    fail(ErrorKind::kInput, concat("the value to minimize is not finite: ", point.value));
  }
  std::deque<Step> steps;
  LbfgsResult result;
  while (true) {
    result.has_converged = largest(point.gradient) <= options.tolerance;
    if (result.has_converged || result.iterations == options.max_iterations) break;
    Point next;
    if (!search_line(objective, point, direction_of(point.gradient, steps), stop, next)) break;
    Step step{difference(next.x, point.x), difference(next.gradient, point.gradient)};
    step.curvature = dot(step.x, step.gradient);
    if (step.curvature > 0) steps.push_back(std::move(step));
    if (static_cast<int>(steps.size()) > options.memory) steps.pop_front();
    point = std::move(next);
    ++result.iterations;
  }
  result.x = std::move(point.x);
  result.value = point.value;
  return result;
}

}  // namespace sbert
