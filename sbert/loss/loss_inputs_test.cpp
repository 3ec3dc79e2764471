#include "sbert/loss/loss_inputs.h"

#include <gmock/gmock.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

// Three questions with 1, 0 and 2 hard negatives, and no other targets.
LossBatch bare_batch() {
  LossBatch batch{at::ones({3, 4}), at::ones({3, 4}), at::ones({3, 4}), {}};
  batch.targets.negative_counts = {1, 0, 2};
  return batch;
}

std::string refusal(const std::string& name, const LossBatch& batch) {
  LossOptions options;
  options.name = parse_enum<LossKind>("name", name);
  return message_of(ErrorKind::kUsage, [&] { make_loss(options, 4, 1)->compute(batch); });
}

TEST(LossInputs, ALossSaysWhichKeyTheDataLacks) {
  EXPECT_EQ(refusal("softmax", bare_batch()),
            "model.loss.name=softmax needs the class of a pair with each record of the training "
            "data: no label");
  for (const std::string name : {"cosine", "cosent", "angle"}) {
    EXPECT_EQ(refusal(name, bare_batch()),
              "model.loss.name=" + name +
                  " needs the similarity of a pair with each record of the training data: no "
                  "score");
  }
  for (const std::string name : {"margin_mse", "distill_kl"}) {
    LossBatch batch = bare_batch();
    const std::string message = "model.loss.name=" + name +
                                " needs a teacher's scores with each record of the training "
                                "data: no ";
    EXPECT_EQ(refusal(name, batch), message + "pos_scores");
    batch.targets.positive_scores = {1, 2, 3};
    EXPECT_EQ(refusal(name, batch), message + "neg_scores");
  }
}

TEST(LossInputs, ALossOfNegativesIsZeroInABatchWithoutAny) {
  for (const LossKind name :
       {LossKind::kTriplet, LossKind::kMarginMse, LossKind::kDistillKl, LossKind::kContrastive}) {
    LossBatch batch = bare_batch();
    batch.negatives = at::ones({0, 4});
    batch.targets.negative_counts = {0, 0, 0};
    batch.questions.requires_grad_(true);
    LossOptions options;
    options.name = name;
    options.in_batch_negatives = name != LossKind::kContrastive;
    const Tensor loss = make_loss(options, 4, 1)->compute(batch);
    EXPECT_EQ(loss.item<double>(), 0);
    loss.backward();
    EXPECT_EQ(batch.questions.grad().abs().max().item<double>(), 0);
  }
}

TEST(LossInputs, AMaskOfIdsNeedsIds) {
  LossOptions options;
  options.mask_same_id = true;
  EXPECT_EQ(
      message_of(ErrorKind::kUsage, [&] { make_loss(options, 4, 1)->compute(bare_batch()); }),
      "model.loss.mask_same_id needs ids of documents in the training data: no pos_doc_id and no "
      "neg_doc_id");
}

TEST(LossInputs, AMaskOfTextsNeedsTheirKeys) {
  LossOptions options;
  options.mask_same_text = true;
  EXPECT_EQ(
      message_of(ErrorKind::kInternal, [&] { make_loss(options, 4, 1)->compute(bare_batch()); }),
      "loss: the batch has no text keys");
}

TEST(LossInputs, ALabelThatIsNoClassIsRefused) {
  for (const auto& [label, shown] :
       std::vector<std::pair<double, std::string>>{{3, "3"}, {-1, "-1"}, {0.5, "0.5"}}) {
    LossBatch batch = bare_batch();
    batch.targets.labels = {0, label, 2};
    EXPECT_EQ(message_of(ErrorKind::kInput, [&] { class_labels(batch, 3, "softmax"); }),
              "label must be a class from 0 to 2 (model.loss.num_labels is 3): " + shown);
  }
}

TEST(LossInputs, ShapesThatDisagreeAreRefused) {
  const auto refuses = [](const auto& spoil) {
    LossBatch batch = bare_batch();
    spoil(batch);
    EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { check_shapes(batch); }),
              "loss: the shapes of the batch disagree");
  };
  EXPECT_NO_THROW(check_shapes(bare_batch()));
  refuses([](LossBatch& batch) { batch = {at::ones({0, 4}), at::ones({0, 4}), at::ones({0, 4})}; });
  refuses([](LossBatch& batch) { batch.positives = at::ones({2, 4}); });
  refuses([](LossBatch& batch) { batch.negatives = at::ones({3, 5}); });
  refuses([](LossBatch& batch) { batch.negatives = at::ones({2, 4}); });
  refuses([](LossBatch& batch) { batch.targets.negative_counts = {1, 2}; });
  refuses([](LossBatch& batch) { batch.targets.labels = {1}; });
  refuses([](LossBatch& batch) { batch.targets.positive_scores = {1}; });
  refuses([](LossBatch& batch) { batch.targets.negative_scores = {1}; });
  refuses([](LossBatch& batch) { batch.targets.text_keys = {1, 2, 3}; });
  refuses([](LossBatch& batch) { batch.targets.answer_keys = {nullptr}; });
  refuses([](LossBatch& batch) { batch.targets.id_keys = {1, 2, 3}; });
}

TEST(LossInputs, NegativesAreLaidOutByQuestion) {
  const LossBatch batch = bare_batch();
  EXPECT_TRUE(negative_owners(batch).equal(at::tensor({0, 2, 2}, at::kLong)));
  const Tensor places = negative_places(batch);
  EXPECT_TRUE(places.equal(at::tensor({0, -1, -1, -1, 1, 2}, at::kLong).view({3, 2})));
  const Tensor spread = by_question(at::tensor({7, 8, 9}, at::kLong), places);
  EXPECT_TRUE(spread.masked_select(places >= 0).equal(at::tensor({7, 8, 9}, at::kLong)));
}

}  // namespace
}  // namespace sbert
