#include "sbert/loss/loss.h"

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

// Every loss and option against tests/golden/loss/losses.json, which make_losses.py there wrote
// with PyTorch from the definitions, and against finite differences.

namespace sbert {
namespace {

using nlohmann::json;

struct GoldenLoss {
  LossOptions options;
  double value = 0;
  json gradients;  // by name; absent is 0
};

std::ostream& operator<<(std::ostream& out, const GoldenLoss& golden) {
  return out << enum_name(golden.options.name) << ", value " << golden.value;
}

const json& golden_file() {
  static const json kFile = json::parse(std::ifstream(SBERT_GOLDEN "/loss/losses.json"));
  return kFile;
}

template <typename Value>
void read(const json& from, Value& to) {
  to = from.get<Value>();
}
template <NamedEnum Enum>
void read(const json& from, Enum& to) {
  to = parse_enum<Enum>("a word of losses.json", from.get<std::string>());
}
template <typename Value>
void read(const json& from, std::optional<Value>& to) {
  to = from.get<Value>();
}

std::vector<GoldenLoss> golden_losses() {
  std::vector<GoldenLoss> all;
  for (const json& each : golden_file().at("cases")) {
    GoldenLoss& golden = all.emplace_back();
    golden.value = each.at("value");
    golden.gradients = each.at("gradients");
    for (const auto& [key, value] : each.at("options").items()) {
      if (key == "temperature") read(value, golden.options.temperature);
      if (key == "label_smoothing") read(value, golden.options.label_smoothing);
      for_each_field<LossOptions>([&](const auto& field) {
        if (field.key == key) read(value, golden.options.*field.member);
      });
    }
  }
  return all;
}

Tensor tensor_of(const json& rows) {
  if (!rows.is_array()) return at::scalar_tensor(rows.get<double>(), at::kDouble);
  if (!rows[0].is_array()) return at::tensor(rows.get<std::vector<double>>(), at::kDouble);
  std::vector<Tensor> tensors;
  for (const json& row : rows)
    tensors.push_back(tensor_of(row));
  return at::stack(tensors);
}

LossBatch golden_batch(const LossOptions& options, at::ScalarType type) {
  const json& file = golden_file();
  const auto leaf = [&](const char* name) {
    return tensor_of(file.at("batch").at(name)).to(type).requires_grad_(true);
  };
  const json& targets = file.at("targets");
  LossBatch batch{leaf("questions"), leaf("positives"), leaf("negatives"), {}};
  read(targets.at("negative_counts"), batch.targets.negative_counts);
  read(targets.at(options.name == LossKind::kSoftmax ? "classes" : "labels"), batch.targets.labels);
  read(targets.at("positive_scores"), batch.targets.positive_scores);
  read(targets.at("negative_scores"), batch.targets.negative_scores);
  read(targets.at("text_keys"), batch.targets.text_keys);
  read(targets.at("id_keys"), batch.targets.id_keys);
  return batch;
}

// The loss with its parameters in double precision, a classifier's set to the golden file's.
std::unique_ptr<Loss> golden_loss(const LossOptions& options) {
  auto loss = make_loss(options, 6, 1);
  for (const NamedTensor& parameter : loss->parameters()) {
    const json& batch = golden_file().at("batch");
    const auto given =
        batch.find(parameter.name == "classifier.weight" ? "classifier_weight" : "classifier_bias");
    const bool is_temperature = parameter.name == "log_scale";
    parameter.tensor.set_data(is_temperature ? parameter.tensor.detach().to(at::kDouble)
                                             : tensor_of(*given));
  }
  return loss;
}

std::map<std::string, Tensor> inputs_of(const Loss& loss, const LossBatch& batch) {
  std::map<std::string, Tensor> inputs{{"questions", batch.questions},
                                       {"positives", batch.positives},
                                       {"negatives", batch.negatives}};
  for (const NamedTensor& parameter : loss.parameters()) {
    std::string name = parameter.name;
    if (const auto dot = name.find('.'); dot != name.npos) name[dot] = '_';
    inputs[name] = parameter.tensor;
  }
  return inputs;
}

void expect_near(const Tensor& found, const Tensor& expected, double tolerance) {
  EXPECT_LE((found.to(at::kDouble) - expected).abs().max().item<double>(), tolerance)
      << "found " << found << "\nexpected " << expected;
}

class EachLoss : public testing::TestWithParam<GoldenLoss> {};
INSTANTIATE_TEST_SUITE_P(Golden, EachLoss, testing::ValuesIn(golden_losses()));

TEST_P(EachLoss, HasPyTorchsValueAndGradientInDoublePrecision) {
  const auto loss = golden_loss(GetParam().options);
  const LossBatch batch = golden_batch(GetParam().options, at::kDouble);
  const Tensor value = loss->compute(batch);
  value.backward();
  // The learned temperature starts in single precision.
  const double tolerance = GetParam().options.learn_temperature ? 1e-6 : 1e-11;
  EXPECT_NEAR(value.item<double>(), GetParam().value, tolerance * (1 + GetParam().value));
  for (const auto& [name, input] : inputs_of(*loss, batch)) {
    SCOPED_TRACE(name);
    const auto golden = GetParam().gradients.find(name);
    if (golden == GetParam().gradients.end()) {
      EXPECT_TRUE(!input.grad().defined() || input.grad().abs().max().item<double>() == 0);
    } else {
      expect_near(input.grad(), tensor_of(*golden), 10 * tolerance);
    }
  }
}

TEST_P(EachLoss, HasPyTorchsValueAndGradientInSinglePrecision) {
  const auto loss = golden_loss(GetParam().options);
  const LossBatch batch = golden_batch(GetParam().options, at::kFloat);
  const Tensor value = loss->compute(batch);
  EXPECT_EQ(value.scalar_type(), at::kFloat);
  value.backward();
  // Single precision, of scores that are multiplied by as much as 20.
  EXPECT_NEAR(value.item<double>(), GetParam().value, 2e-6 * (1 + GetParam().value));
  for (const auto& [name, input] : inputs_of(*loss, batch)) {
    SCOPED_TRACE(name);
    const auto golden = GetParam().gradients.find(name);
    if (golden != GetParam().gradients.end()) {
      expect_near(input.grad(), tensor_of(*golden), 2e-5);
    }
  }
}

TEST_P(EachLoss, HasTheGradientOfFiniteDifferences) {
  const auto loss = golden_loss(GetParam().options);
  const LossBatch batch = golden_batch(GetParam().options, at::kDouble);
  loss->compute(batch).backward();
  const at::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;
  for (const auto& [name, input] : inputs_of(*loss, batch)) {
    SCOPED_TRACE(name);
    Tensor flat = input.view(-1);
    Tensor differences = at::empty_like(flat);
    for (std::int64_t i = 0; i < flat.size(0); ++i) {
      flat[i] += kStep;
      const double up = loss->compute(batch).item<double>();
      flat[i] -= 2 * kStep;
      const double down = loss->compute(batch).item<double>();
      flat[i] += kStep;
      differences[i] = (up - down) / (2 * kStep);
    }
    const Tensor gradient = input.grad().defined() ? input.grad().flatten() : at::zeros_like(flat);
    // The differences' own error: 1e-16 * value / step.
    expect_near(gradient, differences, 1e-8 * (1 + GetParam().value));
  }
}

LossBatch one_pair() {
  LossBatch batch{tensor_of(json::parse("[[0.6, 0.8]]")).requires_grad_(true),
                  tensor_of(json::parse("[[0.8, 0.6]]")).requires_grad_(true),
                  at::zeros({0, 2}, at::kDouble).requires_grad_(true),
                  {}};
  batch.targets.negative_counts = {0};
  batch.targets.labels = {1};
  return batch;
}

TEST(MakeLoss, OnePairWithoutNegativesIsABatchForEachLossOfPairs) {
  const std::map<std::string, double> values{
      {"contrastive", 0}, {"cosent", 0}, {"angle", 0}, {"cosine", 0.04 * 0.04}};
  for (const auto& [name, value] : values) {
    SCOPED_TRACE(name);
    LossOptions options;
    options.name = parse_enum<LossKind>("name", name);
    const LossBatch batch = one_pair();
    const Tensor loss = make_loss(options, 2, 1)->compute(batch);
    EXPECT_NEAR(loss.item<double>(), value, 1e-15);
    loss.backward();
    EXPECT_TRUE(batch.questions.grad().isfinite().all().item<bool>());
  }
}

TEST(MakeLoss, MatryoshkaTakesABatchWithoutNegatives) {
  LossOptions options;
  options.name = LossKind::kCosine;
  options.matryoshka_dims = {2, 1};
  options.matryoshka_weights = {1, 3};
  // Cut to one number both vectors are [1], their cosine is the label.
  EXPECT_NEAR(make_loss(options, 2, 1)->compute(one_pair()).item<double>(), 0.04 * 0.04, 1e-15);
}

TEST(MakeLoss, RowsOfZerosHaveFiniteGradients) {
  for (const char* name : {"contrastive", "softmax", "cosine", "cosent", "angle", "triplet"}) {
    SCOPED_TRACE(name);
    LossOptions options;
    options.name = parse_enum<LossKind>("name", name);
    const auto zeros = [] { return at::zeros({2, 3}, at::kFloat).requires_grad_(true); };
    LossBatch batch{zeros(), zeros(), zeros(), {}};
    batch.targets.negative_counts = {1, 1};
    batch.targets.labels = {0, 1};
    make_loss(options, 3, 1)->compute(batch).backward();
    EXPECT_TRUE(batch.questions.grad().isfinite().all().item<bool>());
    EXPECT_TRUE(batch.positives.grad().isfinite().all().item<bool>());
  }
}

}  // namespace
}  // namespace sbert
