#include "sbert/train/learner.h"

#include <cmath>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/embed/packed_embedder.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

std::vector<float> all_weights(const TextModel& model) {
  std::vector<float> all;
  for (const Weight& weight : model.weights)
    all.insert(all.end(), weight.floats(), weight.floats() + weight.num_elements());
  return all;
}

std::set<std::string> names_of(const NamedTensors& tensors) {
  std::set<std::string> names;
  for (const NamedTensor& each : tensors)
    names.insert(each.name);
  return names;
}

class LearnerTest : public testing::Test {
 protected:
  LearnerTest() {
    options_.micro_batch_size = options_.global_batch_size = 4;
    options_.encoder_seq_length = 16;
  }

  Learner learner(const LearnerOptions& options = {}) const {
    return {options_, options, letter_model(), c10::Device(c10::kCPU), pool_};
  }

  static StepResult update(Learner& learner, std::int64_t step) {
    std::vector<TrainingTexts> rows;
    for (const char letter : {'a', 'f', 'k', 'p'}) {
      const auto next = static_cast<char>(letter + 1);
      rows.push_back({{letter, ' ', next}, {next, ' ', letter}, {}});
    }
    PhaseClock clock;
    return learner.update({make_micro_batch(rows, learner.tokenizer(), 16)}, step, 1e-3, clock);
  }

  WorkerPool pool_;
  ModelOptions options_;
};

TEST_F(LearnerTest, StartsWithTheWeightsAndTheFrameOfItsStart) {
  const Learner learner = this->learner();
  const TextModel model = learner.model();
  const TextModel start = letter_model();
  EXPECT_EQ(model.encoder, start.encoder);
  EXPECT_EQ(all_weights(model), all_weights(start));
  EXPECT_EQ(model.card.max_length, start.card.max_length);
}

TEST_F(LearnerTest, AnUpdateLowersTheLossAndTheEmbedderIsOfTheWeightsAsTheyAre) {
  options_.hidden_dropout = options_.attention_dropout = 0;
  Learner learner = this->learner();
  const std::vector<std::string> texts{"a b", "c"};
  const FloatMatrix before = learner.embedder()->embed(texts, {});
  const double first = update(learner, 0).loss;
  for (std::int64_t step = 1; step < 8; ++step)
    update(learner, step);
  EXPECT_LT(update(learner, 8).loss, first);
  const FloatMatrix after = learner.embedder()->embed(texts, {});
  EXPECT_NE(before.values, after.values);
  const PackedEmbedder trained(learner.model(), pool_);
  EXPECT_EQ(trained.embed(texts, {}).values, after.values);
}

TEST_F(LearnerTest, TheNamesOfItsStateAreThoseOfEarlierVersions) {
  options_.loss.learn_temperature = true;
  options_.loss.memory_size = 8;
  const Learner learner =
      this->learner({.precision = ComputePrecision::kFloat16, .ema = {.enable = true}});
  const std::set<std::string> names = names_of(learner.state());
  for (const char* name :
       {"model.embeddings.word_embeddings.weight",
        "model.encoder.layer.1.attention.self.qkv.weight",
        "model.encoder.layer.1.attention.self.qkv.bias",
        "model.encoder.layer.0.attention.output.LayerNorm.weight", "loss.log_scale",
        "loss.memory.documents", "ema.encoder.layer.0.intermediate.dense.weight",
        "optimizer.exp_avg.encoder.layer.0.output.dense.bias",
        "optimizer.exp_avg_sq.loss.log_scale", "optimizer.step", "scaler.scale",
        "scaler.growth_tracker", "scaler.hysteresis_tracker"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_F(LearnerTest, ItsStateIsAllThatAnotherOneNeeds) {
  Learner whole = learner();
  update(whole, 0);
  update(whole, 1);
  Learner first = learner();
  update(first, 0);
  const NamedTensors saved = first.state();
  Learner second = learner();
  const NamedTensors state = second.state();
  for (std::size_t i = 0; i < state.size(); ++i)
    state[i].tensor.copy_(saved[i].tensor);
  second.resume(state);
  update(second, 1);
  EXPECT_EQ(all_weights(second.model()), all_weights(whole.model()));
}

TEST_F(LearnerTest, AdaptersAreMergedIntoItsModel) {
  options_.lora = LoraOptions{};
  Learner learner = this->learner();
  update(learner, 0);
  update(learner, 1);  // B was 0 before the first
  const TextModel model = learner.model();
  EXPECT_EQ(model.weights.size(), letter_model().weights.size());
  EXPECT_NE(all_weights(model), all_weights(letter_model()));
}

TEST_F(LearnerTest, ALossThatIsNoNumberSaysWhatHelps) {
  options_.softmax_temp = 1e-300;
  Learner learner = this->learner();
  EXPECT_THROW(update(learner, 7), Error);
}

}  // namespace
}  // namespace sbert
