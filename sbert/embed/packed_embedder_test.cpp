#include "sbert/embed/embedder.h"

#include <atomic>
#include <cmath>
#include <numeric>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/base/error.h"
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

TEST(EmbedTexts, TheOrderOfTheTextsIsKept) {
  const SentenceModel model = letter_model();
  const auto all = texts();
  const FloatMatrix together = embed_texts(model, all, {.threads = 2});
  ASSERT_EQ(together.rows, 40);
  ASSERT_EQ(together.columns, 32);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Tensor alone = embed_batch(model, pack({{model.tokenizer.encode(all[i], 64)}}), {});
    const auto row = together.row(static_cast<std::int64_t>(i));
    for (std::int64_t k = 0; k < 32; ++k) {
      EXPECT_NEAR(row[static_cast<std::size_t>(k)], alone[0][k].item<float>(), 1e-5)
          << "text " << i;
    }
  }
}

TEST(EmbedTexts, AVectorDoesNotDependOnTheBatchOrTheThreads) {
  const SentenceModel model = letter_model();
  const auto all = texts();
  const FloatMatrix reference = embed_texts(model, all, {.threads = 1});
  for (const EmbedOptions& options : {EmbedOptions{.batch_tokens = 1, .threads = 1},
                                      EmbedOptions{.batch_tokens = 50, .threads = 2},
                                      EmbedOptions{.batch_tokens = 100'000, .threads = 3}}) {
    EXPECT_EQ(embed_texts(model, all, options).values, reference.values);
  }
}

TEST(EmbedTexts, Int8VectorsAreCloseAndDoNotDependOnTheBatchEither) {
  const SentenceModel model = letter_model();
  const auto all = texts();
  const FloatMatrix exact = embed_texts(model, all, {});
  const auto int8 = InferencePrecision::kInt8;
  const FloatMatrix reference = embed_texts(model, all, {.threads = 1, .precision = int8});
  for (std::int64_t i = 0; i < exact.rows; ++i) {
    const auto a = exact.row(i);
    const auto b = reference.row(i);
    EXPECT_GT(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), 0.998) << "text " << i;
  }
  for (const EmbedOptions& options :
       {EmbedOptions{.batch_tokens = 1, .threads = 2, .precision = int8},
        EmbedOptions{.batch_tokens = 100'000, .threads = 1, .precision = int8}}) {
    EXPECT_EQ(embed_texts(model, all, options).values, reference.values);
  }
}

// A model in bfloat16, as in training, runs by its own encoder.
TEST(EmbedTexts, ModelsThatAreNotFloat32AreEmbeddedToo) {
  SentenceModel model = letter_model();
  const FloatMatrix exact = embed_texts(model, {"a b c"}, {});
  model.encoder.set_compute_precision(ComputePrecision::kBFloat16);
  const FloatMatrix low = embed_texts(model, {"a b c"}, {});
  EXPECT_NE(low.values, exact.values);
  EXPECT_GT(std::inner_product(low.values.begin(), low.values.end(), exact.values.begin(), 0.0),
            0.99);
  EXPECT_THROW(embed_texts(model, {"a"}, {.precision = InferencePrecision::kInt8}), Error);
}

TEST(Embedder, CanBeAskedAgain) {
  const SentenceModel model = letter_model();
  const Embedder embedder(model, {});
  EXPECT_EQ(embedder({"a b"}).values, embedder({"a b"}).values);
  EXPECT_EQ(embedder({"a b"}).values, embed_texts(model, {"a b"}, {}).values);
}

TEST(EmbedTexts, VectorsHaveLengthOneIfTheModelSaysSo) {
  SentenceModel model = letter_model();
  const auto length = [&] {
    const FloatMatrix matrix = embed_texts(model, {"a b c"}, {});
    double squares = 0;
    for (const float x : matrix.values)
      squares += static_cast<double>(x) * x;
    return std::sqrt(squares);
  };
  EXPECT_NEAR(length(), 1.0, 1e-6);
  model.normalize = false;
  EXPECT_GT(std::abs(length() - 1.0), 1e-3);
}

TEST(EmbedTexts, ThePromptStandsBeforeEachText) {
  const SentenceModel model = letter_model();
  EXPECT_EQ(embed_texts(model, {"x y"}, {.prompt = "q "}).values,
            embed_texts(model, {"q x y"}, {}).values);
}

TEST(EmbedTexts, LongTextsAreCut) {
  const SentenceModel model = letter_model();
  EXPECT_EQ(embed_texts(model, {"a b c d e f"}, {.max_length = 5}).values,
            embed_texts(model, {"a b c"}, {}).values);
  EXPECT_NO_THROW(embed_texts(model, {std::string(10'000, ' ') + std::string(10'000, 'a')}, {}));
  try {
    embed_texts(model, {"a"}, {.max_length = 65});
    FAIL() << "more tokens than the model has positions";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("65 > 64"));
  }
}

TEST(EmbedTexts, ProgressCountsEveryTextOnce) {
  std::atomic<std::int64_t> count = 0;
  embed_texts(letter_model(), texts(),
              {.threads = 2, .on_progress = [&](std::int64_t n) { count += n; }});
  EXPECT_EQ(count, 40);
}

TEST(EmbedTexts, NoTextsGiveNoRows) {
  const FloatMatrix matrix = embed_texts(letter_model(), {}, {});
  EXPECT_EQ(matrix.rows, 0);
  EXPECT_EQ(matrix.columns, 32);
}

}  // namespace
}  // namespace sbert
