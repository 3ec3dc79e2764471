#include "sbert/embed/packed_embedder.h"

#include <atomic>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/message_of.h"
#include "sbert/model/parameter_specs.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using Texts = std::vector<std::string>;

Texts texts() {
  Texts all;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int j = 0; j < (i * 7) % 23; ++j)
      text += std::string(1, static_cast<char>('a' + (i + j) % 26)) + " ";
    all.push_back(text);
  }
  return all;
}

FloatMatrix embed(const TextModel& model,
                  const Texts& all,
                  const EmbedCall& call = {},
                  const PackedEmbedderOptions& options = {},
                  int threads = 2) {
  const WorkerPool pool(threads);
  return PackedEmbedder(model, pool, options).embed(all, call);
}

double length_of(std::span<const float> row) {
  return std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
}

TEST(PackedEmbedder, TheOrderOfTheTextsIsKept) {
  const TextModel model = letter_model();
  const WorkerPool pool(2);
  const CpuEncoder encoder(model.encoder, model.weights, CpuPrecision::kFloat32, pool);
  const Texts all = texts();
  const FloatMatrix together = embed(model, all);
  ASSERT_EQ(together.rows, 40);
  ASSERT_EQ(together.columns, 32);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PackedBatch batch = pack({{model.tokenizer.encode(all[i], 64)}});
    std::vector<float> hidden(static_cast<std::size_t>(batch.num_tokens()) * 32);
    encoder.forward(batch, hidden.data());
    std::vector<double> mean(32);
    for (std::size_t j = 0; j < hidden.size(); ++j)
      mean[j % 32] += static_cast<double>(hidden[j]);
    const double length =
        std::sqrt(std::inner_product(mean.begin(), mean.end(), mean.begin(), 0.0));
    const auto row = together.row(static_cast<std::int64_t>(i));
    for (std::size_t k = 0; k < 32; ++k)
      EXPECT_NEAR(row[k], mean[k] / length, 4e-7) << "text " << i;  // sums of floats
  }
}

TEST(PackedEmbedder, AVectorDoesNotDependOnTheBatchOrTheThreads) {
  const TextModel model = letter_model();
  const Texts all = texts();
  const FloatMatrix reference = embed(model, all, {}, {}, 1);
  EXPECT_EQ(embed(model, all, {}, {.batch_tokens = 1}, 1).values, reference.values);
  EXPECT_EQ(embed(model, all, {}, {.batch_tokens = 50}, 2).values, reference.values);
  EXPECT_EQ(embed(model, all, {}, {.batch_tokens = 100'000}, 3).values, reference.values);
}

TEST(PackedEmbedder, Int8VectorsAreCloseAndDoNotDependOnTheBatchEither) {
  const TextModel model = letter_model();
  const Texts all = texts();
  const auto int8 = CpuPrecision::kInt8;
  const FloatMatrix exact = embed(model, all);
  const FloatMatrix reference = embed(model, all, {}, {.precision = int8}, 1);
  for (std::int64_t i = 0; i < exact.rows; ++i) {
    const auto a = exact.row(i);
    const auto b = reference.row(i);
    EXPECT_GT(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), 0.998) << "text " << i;
  }
  EXPECT_EQ(embed(model, all, {}, {.precision = int8, .batch_tokens = 1}, 2).values,
            reference.values);
  EXPECT_EQ(embed(model, all, {}, {.precision = int8, .batch_tokens = 100'000}, 1).values,
            reference.values);
}

// Of the letter x, which one text has.
TextModel model_with_a_letter_of_nan() {
  constexpr std::int64_t kX = 5 + 'x' - 'a';
  TextModel model = letter_model();
  Weight& words = model.weights.front();
  std::vector<float> values(words.floats(), words.floats() + words.num_elements());
  values[static_cast<std::size_t>(kX * 32)] = NAN;
  words = make_weight(words.name, words.shape, values);
  return model;
}

TEST(PackedEmbedder, AVectorThatIsNotFiniteNamesItsText) {
  const TextModel model = model_with_a_letter_of_nan();
  for (const CpuPrecision precision : {CpuPrecision::kFloat32, CpuPrecision::kInt8}) {
    const PackedEmbedderOptions options{.precision = precision};
    EXPECT_EQ(embed(model, {"a b", "c"}, {}, options).rows, 2);
    EXPECT_EQ(
        message_of(ErrorKind::kInput, [&] { embed(model, {"a", "b\nx", "x c"}, {}, options); }),
        "the model's embedding of a text is not finite: \"b x\"");
  }
}

TEST(PackedEmbedder, CanBeAskedAgain) {
  const WorkerPool pool(2);
  const TextModel model = letter_model();
  const PackedEmbedder embedder(model, pool);
  const Texts text{"a b"};
  const FloatMatrix first = embedder.embed(text, {});
  embedder.embed(texts(), {});
  EXPECT_EQ(embedder.embed(text, {}).values, first.values);
  EXPECT_EQ(embed(model, text).values, first.values);
}

// Only the tables are still there after the first packing: no call can pack again.
TEST(PackedEmbedder, PacksTheWeightsOnceAndLetsThemGo) {
  const WorkerPool pool(2);
  TextModel model = letter_model();
  const std::vector<ParameterSpec> specs = parameter_specs(model.encoder);
  std::vector<std::weak_ptr<const void>> owners;
  for (const Weight& weight : model.weights)
    owners.emplace_back(weight.owner);
  model.head.dense.push_back(
      {.weight = make_weight("linear.weight", {5, 32}, std::vector<float>(160, 0.5F)),
       .bias = std::nullopt});
  const std::weak_ptr<const void> dense = model.head.dense[0].weight.owner;
  const PackedEmbedder embedder(std::move(model), pool);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool is_table = specs[i].role == ParameterRole::kWordEmbedding ||
                          specs[i].role == ParameterRole::kPositionEmbedding;
    EXPECT_EQ(owners[i].expired(), !is_table) << specs[i].name;
  }
  EXPECT_TRUE(dense.expired());
  const Texts text{"a b c"};
  const FloatMatrix first = embedder.embed(text, {});
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(embedder.embed(text, {}).values, first.values);
}

TEST(PackedEmbedder, TellsWhatItsModelIs) {
  const WorkerPool pool(1);
  TextModel model = letter_model();
  model.card.prompts = {{"query", "q "}};
  model.card.similarity = Similarity::kDot;
  model.head.normalizes = false;
  const PackedEmbedder embedder(model, pool);
  EXPECT_EQ(embedder.width(), 32);
  EXPECT_FALSE(embedder.normalizes());
  EXPECT_EQ(embedder.card().prompts, model.card.prompts);
  EXPECT_EQ(embedder.card().similarity, Similarity::kDot);
  EXPECT_EQ(embedder.num_processes(), 1);
  EXPECT_EQ(embedder.tokenizer().encode("a b", 64), model.tokenizer.encode("a b", 64));
}

TEST(PackedEmbedder, TheWidthIsThatOfTheLastDenseLayer) {
  TextModel model = letter_model();
  model.head.dense.push_back(
      {.weight = make_weight("linear.weight", {5, 32}, std::vector<float>(160, 0.5F)),
       .bias = std::nullopt});
  const FloatMatrix vectors = embed(model, {"a b", "c"});
  EXPECT_EQ(vectors.columns, 5);
  EXPECT_NEAR(length_of(vectors.row(1)), 1, 1e-6);
}

TEST(PackedEmbedder, VectorsHaveLengthOneIfTheModelSaysSo) {
  TextModel model = letter_model();
  EXPECT_NEAR(length_of(embed(model, {"a b c"}).values), 1.0, 1e-6);
  model.head.normalizes = false;
  EXPECT_GT(std::abs(length_of(embed(model, {"a b c"}).values) - 1.0), 1e-3);
}

TEST(PackedEmbedder, ThePromptIsPutBeforeEachText) {
  const TextModel model = letter_model();
  EXPECT_EQ(embed(model, {"x y"}, {.prompt = "q "}).values, embed(model, {"q x y"}).values);
}

TEST(PackedEmbedder, LongTextsAreCut) {
  const TextModel model = letter_model();
  EXPECT_EQ(embed(model, {"a b c d e f"}, {.prompt = {}, .max_length = 5}).values,
            embed(model, {"a b c"}).values);
  EXPECT_NO_THROW(embed(model, {std::string(10'000, ' ') + std::string(10'000, 'a')}));
  try {
    embed(model, {"a"}, {.prompt = {}, .max_length = 65});
    FAIL() << "more tokens than the model has positions";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("65 > 64"));
  }
}

TEST(PackedEmbedder, PromptAndLengthBelongToTheCall) {
  const WorkerPool pool(2);
  const TextModel model = letter_model();
  const PackedEmbedder embedder(model, pool);
  const Texts text{"a b c d"};
  const FloatMatrix plain = embedder.embed(text, {});
  EXPECT_EQ(embedder.embed(text, {.prompt = "q ", .max_length = 4}).values,
            embed(model, {"q a"}).values);
  EXPECT_EQ(embedder.embed(text, {}).values, plain.values);
}

TEST(PackedEmbedder, ProgressCountsEveryTextOnce) {
  std::atomic<std::int64_t> count = 0;
  embed(letter_model(), texts(),
        {.prompt = {}, .on_progress = [&](std::int64_t n) { count += n; }});
  EXPECT_EQ(count, 40);
}

TEST(PackedEmbedder, NoTextsGiveNoRows) {
  const FloatMatrix matrix = embed(letter_model(), {});
  EXPECT_EQ(matrix.rows, 0);
  EXPECT_EQ(matrix.columns, 32);
}

TEST(PackedEmbedder, ModelsThatTheCpuCannotRunAreRefusedByField) {
  TextModel model = letter_model();
  model.encoder.layers[1].attention.rope.emplace();
  try {
    embed(model, {"a"});
    FAIL() << "rotary positions";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("layers.1.attention.rope: "));
  }
}

// Two models, two threads and one pool: each gets what it gets alone.
TEST(PackedEmbedder, TwoThreadsEmbedAtOnceWithTwoModels) {
  const WorkerPool pool(2);
  TextModel other = letter_model();
  other.weights = random_weights(other.encoder, 9);
  const PackedEmbedder a(letter_model(), pool);
  const PackedEmbedder b(other, pool, {.precision = CpuPrecision::kInt8, .batch_tokens = 60});
  const Texts all = texts();
  const std::vector<const PackedEmbedder*> embedders{&a, &b};
  const std::vector<FloatMatrix> alone{a.embed(all, {}), b.embed(all, {})};
  EXPECT_NE(alone[0].values, alone[1].values);
  std::vector<int> wrong(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 20; ++round)
          wrong[i] += embedders[i % 2]->embed(all, {}).values == alone[i % 2].values ? 0 : 1;
      });
    }
  }
  EXPECT_EQ(wrong, (std::vector<int>{0, 0, 0, 0}));
}

TEST(PackedEmbedder, AStopEndsItsOwnCallAlone) {
  const WorkerPool pool(2);
  const PackedEmbedder embedder(letter_model(), pool, {.batch_tokens = 1});
  const Texts all = texts();
  const FloatMatrix reference = embedder.embed(all, {});
  StopSource source;
  FloatMatrix other;
  std::jthread thread([&] { other = embedder.embed(all, {}); });
  try {
    embedder.embed(all, {.prompt = {}, .stop = source.token(), .on_progress = [&](std::int64_t) {
                           source.request_stop();
                         }});
    FAIL() << "it was asked to stop after its first batch";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
  thread.join();
  EXPECT_EQ(other.values, reference.values);
  EXPECT_EQ(embedder.embed(all, {}).values, reference.values);
}

}  // namespace
}  // namespace sbert
