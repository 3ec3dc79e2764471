#include "sbert/nn/torch_embedder.h"

#include <atomic>
#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/message_of.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::vector<std::string> texts() {
  std::vector<std::string> all;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int j = 0; j < (i * 7) % 23; ++j)
      text += std::string(1, static_cast<char>('a' + (i + j) % 26)) + " ";
    all.push_back(text);
  }
  return all;
}

struct Options {
  int threads = 2;
  std::int64_t batch_tokens = 0;
  ComputePrecision precision = ComputePrecision::kFloat32;
};

// What a TorchEmbedder needs beside it.
class Embedding {
 public:
  explicit Embedding(const TextModel& model, const Options& options = {})
      : tokenizer_(model.tokenizer),
        encoder_(
            model.encoder, model.weights, {.precision = options.precision}, c10::Device(c10::kCPU)),
        pool_(options.threads),
        embedder_(encoder_, tokenizer_, model.head, model.card, pool_, options.batch_tokens) {}

  const TorchEmbedder& operator*() const { return embedder_; }
  const TorchEncoder& encoder() const { return encoder_; }
  FloatMatrix embed(const std::vector<std::string>& all, const EmbedCall& call = {}) const {
    return embedder_.embed(all, call);
  }

 private:
  Tokenizer tokenizer_;
  TorchEncoder encoder_;
  WorkerPool pool_;
  TorchEmbedder embedder_;
};

TEST(TorchEmbedder, AVectorThatIsNotFiniteNamesItsText) {
  constexpr std::size_t kX = 5 + 'x' - 'a';
  TextModel model = letter_model();
  Weight& words = model.weights.front();
  std::vector<float> values(words.floats(), words.floats() + words.num_elements());
  values[kX * 32] = NAN;
  words = make_weight(words.name, words.shape, values);
  const Embedding subject(model);
  EXPECT_EQ(subject.embed({"a b", "c"}).rows, 2);
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { subject.embed({"a", "b x", "x c"}); }),
            "the model's embedding of a text is not finite: \"b x\"");
}

TEST(TorchEmbedder, TheOrderOfTheTextsIsKept) {
  const TextModel model = letter_model();
  const Embedding embedding(model);
  const auto all = texts();
  const FloatMatrix together = embedding.embed(all);
  ASSERT_EQ(together.rows, 40);
  ASSERT_EQ(together.columns, 32);
  const TorchHead head(model.head, c10::kCPU);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const PackedBatch batch = pack({{model.tokenizer.encode(all[i], 64)}});
    const Tensor alone = head(embedding.encoder().forward(batch, std::nullopt), batch);
    const auto row = together.row(static_cast<std::int64_t>(i));
    for (std::int64_t k = 0; k < 32; ++k) {
      EXPECT_NEAR(row[static_cast<std::size_t>(k)], alone[0][k].item<float>(), 1e-5)
          << "text " << i;
    }
  }
}

TEST(TorchEmbedder, OnTheCpuAVectorDoesNotDependOnTheBatchOrTheThreads) {
  const TextModel model = letter_model();
  const auto all = texts();
  const FloatMatrix reference = Embedding(model, {.threads = 1}).embed(all);
  for (const Options& options :
       {Options{.threads = 1, .batch_tokens = 1}, Options{.threads = 2, .batch_tokens = 50},
        Options{.threads = 3, .batch_tokens = 100}}) {
    EXPECT_EQ(Embedding(model, options).embed(all).values, reference.values);
  }
}

TEST(TorchEmbedder, RunsInThePrecisionOfTheRecipe) {
  const TextModel model = letter_model();
  const FloatMatrix exact = Embedding(model).embed({"a b c"});
  const FloatMatrix low =
      Embedding(model, {.precision = ComputePrecision::kBFloat16}).embed({"a b c"});
  EXPECT_NE(low.values, exact.values);
  double cosine = 0;
  for (std::size_t k = 0; k < low.values.size(); ++k)
    cosine += static_cast<double>(low.values[k]) * exact.values[k];
  EXPECT_GT(cosine, 0.99);
}

TEST(TorchEmbedder, TellsTheModelsWidthCardAndNorm) {
  TextModel model = letter_model();
  model.card.default_prompt_name = "q";
  EXPECT_EQ((*Embedding(model)).width(), 32);
  EXPECT_TRUE((*Embedding(model)).normalizes());
  EXPECT_EQ((*Embedding(model)).card().default_prompt_name, "q");
  model.head.normalizes = false;
  model.head.dense.push_back({.weight = make_weight("w", {3, 32}, std::vector<float>(96, 0.5F)),
                              .bias = std::nullopt,
                              .activation = Activation::kIdentity});
  const Embedding wider(model);
  EXPECT_EQ((*wider).width(), 3);
  EXPECT_FALSE((*wider).normalizes());
  EXPECT_EQ(wider.embed({"a b"}).columns, 3);
}

TEST(TorchEmbedder, PromptAndLengthBelongToTheCall) {
  const Embedding embedding(letter_model());
  EXPECT_EQ(embedding.embed({"x y"}, {.prompt = "q "}).values, embedding.embed({"q x y"}).values);
  EXPECT_EQ(embedding.embed({"a b c d e f"}, {.max_length = 5}).values,
            embedding.embed({"a b c"}).values);
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { embedding.embed({"a"}, {.max_length = 65}); }),
              HasSubstr("65 > 64"));
}

TEST(TorchEmbedder, ProgressCountsEveryTextOnce) {
  std::atomic<std::int64_t> count = 0;
  Embedding(letter_model()).embed(texts(), {.on_progress = [&](std::int64_t n) { count += n; }});
  EXPECT_EQ(count, 40);
}

TEST(TorchEmbedder, AStopCancelsTheCall) {
  StopSource source;
  source.request_stop();
  const Embedding embedding(letter_model());
  message_of(ErrorKind::kCancelled, [&] { embedding.embed(texts(), {.stop = source.token()}); });
}

TEST(TorchEmbedder, NoTextsGiveNoRows) {
  const FloatMatrix matrix = Embedding(letter_model()).embed({});
  EXPECT_EQ(matrix.rows, 0);
  EXPECT_EQ(matrix.columns, 32);
}

TEST(TorchEmbedder, SeveralThreadsMayCallItAtOnce) {
  const Embedding embedding(letter_model());
  const FloatMatrix reference = embedding.embed(texts());
  std::vector<FloatMatrix> found(3);
  std::vector<std::thread> callers;
  for (FloatMatrix& each : found)
    callers.emplace_back([&] { each = embedding.embed(texts()); });
  for (std::thread& each : callers)
    each.join();
  for (const FloatMatrix& each : found)
    EXPECT_EQ(each.values, reference.values);
}

}  // namespace
}  // namespace sbert
