#include "sbert/run/validation.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "sbert/eval/table_embedder.h"
#include "sbert/eval/tasks.h"
#include "sbert/run/rehearsal_embedder.h"
#include "sbert/run/trainer_test_fixture.h"
#include "sbert/run/validator.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class ValidationTest : public TrainerTest {
 protected:
  // Rows of validation.jsonl, with a model of random weights.
  TrainOptions options_of(const std::string& rows) const {
    write_file_atomically(folder_ / "validation.jsonl", rows);
    TrainOptions o = options();
    o.model.data.data_validation = folder_ / "validation.jsonl";
    o.model.hidden_dropout = o.model.attention_dropout = 0;
    return o;
  }

  Learner learner(const TrainOptions& o) const {
    return {o.model, {}, letter_model(), c10::Device(c10::kCPU), pool_};
  }

  Metrics measure(const TrainOptions& o) const {
    const TrainingData data(o.model);
    const Learner trained = learner(o);
    return validate(*trained.embedder(), trained, data, o, {pool_});
  }

  // The same with these embeddings in place of the model's.
  Metrics measure(const TrainOptions& o, const TextEmbedder& embedder) const {
    const TrainingData data(o.model);
    return validate(embedder, learner(o), data, o, {pool_});
  }
};

double value(const Metrics& metrics, const std::string& name) {
  return required_value(metrics, name);
}

std::string letter_rows(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) {
    const auto letter = [&](int shift) { return static_cast<char>('a' + (i * 7 + shift) % 26); };
    rows += concat(R"({"question": ")", letter(0), " ", letter(3), R"(", "pos_doc": [")", letter(3),
                   " ", letter(5), R"("], "neg_doc": [")", letter(11), R"("]})", "\n");
  }
  return rows;
}

// NeMo's loss in double: -log of the own positive's share, among the positives of the batch and the
// question's own negative; the mean over rows.
double contrastive_loss(const TextEmbedder& embedder,
                        const TrainingData& data,
                        const ModelOptions& options) {
  const std::int64_t size = data.num_validation_rows();
  const auto row_of = [&](const std::string& text) {
    return embedder.embed(std::vector{text}, {});
  };
  const auto dot = [&](const FloatMatrix& a, const FloatMatrix& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i)
      sum += static_cast<double>(a.values[i]) * b.values[i];
    return sum / options.softmax_temp;
  };
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const TrainingTexts own = data.validation_row(i);
    const FloatMatrix question = row_of(own.question);
    const std::int64_t first = i - i % options.global_batch_size;
    double total = std::exp(dot(question, row_of(own.negatives.at(0))));
    for (std::int64_t j = first; j < std::min(size, first + options.global_batch_size); ++j)
      total += std::exp(dot(question, row_of(data.validation_row(j).positive)));
    sum += std::log(total) - dot(question, row_of(own.positive));
  }
  return sum / static_cast<double>(size);
}

TEST_F(ValidationTest, TheLossIsTheMeanOverAllRowsByGlobalBatches) {
  struct Case {
    int rows;
    std::int64_t global_batch_size;
  };
  for (const auto& [rows, size] : {Case{1, 8}, {8, 8}, {9, 8}, {9, 16}, {9, 9}, {23, 8}, {5, 1}}) {
    TrainOptions o = options_of(letter_rows(rows));
    o.model.global_batch_size = size;
    o.model.micro_batch_size = 1;
    const TrainingData data(o.model);
    const Learner trained = learner(o);
    const double wanted = contrastive_loss(*trained.embedder(), data, o.model);
    EXPECT_GT(wanted, 0);  // of one row too: it has a negative
    // float32 against double
    EXPECT_NEAR(value(measure(o), "val_loss"), wanted, 1e-5 * wanted) << rows << " by " << size;
  }
}

TEST_F(ValidationTest, MicroBatchesChangeNoValue) {
  TrainOptions o = options_of(letter_rows(9));
  const Metrics whole = measure(o);
  for (const std::int64_t size : {1, 2, 8}) {
    o.model.micro_batch_size = size;
    EXPECT_EQ(measure(o), whole) << size;
  }
  o.model.global_inbatch_negatives = false;  // training's batches, not the measure
  EXPECT_EQ(measure(o), whole);
}

TEST_F(ValidationTest, RowsAreAllUnlessTheyAreLimited) {
  TrainOptions o = options_of(letter_rows(1'000));
  const TrainingData data(o.model);
  const std::pair<ConfigNode, std::int64_t> limits[] = {
      {{1.0}, 1'000}, {{std::int64_t{1}}, 8},          {{std::int64_t{50}}, 400}, {{0.25}, 248},
      {{1e-9}, 8},    {{std::int64_t{1} << 62}, 1'000}};
  for (const auto& [limit, rows] : limits) {
    o.trainer.limit_val_batches = limit;
    EXPECT_EQ(num_measured_rows(data, o), rows) << describe(limit);
  }
  o.trainer.limit_val_batches = {std::int64_t{2}};
  const Metrics limited = measure(o);
  TrainOptions first = options_of(letter_rows(16));
  EXPECT_EQ(limited, measure(first));
}

// By hand, and as trec_eval has it: recip_rank, success_1 and ndcg_cut_10 over queries.
TEST_F(ValidationTest, EveryPositiveOfAQuestionIsRight) {
  const TrainOptions o = options_of(
      "{\"question\": \"a\", \"pos_doc\": [\"b\"]}\n"
      "{\"question\": \"a\", \"pos_doc\": [\"c\"]}\n"
      "{\"question\": \"x\", \"pos_doc\": [\"y\", \"z\"], \"neg_doc\": [\"n\"]}\n");
  const TableEmbedder embedder({{"a", {1, 0}},
                                {"b", {0.8F, 0.6F}},
                                {"c", {0.96F, 0.28F}},
                                {"x", {0, 1}},
                                {"y", {0.28F, 0.96F}},
                                {"z", {1, 0}},
                                {"n", {0, 1}}});
  const Metrics metrics = measure(o, embedder);
  // a: z c b y n, of which c and b are right, z another's positive; x: n y b c z, y and z are
  // right.
  const double log3 = std::log2(3.0);
  const double ideal = 1 + 1 / log3;
  EXPECT_DOUBLE_EQ(value(metrics, "val_accuracy@1"), 0);
  EXPECT_DOUBLE_EQ(value(metrics, "val_mrr@10"), 0.5);
  EXPECT_DOUBLE_EQ(
      value(metrics, "val_ndcg@10"),
      ((1 / log3 + 1 / std::log2(4.0)) / ideal + (1 / log3 + 1 / std::log2(6.0)) / ideal) / 2);
}

TEST_F(ValidationTest, TheRankingIsThatOfTheRetrievalTask) {
  TrainOptions o = options_of(letter_rows(20) + letter_rows(3) +
                              "{\"question\": \"a d\", \"pos_doc\": [\"q\", \"r s\"], \"neg_doc\": "
                              "[\"d f\", \"t\"]}\n");
  o.model.data.hard_negatives_to_train = 1;
  const TrainingData data(o.model);
  const Learner trained = learner(o);
  const auto embedder = trained.embedder();
  const Metrics metrics = validate(*embedder, trained, data, o, {pool_});
  const RoleEmbedder source(*embedder, {.max_length = 32, .shows_progress = false}, {pool_});
  const Metrics task = run_task("retrieval", folder_ / "validation.jsonl", source).metrics;
  for (const char* name : {"accuracy@1", "mrr@10", "ndcg@10"})
    EXPECT_EQ(value(metrics, concat("val_", name)), value(task, name)) << name;
}

TEST_F(ValidationTest, BatchesWithoutHardNegativesAreNoPartOfALossOfThese) {
  TrainOptions o = options_of(
      "{\"question\": \"a\", \"pos_doc\": \"b\", \"neg_doc\": [\"c\"]}\n"
      "{\"question\": \"d\", \"pos_doc\": \"e\"}\n");
  o.model.loss.name = LossKind::kTriplet;
  o.model.global_batch_size = o.model.micro_batch_size = 1;
  const double both = value(measure(o), "val_loss");
  o.trainer.limit_val_batches = {std::int64_t{1}};
  EXPECT_EQ(value(measure(o), "val_loss"), both);
  TrainOptions none = options_of(
      "{\"question\": \"d\", \"pos_doc\": \"e\"}\n"
      "{\"question\": \"a\", \"pos_doc\": \"b\", \"neg_doc\": [\"c\"]}\n");
  none.model.loss.name = LossKind::kTriplet;
  none.model.global_batch_size = none.model.micro_batch_size = 1;
  EXPECT_EQ(value(measure(none), "val_loss"), both);
  none.trainer.limit_val_batches = {std::int64_t{1}};
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { measure(none); }),
              HasSubstr("needs hard negatives, and no validation row has any"));
}

TEST_F(ValidationTest, AModelOfManhattanDistanceIsMeasuredByTheCosine) {
  const TrainOptions o = options_of("{\"question\": \"a\", \"pos_doc\": \"b\"}\n");
  const std::map<std::string, std::vector<float>> rows{{"a", {1, 0}}, {"b", {0.8F, 0.6F}}};
  EXPECT_EQ(measure(o, TableEmbedder(rows, Similarity::kManhattan)),
            measure(o, TableEmbedder(rows, Similarity::kCosine)));
}

TEST_F(ValidationTest, VectorsOfARehearsalAreOfLengthOneAndTheSameEachTime) {
  const ModelCard card;
  const RehearsalEmbedder embedder(card, 5);
  const std::vector<std::string> texts{"a", "b", "a"};
  const FloatMatrix matrix = embedder.embed(texts, {});
  double length = 0;
  for (const float each : matrix.row(0))
    length += each * each;
  EXPECT_NEAR(length, 1, 1e-6);
  EXPECT_TRUE(std::ranges::equal(matrix.row(0), matrix.row(2)));
  EXPECT_FALSE(std::ranges::equal(matrix.row(0), matrix.row(1)));
}

}  // namespace
}  // namespace sbert
