#include "sbert/mine/text_vectors.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/mine/test_folder.h"

namespace sbert {
namespace {

// The vector of a text is a factor times its length, and 1. Counts the texts that are embedded.
class LengthEmbedder final : public TextEmbedder {
 public:
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    call.stop.throw_if_stopped();
    FloatMatrix rows(std::ssize(texts), 2);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      rows.row(static_cast<std::int64_t>(i))[0] = factor * static_cast<float>(texts[i].size());
      rows.row(static_cast<std::int64_t>(i))[1] = 1;
    }
    most_texts = std::max(most_texts, rows.rows);
    if (call.on_progress) num_embedded += rows.rows;  // not the texts that tell models apart
    return rows;
  }
  std::int64_t width() const override { return 2; }
  const ModelCard& card() const override { return model_card; }
  bool normalizes() const override { return false; }
  int num_processes() const override { return processes; }

  float factor = 1;
  int processes = 1;
  ModelCard model_card{.prompts = {}, .default_prompt_name = {}, .similarity = Similarity::kDot};
  mutable std::int64_t num_embedded = 0;
  mutable std::int64_t most_texts = 0;
};

class TextVectors : public FolderTest {
 protected:
  TextVectors() { set_quiet(true); }

  VectorFile embed(const TextVectorOptions& options, std::int64_t count = 3) const {
    return embed_into_file(
        folder_ / "v", embedder_, count,
        [](std::int64_t row) { return std::string(static_cast<std::size_t>(row % 100), 'x'); }, 7,
        options);
  }
  // How many texts a run with these options embeds.
  std::int64_t embedded_by(const TextVectorOptions& options) const {
    embedder_.num_embedded = 0;
    embed(options);
    return embedder_.num_embedded;
  }

  LengthEmbedder embedder_;
};

TEST_F(TextVectors, AreThoseOfTheTexts) {
  const VectorFile file = embed({});
  std::vector<float> row(2);
  file.read(2, row);
  EXPECT_THAT(row, testing::ElementsAre(2, 1));
  EXPECT_EQ(file.written(), 3);
}

TEST_F(TextVectors, HaveLengthOneForTheCosine) {
  embedder_.model_card.similarity = Similarity::kCosine;
  std::vector<float> row(2);
  embed({}).read(1, row);
  EXPECT_NEAR(row[0], std::sqrt(0.5F), 1e-6);
}

TEST_F(TextVectors, AreKeptForTheSameModelAndOptionsOnly) {
  EXPECT_EQ(embedded_by({}), 3);
  EXPECT_EQ(embedded_by({}), 0);
  EXPECT_EQ(embedded_by({.chunk_bytes = 1'000}), 0);
  EXPECT_EQ(embedded_by({.prompt = "q: "}), 3);
  EXPECT_EQ(embedded_by({.prompt = "q: ", .max_length = 100}), 3);
  EXPECT_EQ(embedded_by({.model_key = 1}), 3);
  EXPECT_EQ(embedded_by({.model_key = 1}), 0);
  EXPECT_EQ(embedded_by({.model_key = 2}), 3);
  embedder_.factor = 2;  // other weights
  EXPECT_EQ(embedded_by({.model_key = 2}), 3);
  embedder_.model_card.similarity = Similarity::kCosine;
  EXPECT_EQ(embedded_by({.model_key = 2}), 3);
}

TEST_F(TextVectors, TheModelsOwnLengthIsTheSameAsNone) {
  EXPECT_EQ(embedded_by({}), 3);
  EXPECT_EQ(embedded_by({.max_length = embedder_.model_card.max_length}), 0);
}

TEST_F(TextVectors, AreEmbeddedInChunksThatGrowWithTheProcesses) {
  embed({}, 10'000);
  EXPECT_EQ(embedder_.most_texts, 4'096);
  embedder_.processes = 2;
  embed({.prompt = "other"}, 10'000);
  EXPECT_EQ(embedder_.most_texts, 8'192);
  embedder_.most_texts = 0;
  embed({.prompt = "third", .chunk_bytes = 800}, 1'000);
  EXPECT_LE(embedder_.most_texts, 100);
}

TEST_F(TextVectors, AStopEndsTheWork) {
  StopSource stop;
  stop.request_stop();
  EXPECT_THROW(embed({.stop = stop.token()}), Error);
}

}  // namespace
}  // namespace sbert
