#include "sbert/dist/shared_embedder.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

using testing::HasSubstr;

std::vector<std::string> texts_of(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(1 + i % 9), 'a') + " b c");
  return texts;
}

// Embeds a text as its length, the sum of its bytes and of the prompt's, the length it is cut to,
// and the number of its model; counts the texts.
class CountingEmbedder final : public TextEmbedder {
 public:
  explicit CountingEmbedder(float model = 0) : model_(model) {}

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    call.stop.throw_if_stopped();
    FloatMatrix result(std::ssize(texts), width());
    for (std::int64_t i = 0; i < result.rows; ++i) {
      const std::string text = call.prompt + texts[static_cast<std::size_t>(i)];
      float sum = 0;
      for (const char c : text)
        sum += static_cast<float>(c);
      const std::vector<float> values{static_cast<float>(text.size()), sum,
                                      static_cast<float>(call.max_length), model_};
      std::ranges::copy(values, result.row(i).begin());
    }
    if (call.on_progress) call.on_progress(result.rows);
    const auto is_long = [](const std::string& text) { return text.size() > 9; };
    if (call.on_tokenized) {
      call.on_tokenized({.texts = result.rows, .cut = std::ranges::count_if(texts, is_long)});
    }
    num_texts_ += result.rows;
    return result;
  }
  std::int64_t width() const override { return 4; }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return false; }
  std::int64_t num_texts() const { return num_texts_; }

 private:
  float model_;
  ModelCard card_{.prompts = {}, .default_prompt_name = "own"};
  mutable std::atomic<std::int64_t> num_texts_ = 0;
};

std::unique_ptr<CountingEmbedder> counting(float model = 0) {
  return std::make_unique<CountingEmbedder>(model);
}

// Rank 0 does `lead`, the others embed for it.
void with_leader(int size, const std::function<void(const LeaderEmbedder&)>& lead) {
  on_each_rank(size, [&](ProcessGroup& group) {
    if (group.is_leader()) {
      lead(LeaderEmbedder(counting(), group));
    } else {
      serve_embeddings(CountingEmbedder(), group);
    }
  });
}

TEST(SharedEmbedder, EachProcessGetsWhatOneWouldAndEmbedsItsPart) {
  const FloatMatrix expected = CountingEmbedder().embed(texts_of(20), {.max_length = 6});
  for (const int size : {1, 2, 3}) {
    std::atomic<std::int64_t> total = 0;
    on_each_rank(size, [&](ProcessGroup& group) {
      std::unique_ptr<CountingEmbedder> own = counting();
      const CountingEmbedder& inner = *own;
      const SharedEmbedder shared(std::move(own), group);
      EXPECT_EQ(shared.num_processes(), size);
      EXPECT_EQ(shared.width(), 4);
      EXPECT_FALSE(shared.normalizes());
      EXPECT_EQ(shared.card().default_prompt_name, "own");
      EXPECT_EQ(shared.embed(texts_of(20), {.max_length = 6}).values, expected.values);
      EXPECT_LE(inner.num_texts(), 20 / size + 1);
      total += inner.num_texts();
    });
    EXPECT_EQ(total, 20);
  }
}

TEST(SharedEmbedder, ProgressCountsTheTextsOfAll) {
  on_each_rank(2, [](ProcessGroup& group) {
    std::int64_t count = 0;
    const EmbedCall call{.on_progress = [&](std::int64_t n) { count += n; }};
    SharedEmbedder(counting(), group).embed(texts_of(7), call);
    EXPECT_EQ(count, 7);
  });
}

TEST(SharedEmbedder, TextsThatAreCutAreThoseOfAll) {
  for (const int size : {1, 2, 3}) {
    on_each_rank(size, [](ProcessGroup& group) {
      TokenizedTexts count;
      const EmbedCall call{.on_tokenized = [&](const TokenizedTexts& some) { count = some; }};
      SharedEmbedder(counting(), group).embed(texts_of(20), call);
      EXPECT_EQ(count.texts, 20);
      EXPECT_EQ(count.cut, 8);
    });
  }
}

TEST(LeaderEmbedder, GetsWhatItWouldEmbedAlone) {
  for (const int size : {1, 2, 3}) {
    with_leader(size, [&](const LeaderEmbedder& leader) {
      EXPECT_EQ(leader.num_processes(), size);
      for (const int count : {7, 1, 0, 20}) {
        for (const char* prompt : {"", "x y: "}) {
          const EmbedCall call{.prompt = prompt, .max_length = 6};
          const FloatMatrix found = leader.embed(texts_of(count), call);
          EXPECT_EQ(found.rows, count);
          EXPECT_EQ(found.values, CountingEmbedder().embed(texts_of(count), call).values)
              << size << " processes, " << count << " texts";
        }
      }
    });
  }
}

TEST(LeaderEmbedder, ReleasesTheOthersWhenItEnds) {
  std::atomic<int> released = 0;
  std::atomic<int> served = 0;
  on_each_rank(3, [&](ProcessGroup& group) {
    if (group.is_leader()) {
      std::unique_ptr<CountingEmbedder> own = counting();
      const CountingEmbedder& inner = *own;
      const LeaderEmbedder leader(std::move(own), group);
      leader.embed(texts_of(30), {});
      served += static_cast<int>(inner.num_texts());
    } else {
      const CountingEmbedder inner;
      serve_embeddings(inner, group);
      ++released;
      served += static_cast<int>(inner.num_texts());
    }
  });
  EXPECT_EQ(released, 2);
  EXPECT_EQ(served, 30);
}

TEST(LeaderEmbedder, OfSeveralModelsEachIsServedUntilTheLastEnds) {
  std::mutex mutex;
  std::vector<std::int64_t> counts;
  on_each_rank(2, [&](ProcessGroup& group) {
    if (group.is_leader()) {
      const LeaderEmbedder leader_of_second(counting(2), group, 1);
      {
        const LeaderEmbedder leader_of_first(counting(1), group, 0);
        EXPECT_EQ(leader_of_first.embed(texts_of(3), {}).row(2)[3], 1);
        EXPECT_EQ(leader_of_second.embed(texts_of(3), {}).row(2)[3], 2);
      }
      EXPECT_EQ(leader_of_second.embed(texts_of(8), {}).row(7)[3], 2);
    } else {
      const CountingEmbedder first(1);
      const CountingEmbedder second(2);
      serve_embeddings(std::vector<const TextEmbedder*>{&first, &second}, group);
      const std::lock_guard lock(mutex);
      counts = {first.num_texts(), second.num_texts()};
    }
  });
  EXPECT_EQ(counts, (std::vector<std::int64_t>{1, 1 + 4}));
}

TEST(LeaderEmbedder, AStopOfAServingProcessCancelsIt) {
  std::atomic<int> cancelled = 0;
  on_each_rank(2, [&](ProcessGroup& group) {
    if (group.is_leader()) {
      const LeaderEmbedder leader(counting(), group);
      EXPECT_THAT(message_of(ErrorKind::kCancelled, [&] { leader.embed(texts_of(4), {}); }),
                  HasSubstr("interrupted"));
    } else {
      StopSource source;
      source.request_stop();
      try {
        run_collective(group, [&] { serve_embeddings(CountingEmbedder(), group, source.token()); });
      } catch (const Error& error) {
        cancelled += error.kind() == ErrorKind::kCancelled ? 1 : 0;
      }
    }
  });
  EXPECT_EQ(cancelled, 1);
}

}  // namespace
}  // namespace sbert
