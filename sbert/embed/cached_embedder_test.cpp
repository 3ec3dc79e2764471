#include "sbert/embed/cached_embedder.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/packed_embedder.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The vector of a text is the length of prompt and text, and the text's first byte.
class CountingEmbedder final : public TextEmbedder {
 public:
  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    const std::scoped_lock lock(mutex_);
    if (++num_calls == fail_at_call) fail(ErrorKind::kCancelled, "stopped");
    FloatMatrix rows(std::ssize(texts), 2);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto row = rows.row(static_cast<std::int64_t>(i));
      row[0] = static_cast<float>(call.prompt.size() + texts[i].size());
      row[1] = texts[i].empty() ? -1.0F : static_cast<float>(texts[i][0]);
      encoded.push_back(texts[i].substr(0, 10));
    }
    if (call.on_progress) call.on_progress(rows.rows);
    return rows;
  }
  std::int64_t width() const override { return 2; }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return true; }
  int num_processes() const override { return 3; }

  mutable std::vector<std::string> encoded;
  mutable int num_calls = 0;
  int fail_at_call = -1;

 private:
  mutable std::mutex mutex_;
  ModelCard card_{.prompts = {}, .default_prompt_name = {}, .max_length = 64};
};

class CachedEmbedderTest : public testing::Test {
 protected:
  CachedEmbedderTest()
      : folder_(fs::path(testing::TempDir()) /
                (std::string("cache_") +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    set_quiet(true);
  }
  ~CachedEmbedderTest() override { fs::remove_all(folder_); }

  CachedEmbedder cached(const std::string& model = "model") const {
    return {inner_, {content_hash(model), "model: of the test\n"}, folder_};
  }

  static std::vector<float> values(const TextEmbedder& embedder,
                                   const std::vector<std::string>& texts,
                                   const EmbedCall& call = {}) {
    return embedder.embed(texts, call).values;
  }

  // Any files will do: their bytes are what counts.
  void write_model_files() const {
    fs::create_directories(folder_ / "model");
    std::ofstream(folder_ / "model/config.json") << "{}";
    std::ofstream(folder_ / "model/model.safetensors") << "weights";
  }

  fs::path folder_;
  CountingEmbedder inner_;
};

TEST_F(CachedEmbedderTest, WhatIsThereIsNotEncodedAgain) {
  EXPECT_THAT(values(cached(), {"a", "bb", ""}), ElementsAre(1, 'a', 2, 'b', 0, -1));
  inner_.encoded.clear();
  const CachedEmbedder again = cached();
  EXPECT_THAT(values(again, {"a", "bb", ""}), ElementsAre(1, 'a', 2, 'b', 0, -1));
  EXPECT_THAT(inner_.encoded, IsEmpty());
  EXPECT_THAT(values(again, {"ccc", "bb", "a"}), ElementsAre(3, 'c', 2, 'b', 1, 'a'));
  EXPECT_THAT(inner_.encoded, ElementsAre("ccc"));
}

TEST_F(CachedEmbedderTest, EqualTextsAreEncodedOnce) {
  const CachedEmbedder embedder = cached();
  EXPECT_THAT(values(embedder, {"a", "bb", "a", "a"}), ElementsAre(1, 'a', 2, 'b', 1, 'a', 1, 'a'));
  EXPECT_THAT(inner_.encoded, ElementsAre("a", "bb"));
  EXPECT_THAT(values(embedder, {"a", "a"}), ElementsAre(1, 'a', 1, 'a'));
  EXPECT_THAT(inner_.encoded, ElementsAre("a", "bb"));
}

TEST_F(CachedEmbedderTest, NoTextsAreNoWork) {
  EXPECT_EQ(cached().embed({}, {}).rows, 0);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(CachedEmbedderTest, AModelPromptOrLengthHasItsOwn) {
  EXPECT_THAT(values(cached("one"), {"a"}), ElementsAre(1, 'a'));
  const CachedEmbedder two = cached("two");
  EXPECT_THAT(values(two, {"a"}), ElementsAre(1, 'a'));
  EXPECT_THAT(values(two, {"a"}, {.prompt = "q "}), ElementsAre(3, 'a'));
  EXPECT_THAT(values(two, {"a"}, {.max_length = 63}), ElementsAre(1, 'a'));
  EXPECT_EQ(inner_.encoded.size(), 4U);
  // 64 is the model's own.
  EXPECT_THAT(values(two, {"a"}, {.max_length = 64}), ElementsAre(1, 'a'));
  EXPECT_THAT(values(cached("two"), {"a"}, {.prompt = "q "}), ElementsAre(3, 'a'));
  EXPECT_EQ(inner_.encoded.size(), 4U);
}

TEST_F(CachedEmbedderTest, ProgressCountsEachRowOnce) {
  const CachedEmbedder embedder = cached();
  values(embedder, {"known"});
  std::atomic<std::int64_t> rows = 0;
  const EmbedCall call{.on_progress = [&](std::int64_t count) { rows += count; }};
  values(embedder, {"known", "a", "a", "known", "b"}, call);
  EXPECT_EQ(rows, 5);
}

TEST_F(CachedEmbedderTest, PassesOnWhatTheModelIs) {
  const CachedEmbedder embedder = cached();
  EXPECT_EQ(embedder.width(), 2);
  EXPECT_EQ(&embedder.card(), &inner_.card());
  EXPECT_TRUE(embedder.normalizes());
  EXPECT_EQ(embedder.num_processes(), 3);
}

TEST_F(CachedEmbedderTest, AStopLeavesThePiecesBefore) {
  // Each text is longer than a piece.
  std::vector<std::string> texts;
  for (const char c : {'a', 'b', 'c'})
    texts.emplace_back(64U << 20, c);
  inner_.fail_at_call = 3;
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { values(cached(), texts); }), "stopped");
  inner_.encoded.clear();
  values(cached(), texts);
  EXPECT_THAT(inner_.encoded, ElementsAre("cccccccccc"));
}

TEST_F(CachedEmbedderTest, AStopEndsTheReadingOfTheCache) {
  values(cached(), {"a"});
  StopSource source;
  source.request_stop();
  EXPECT_THROW(values(cached(), {"a"}, {.stop = source.token()}), Error);
}

TEST_F(CachedEmbedderTest, ACacheThatCannotBeWrittenOnlyWarns) {
  std::ofstream(folder_.string()) << "a file";
  const CachedEmbedder embedder = cached();
  testing::internal::CaptureStderr();
  EXPECT_THAT(values(embedder, {"a"}), ElementsAre(1, 'a'));
  EXPECT_THAT(values(embedder, {"b"}), ElementsAre(1, 'b'));
  const std::string warning = testing::internal::GetCapturedStderr();
  const std::string expected = "the embedding cache cannot be written; continuing without it: ";
  ASSERT_THAT(warning, HasSubstr(expected));
  EXPECT_EQ(warning.find(expected), warning.rfind(expected));
}

TEST_F(CachedEmbedderTest, ThreadsMayShareIt) {
  const CachedEmbedder embedder = cached();
  std::atomic<int> num_wrong = 0;
  WorkerPool(4).for_each(64, [&](std::size_t task) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 20; ++i)
      texts.emplace_back((task + i) % 30 + 1, static_cast<char>('a' + (task + i) % 20));
    const std::vector<float> found = values(embedder, texts, {.prompt = task % 2 ? "q " : ""});
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::size_t length = texts[i].size() + (task % 2 ? 2 : 0);
      if (found[2 * i] != static_cast<float>(length)) ++num_wrong;
    }
  });
  EXPECT_EQ(num_wrong, 0);
}

TEST_F(CachedEmbedderTest, TheFolderTellsPeopleWhatItIs) {
  values(cached(), {"a"}, {.prompt = "q ", .max_length = 7});
  const auto entry = fs::directory_iterator(folder_);
  std::ifstream about(entry->path() / "about.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(about, line);)
    lines.push_back(line);
  EXPECT_THAT(lines, ElementsAre("model: of the test", "max_length: 7", "prompt: q "));
}

TEST_F(CachedEmbedderTest, AModelOnDiskIsKnownByContentAndPrecision) {
  write_model_files();
  const auto identity = [&](std::string_view precision) {
    return identity_of_model(folder_ / "model", precision, folder_ / "models").hash;
  };
  const ContentHash usual = identity("32");
  EXPECT_EQ(identity("32"), usual);
  EXPECT_NE(identity("bf16"), usual);
  std::ofstream(folder_ / "model/config.json", std::ios::app) << "\n";
  EXPECT_NE(identity("32"), usual);
}

TEST_F(CachedEmbedderTest, OfAModelAreTheModelsOwn) {
  write_model_files();
  const WorkerPool pool(2);
  const PackedEmbedder embedder(letter_model(), pool);
  const std::vector<std::string> texts{"a b", "c d e", "a b"};
  const std::vector<float> expected = values(embedder, texts, {.prompt = "q "});
  for (int i = 0; i < 2; ++i) {
    const CachedEmbedder cache(embedder, folder_ / "model", "32", folder_);
    EXPECT_EQ(values(cache, texts, {.prompt = "q "}), expected);
  }

  EXPECT_THAT(message_of(ErrorKind::kIo,
                         [&] { CachedEmbedder(embedder, folder_ / "none", "32", folder_); }),
              HasSubstr("No such file"));
}

TEST(DefaultEmbeddingCacheFolder, IsByTheEnvironment) {
  for (const char* name : {"SBERT_CACHE", "XDG_CACHE_HOME", "HOME"})
    ::unsetenv(name);
  EXPECT_THAT(message_of(ErrorKind::kUsage, [] { default_embedding_cache_folder(); }),
              HasSubstr("no folder for the embedding cache"));
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/home/me/.cache/sbert/embeddings");
  ::setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/cache/sbert/embeddings");
  ::setenv("SBERT_CACHE", "", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/cache/sbert/embeddings");
  ::setenv("SBERT_CACHE", "/ours", 1);
  EXPECT_EQ(default_embedding_cache_folder(), "/ours/embeddings");
  ::unsetenv("SBERT_CACHE");
  ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace sbert
