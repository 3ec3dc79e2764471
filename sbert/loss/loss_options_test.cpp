#include "sbert/loss/loss_options.h"

#include <limits>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"
#include "sbert/loss/loss.h"

namespace sbert {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Set>
std::string refusal(Set&& set) {
  LossOptions options;
  set(options);
  return message_of(ErrorKind::kUsage, [&] { options.validate(); });
}

TEST(LossOptions, DefaultsOfEachLossAreInRange) {
  for (const auto& [name, kind] : enum_names(LossKind{})) {
    LossOptions options;
    options.name = kind;
    EXPECT_NO_THROW(options.validate()) << name;
    EXPECT_NE(make_loss(options, 4, 1), nullptr) << name;
  }
}

TEST(LossOptions, UnknownWordsAreRefusedWithTheKnownOnes) {
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [] { parse_enum<LossKind>("model.loss.name", "tripplet"); }),
      "model.loss.name must be one of contrastive, softmax, cosine, triplet, cosent, angle, "
      "margin_mse, distill_kl: tripplet");
  EXPECT_EQ(message_of(ErrorKind::kUsage,
                       [] { parse_enum<TripletDistance>("model.loss.triplet_distance", "dot"); }),
            "model.loss.triplet_distance must be one of euclidean, cosine: dot");
}

TEST(LossOptions, NumbersOutOfRangeAreRefused) {
  EXPECT_EQ(refusal([](auto& o) { o.temperature = 0; }), "model.softmax_temp must be above 0: 0");
  EXPECT_EQ(refusal([](auto& o) { o.temperature = kNan; }),
            "model.softmax_temp must be above 0: nan");
  EXPECT_EQ(refusal([](auto& o) { o.temperature = kInfinity; }),
            "model.softmax_temp must be above 0: inf");
  EXPECT_EQ(refusal([](auto& o) { o.label_smoothing = 1; }),
            "model.label_smoothing must be from 0 to below 1: 1");
  EXPECT_EQ(refusal([](auto& o) { o.false_negative_margin = kInfinity; }),
            "model.loss.false_negative_margin must be finite: inf");
  EXPECT_EQ(refusal([](auto& o) { o.memory_size = -1; }),
            "model.loss.memory_size must be at least 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.memory_start_step = -1; }),
            "model.loss.memory_start_step must be at least 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.name = LossKind::kSoftmax, o.num_labels = 1; }),
            "model.loss.num_labels must be at least 2: 1");
  EXPECT_EQ(refusal([](auto& o) { o.name = LossKind::kTriplet, o.triplet_margin = -1; }),
            "model.loss.triplet_margin must not be below 0: -1");
  EXPECT_EQ(refusal([](auto& o) { o.name = LossKind::kDistillKl, o.teacher_temperature = 0; }),
            "model.loss.teacher_temperature must be above 0: 0");
}

TEST(LossOptions, ContradictionsAreRefused) {
  EXPECT_EQ(refusal([](auto& o) { o.in_batch_negatives = false, o.share_hard_negatives = true; }),
            "model.loss.share_hard_negatives needs model.loss.in_batch_negatives=true");
  EXPECT_EQ(refusal([](auto& o) { o.in_batch_negatives = false, o.symmetric = true; }),
            "model.loss.symmetric needs model.loss.in_batch_negatives=true");
  EXPECT_EQ(refusal([](auto& o) { o.in_batch_negatives = false, o.memory_size = 9; }),
            "model.loss.memory_size needs model.loss.in_batch_negatives=true");
  EXPECT_EQ(refusal([](auto& o) { o.memory_start_step = 9; }),
            "model.loss.memory_start_step needs model.loss.memory_size");
}

TEST(LossOptions, AnOptionOfAnotherLossIsRefused) {
  const auto of_cosine = [](auto&& set) {
    return refusal([&](LossOptions& o) {
      o.name = LossKind::kCosine;
      set(o);
    });
  };
  const auto needs = [](std::string key, std::string loss) {
    return "model.loss." + key + " needs model.loss.name=" + loss + ": the loss is cosine";
  };
  EXPECT_EQ(of_cosine([](auto& o) { o.learn_temperature = true; }),
            needs("learn_temperature", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.label_smoothing = 0.1; }),
            "model.label_smoothing needs model.loss.name=contrastive: the loss is cosine");
  EXPECT_EQ(of_cosine([](auto& o) { o.in_batch_negatives = false; }),
            needs("in_batch_negatives", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.share_hard_negatives = true; }),
            needs("share_hard_negatives", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.symmetric = true; }), needs("symmetric", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.clamp = true; }), needs("clamp", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.mask_same_text = true; }),
            needs("mask_same_text", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.mask_same_id = true; }),
            needs("mask_same_id", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.false_negative_margin = 0; }),
            needs("false_negative_margin", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.memory_size = 8; }), needs("memory_size", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.memory_start_step = 8; }),
            needs("memory_start_step", "contrastive"));
  EXPECT_EQ(of_cosine([](auto& o) { o.num_labels = 2; }), needs("num_labels", "softmax"));
  EXPECT_EQ(of_cosine([](auto& o) { o.triplet_margin = 5; }), needs("triplet_margin", "triplet"));
  EXPECT_EQ(of_cosine([](auto& o) { o.triplet_distance = TripletDistance::kCosine; }),
            needs("triplet_distance", "triplet"));
  EXPECT_EQ(of_cosine([](auto& o) { o.teacher_temperature = 2; }),
            needs("teacher_temperature", "distill_kl"));
}

TEST(LossOptions, MatryoshkaSizesAndWeightsAreChecked) {
  EXPECT_EQ(refusal([](auto& o) { o.matryoshka_dims = {2, 0}; }),
            "model.loss.matryoshka_dims must be at least 1: 0");
  EXPECT_EQ(refusal([](auto& o) { o.matryoshka_dims = {2, 4, 2}; }),
            "model.loss.matryoshka_dims must differ: 2");
  EXPECT_EQ(refusal([](auto& o) { o.matryoshka_dims = {4, 2}, o.matryoshka_weights = {1}; }),
            "model.loss.matryoshka_weights must have one value for each of matryoshka_dims (2): 1");
  EXPECT_EQ(refusal([](auto& o) { o.matryoshka_weights = {1}; }),
            "model.loss.matryoshka_weights must have one value for each of matryoshka_dims (0): 1");
  EXPECT_EQ(refusal([](auto& o) { o.matryoshka_dims = {4}, o.matryoshka_weights = {-0.5}; }),
            "model.loss.matryoshka_weights must not be below 0: -0.5");
  LossOptions options;
  options.matryoshka_dims = {384, 385};
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { make_loss(options, 384, 1); }),
            "model.loss.matryoshka_dims must be at most the model's embedding size (384): 385");
}

}  // namespace
}  // namespace sbert
