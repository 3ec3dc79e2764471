#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "sbert/base/field.h"
#include "sbert/nn/tensor_fwd.h"

namespace sbert {

struct NamedTensor;

/// NeMo's exp_manager.ema.
struct EmaOptions {
  bool enable = false;
  double decay = 0.999;
  std::int64_t every_n_steps = 1;
  bool validate_original_weights = false;

  static constexpr auto fields() {
    using Self = EmaOptions;
    return std::tuple{
        field("enable", &Self::enable, "keep a moving average of the parameters"),
        field("decay", &Self::decay, "weight of the average so far at an update"),
        field("every_n_steps", &Self::every_n_steps, "updates of the parameters between two of it"),
        field("validate_original_weights", &Self::validate_original_weights,
              "validate with the parameters themselves"),
    };
  }

  /// @throws Error(kUsage) naming the key that is out of range
  void validate() const;
};

/// The exponential moving average of parameters: average = decay * average + (1 - decay) * value,
/// from their values when it is made.
class ExponentialMovingAverage {
 public:
  /// @param parameters averaged; swap() writes them in place
  ExponentialMovingAverage(std::vector<NamedTensor> parameters, double decay);
  ~ExponentialMovingAverage();
  ExponentialMovingAverage(ExponentialMovingAverage&&) noexcept;

  /// Takes the values that the parameters have now into the average.
  /// @throws Error(kInternal) while they are swapped
  void update();

  /// Exchanges the parameters' values with the averages; a second call undoes the first, to the
  /// bit.
  void swap();

  /// The averages, "ema.<name>" of each parameter: its own tensors, to save, and to fill on resume.
  /// @throws Error(kInternal) while they are swapped
  std::vector<NamedTensor> state() const;

 private:
  void expect_not_swapped() const;

  std::vector<NamedTensor> parameters_;
  std::vector<Tensor> averages_;
  double decay_;
  bool is_swapped_ = false;
};

/// Lets the parameters have their averages for as long as it lives.
class WithAverages {
 public:
  explicit WithAverages(ExponentialMovingAverage& average) : average_(average) { average_.swap(); }
  ~WithAverages() { average_.swap(); }
  WithAverages(const WithAverages&) = delete;
  WithAverages& operator=(const WithAverages&) = delete;

 private:
  ExponentialMovingAverage& average_;
};

}  // namespace sbert
