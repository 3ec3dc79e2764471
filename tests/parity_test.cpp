// The embeddings of a real model, all-MiniLM-L6-v2, against Hugging Face's and against each other.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/data/text_lines.h"
#include "sbert/embed/npy.h"
#include "sbert/embed/packed_embedder.h"

namespace sbert {
namespace {

// A few units in the last place of the largest values: sums of floats in another order.
constexpr double kTolerance = 1e-6;

FloatMatrix embed(const TextModel& model,
                  const std::vector<std::string>& texts,
                  int threads,
                  std::int64_t batch_tokens = 0) {
  const WorkerPool pool(threads);
  return PackedEmbedder(model, pool, {.batch_tokens = batch_tokens}).embed(texts, {});
}

class Parity : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const char* folder = std::getenv("SBERT_TEST_MODEL");
    if (folder == nullptr || *folder == '\0') return;
    model_.emplace(load_model(folder));
    texts_ = read_texts(SBERT_GOLDEN "/embeddings/texts.jsonl");
    in_one_call_ = embed(*model_, texts_, 1);
  }
  static void TearDownTestSuite() { model_.reset(); }
  void SetUp() override {
    if (!model_) GTEST_SKIP() << "SBERT_TEST_MODEL is not set to the folder of MiniLM";
  }

  static inline std::optional<TextModel> model_;
  static inline std::vector<std::string> texts_;
  static inline FloatMatrix in_one_call_;
};

TEST_F(Parity, EmbeddingsAreThoseOfHuggingFaceInDouble) {
  const FloatMatrix golden = read_npy(SBERT_GOLDEN "/embeddings/minilm.npy");
  ASSERT_EQ(in_one_call_.rows, golden.rows);
  ASSERT_EQ(in_one_call_.columns, golden.columns);
  double largest = 0;
  for (std::int64_t row = 0; row < golden.rows; ++row) {
    for (std::int64_t column = 0; column < golden.columns; ++column) {
      const auto at = static_cast<std::size_t>(column);
      const double difference =
          std::abs(static_cast<double>(golden.row(row)[at]) - in_one_call_.row(row)[at]);
      EXPECT_LE(difference, kTolerance) << "text " << row << ", column " << column;
      largest = std::max(largest, difference);
    }
  }
  std::printf("largest difference from Hugging Face: %.2e\n", largest);
}

TEST_F(Parity, TextsOneByOneHaveTheSameBits) {
  const WorkerPool pool(1);
  const PackedEmbedder embedder(*model_, pool);
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const FloatMatrix alone = embedder.embed(std::span(texts_).subspan(i, 1), {});
    EXPECT_TRUE(std::ranges::equal(alone.row(0), in_one_call_.row(static_cast<std::int64_t>(i))))
        << "text " << i;
  }
}

TEST_F(Parity, OneBatchOfAllAndManySmallOnesHaveTheSameBits) {
  for (const std::int64_t batch_tokens : {100'000, 64}) {
    EXPECT_EQ(embed(*model_, texts_, 1, batch_tokens).values, in_one_call_.values)
        << batch_tokens << " tokens";
  }
}

TEST_F(Parity, TwoThreadsGiveTheSameBits) {
  EXPECT_EQ(embed(*model_, texts_, 2).values, in_one_call_.values);
}

TEST_F(Parity, NemoArchiveGivesTheSameBits) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / concat("parity-", ::getpid(), ".nemo");
  save_model(*model_, path, ModelFormat::kNemo);
  const FloatMatrix again = embed(load_model(path), texts_, 1);
  std::filesystem::remove(path);
  EXPECT_EQ(again.values, in_one_call_.values);
}

}  // namespace
}  // namespace sbert
