#include "sbert/embed/embedding_service.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/letter_model.h"
#include "tests/support/on_each_rank.h"

namespace sbert {
namespace {

std::vector<std::string> texts_of(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(1 + i % 9), 'a') + " b c");
  return texts;
}

// Rank 0 does `lead`, the others embed for it.
void with_service(int size, const std::function<void(const EmbeddingService&)>& lead) {
  const SentenceModel model = letter_model();  // random numbers are torch's, one after another
  on_each_rank(size, [&](ProcessGroup& group) {
    if (group.is_leader()) {
      const EmbeddingService service(group);
      lead(service);
    } else {
      embed_for_leader(model, {.threads = 1}, group);
    }
  });
}

TEST(EmbeddingService, TheLeaderGetsWhatItWouldEmbedAlone) {
  const SentenceModel model = letter_model();
  for (const int size : {1, 2, 3}) {
    with_service(size, [&](const EmbeddingService& service) {
      for (const int count : {7, 1, 0, 20}) {
        for (const char* prompt : {"", "x y: "}) {
          const EmbedOptions alone{.prompt = prompt, .max_length = 6, .threads = 1};
          EmbedOptions shared = alone;
          shared.service = &service;
          EXPECT_EQ(embed_texts(model, texts_of(count), shared).values,
                    embed_texts(model, texts_of(count), alone).values)
              << size << " processes, " << count << " texts";
        }
      }
    });
  }
}

TEST(EmbeddingService, TheOthersGoWhenTheLeaderNeedsThemNoMore) {
  with_service(3, [](const EmbeddingService&) {});  // would wait for ever
}

}  // namespace
}  // namespace sbert
