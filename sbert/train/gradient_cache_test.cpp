#include "sbert/train/gradient_cache.h"

#include <map>
#include <memory>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/support/letter_model.h"

namespace sbert {
namespace {

std::vector<TrainingTexts> rows() {
  std::vector<TrainingTexts> result;
  for (int i = 0; i < 32; ++i) {
    const auto letters = [&](int start, int length) {
      std::string text;
      for (int j = 0; j < length; ++j) {
        text += std::string(1, static_cast<char>('a' + (start + 3 * j) % 26)) + " ";
      }
      return text;
    };
    TrainingTexts row{letters(i, 3 + i % 3), letters(i + 1, 7), {}};
    for (int n = 0; n < i % 4; ++n)
      row.negatives.push_back(letters(i + n + 5, 2 + n));
    result.push_back(row);
  }
  return result;
}

struct Outcome {
  double loss;
  std::map<std::string, Tensor> gradients;
};

// An encoder whose parameters want gradients, and what goes with it.
struct Trained {
  explicit Trained(double dropout)
      : model(letter_model()),
        encoder(model.encoder,
                model.weights,
                {.dropout = {.hidden = dropout, .attention = dropout}},
                c10::Device(c10::kCPU)),
        head(model.head, c10::Device(c10::kCPU)) {
    for (const EncoderParameter& p : encoder.parameters())
      p.tensor.requires_grad_(true);
  }

  std::unique_ptr<Loss> contrastive(double temperature) const {
    return make_loss({.temperature = temperature}, embedding_width(model), 0);
  }

  TextModel model;
  TorchEncoder encoder;
  TorchHead head;
  WorkerPool pool{2};
};

std::vector<MicroBatch> cut(std::ptrdiff_t micro_batch_size, const TextModel& model) {
  const auto all = rows();
  std::vector<MicroBatch> batches;
  for (auto first = all.begin(); first != all.end(); first += micro_batch_size) {
    batches.push_back(make_micro_batch({first, first + micro_batch_size}, model.tokenizer, 64));
  }
  return batches;
}

Outcome with_gradients(double loss, const Trained& trained) {
  Outcome outcome{loss, {}};
  for (const EncoderParameter& p : trained.encoder.parameters())
    outcome.gradients[p.name] = p.tensor.grad().to_dense().clone();
  return outcome;
}

constexpr double kTemperature = 0.1;

Outcome run(std::ptrdiff_t micro_batch_size,
            double dropout,
            std::uint64_t key = 3,
            int workers = 1,
            GradientOptions options = {}) {
  const Trained trained(dropout);
  options.workers = workers;
  const auto loss = trained.contrastive(kTemperature);
  GradientCache gradient(trained.encoder, trained.head, *loss, trained.pool, alone(), options);
  return with_gradients(gradient.compute(cut(micro_batch_size, trained.model), key), trained);
}

// The loss by its definition, question by question in float64: of what these micro batches hold.
// embeddings: of each micro batch its questions, positives, and negatives of question 0, 1, ...
Tensor loss_by_definition(const std::vector<Tensor>& embeddings,
                          const std::vector<MicroBatch>& micro_batches) {
  std::vector<Tensor> positives;
  for (std::size_t m = 0; m < embeddings.size(); ++m) {
    const std::int64_t size = micro_batches[m].targets.num_questions();
    positives.push_back(embeddings[m].slice(0, size, 2 * size));
  }
  const Tensor all_positives = at::cat(positives);
  Tensor sum = at::zeros({}, at::kDouble);
  std::int64_t place = 0;
  for (std::size_t m = 0; m < embeddings.size(); ++m) {
    const std::vector<std::int64_t>& counts = micro_batches[m].targets.negative_counts;
    std::int64_t next_negative = 2 * std::ssize(counts);
    for (std::int64_t i = 0; i < std::ssize(counts); ++i, ++place) {
      const std::int64_t end = next_negative + counts[static_cast<std::size_t>(i)];
      const Tensor documents = at::cat({all_positives, embeddings[m].slice(0, next_negative, end)});
      const Tensor scores = documents.mv(embeddings[m][i]) / kTemperature;
      sum = sum + scores.logsumexp(0) - scores[place];
      next_negative = end;
    }
  }
  return sum / place;
}

// What NeMo does with a device for each micro batch: each device has a loss, of gathered embeddings
// or its own; its backward pass reaches all embeddings or its own; gradients of devices are
// averaged.
Outcome as_nemo(std::ptrdiff_t micro_batch_size, const GradientOptions& options) {
  const Trained trained(0);
  const std::vector<MicroBatch> batches = cut(micro_batch_size, trained.model);
  std::vector<Tensor> encoded;
  std::vector<Tensor> leaves;
  for (const MicroBatch& batch : batches) {
    encoded.push_back(
        trained.head(trained.encoder.forward(batch.tokens, std::nullopt), batch.tokens));
    leaves.push_back(encoded.back().detach().to(at::kDouble).requires_grad_(true));
  }
  const auto devices = static_cast<double>(batches.size());
  double loss = 0;
  for (std::size_t device = 0; device < batches.size(); ++device) {
    std::vector<Tensor> gathered;
    for (std::size_t m = 0; m < batches.size(); ++m) {
      const bool is_constant = options.backprop_type == BackpropType::kLocal && m != device;
      gathered.push_back(is_constant ? leaves[m].detach() : leaves[m]);
    }
    const Tensor own = options.global_inbatch_negatives
                           ? loss_by_definition(gathered, batches)
                           : loss_by_definition({leaves[device]}, {batches[device]});
    own.backward();
    loss += own.item<double>() / devices;
  }
  for (std::size_t m = 0; m < batches.size(); ++m)
    torch::autograd::backward({encoded[m]}, {(leaves[m].grad() / devices).to(at::kFloat)});
  return with_gradients(loss, trained);
}

double largest_relative_difference(const Outcome& a, const Outcome& b) {
  double largest = 0;
  for (const auto& [name, gradient] : a.gradients) {
    const double size = gradient.abs().max().item<double>();
    const double difference = (gradient - b.gradients.at(name)).abs().max().item<double>();
    if (size > 1e-6) largest = std::max(largest, difference / size);
  }
  return largest;
}

TEST(GradientCache, DoesNotDependOnTheMicroBatchesWithDropoutOn) {
  const Outcome whole = run(32, 0.1);
  for (const std::ptrdiff_t size : {1, 2, 8}) {
    const Outcome parts = run(size, 0.1);
    EXPECT_NEAR(parts.loss, whole.loss, 1e-5 * whole.loss);
    EXPECT_LT(largest_relative_difference(whole, parts), 1e-5) << "micro batches of " << size;
  }
}

TEST(GradientCache, TheSecondPassDrawsTheDropoutOfTheFirst) {
  // With other masks in the second pass the gradient would not be that of the loss: compare with a
  // finite difference along the gradient itself.
  const Trained trained(0.2);
  const auto all = rows();
  const std::vector<MicroBatch> batches{
      make_micro_batch({all.begin(), all.begin() + 4}, trained.model.tokenizer, 64),
      make_micro_batch({all.begin() + 4, all.end()}, trained.model.tokenizer, 64)};
  const auto contrastive = trained.contrastive(1.0);
  GradientCache gradient(trained.encoder, trained.head, *contrastive, trained.pool, alone(),
                         {.workers = 2});
  const auto loss = [&] { return gradient.compute(batches, 3); };
  loss();
  std::map<std::string, Tensor> direction;
  double squares = 0;
  for (const EncoderParameter& p : trained.encoder.parameters()) {
    direction[p.name] = p.tensor.grad().clone();
    squares += p.tensor.grad().to(at::kDouble).pow(2).sum().item<double>();
  }
  const auto move = [&](double step) {
    const at::NoGradGuard no_grad;
    for (const EncoderParameter& p : trained.encoder.parameters())
      p.tensor.add_(direction[p.name], step);
  };
  const double step = 0.01 / squares;
  move(step);
  const double up = loss();
  move(-2 * step);
  const double down = loss();
  EXPECT_NEAR((up - down) / (2 * step), squares, 0.02 * squares);
}

TEST(GradientCache, DoesNotDependOnTheWorkersWithDropoutEither) {
  for (const std::ptrdiff_t size : {32, 8}) {
    const Outcome one = run(size, 0.1, 3, 1);
    for (const int workers : {2, 3, 50}) {
      const Outcome many = run(size, 0.1, 3, workers);
      EXPECT_NEAR(many.loss, one.loss, 1e-5 * one.loss);
      EXPECT_LT(largest_relative_difference(one, many), 1e-5) << workers << " workers";
    }
  }
}

TEST(GradientCache, NegativesAndBackpropTypeAreNemosWithADeviceForEachMicroBatch) {
  const GradientOptions all[] = {{.backprop_type = BackpropType::kGlobal},
                                 {.backprop_type = BackpropType::kLocal},
                                 {.global_inbatch_negatives = false}};
  for (const GradientOptions& options : all) {
    for (const std::ptrdiff_t size : {4, 16, 32}) {
      const Outcome expected = as_nemo(size, options);
      for (const int workers : {1, 2}) {
        const Outcome found = run(size, 0, 3, workers, options);
        EXPECT_NEAR(found.loss, expected.loss, 1e-5 * expected.loss);
        // Float32 against float64, after a backward pass of its own.
        EXPECT_LT(largest_relative_difference(expected, found), 1e-4)
            << options.global_inbatch_negatives << " with micro batches of " << size;
      }
    }
  }
}

TEST(GradientCache, NegativesOfTheMicroBatchAreOthersThanTheGlobalOnes) {
  const GradientOptions own{.global_inbatch_negatives = false};
  EXPECT_LT(run(8, 0.1, 3, 1, own).loss, 0.8 * run(8, 0.1).loss);
  EXPECT_NEAR(run(32, 0.1, 3, 1, own).loss, run(32, 0.1).loss, 1e-5);
}

TEST(GradientCache, TheSameKeyGivesTheSameBits) {
  const Outcome a = run(4, 0.1, 3, 2);
  const Outcome b = run(4, 0.1, 3, 2);
  const Outcome other = run(4, 0.1, 4, 2);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(largest_relative_difference(a, b), 0);
  EXPECT_NE(a.loss, other.loss);
}

}  // namespace
}  // namespace sbert
