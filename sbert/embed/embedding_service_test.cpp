#include "sbert/embed/embedding_service.h"

#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "sbert/dist/free_port.h"
#include "sbert/dist/membership.h"
#include "sbert/dist/process_group.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

std::vector<std::string> texts_of(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(1 + i % 9), 'a') + " b c");
  return texts;
}

// Threads in the place of processes: rank 0 does `lead`, the others embed for it.
void with_service(int size, const std::function<void(const EmbeddingService&)>& lead) {
  const int port = free_port();
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      const auto group = connect({.rank = rank,
                                  .size = size,
                                  .local_rank = rank,
                                  .master_address = "127.0.0.1",
                                  .master_port = port},
                                 at::kCPU, 60);
      if (group->is_leader()) {
        const EmbeddingService service(*group);
        lead(service);
      } else {
        embed_for_leader(letter_model(), {.threads = 1}, *group);
      }
    });
  }
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
