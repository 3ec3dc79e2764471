#include "sbert/embed/batch_plan.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/error.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TokenLists lists_of(const std::vector<std::size_t>& lengths) {
  TokenLists lists;
  for (const std::size_t length : lengths)
    lists.emplace_back(length, 1);
  return lists;
}

std::vector<std::vector<std::size_t>> planned(const std::vector<std::size_t>& lengths,
                                              std::int64_t budget) {
  std::vector<std::size_t> order;
  std::vector<std::vector<std::size_t>> batches;
  for (const auto batch : plan_batches(lists_of(lengths), order, budget))
    batches.emplace_back(batch.begin(), batch.end());
  return batches;
}

TEST(PlanBatches, TextsOfLikeLengthsShareABatch) {
  EXPECT_THAT(planned({2, 5, 3, 5, 1}, 8),
              ElementsAre(ElementsAre(1), ElementsAre(3, 2), ElementsAre(0, 4)));
}

TEST(PlanBatches, ATextThatIsLongerThanTheBudgetIsABatch) {
  EXPECT_THAT(planned({2, 20, 2}, 4), ElementsAre(ElementsAre(1), ElementsAre(0, 2)));
}

TEST(PlanBatches, NoTextsGiveNoBatches) {
  EXPECT_TRUE(planned({}, 4).empty());
}

TEST(TokenBudget, IsTheOneWanted) {
  EXPECT_EQ(token_budget(lists_of({10, 10}), 7, 1'024, 2), 7);
}

TEST(TokenBudget, IsLowerWhereThatGivesEveryWorkerABatch) {
  EXPECT_EQ(token_budget(lists_of({10, 10}), 0, 1'024, 1), 21);
  EXPECT_EQ(token_budget(lists_of({10, 10}), 0, 1'024, 2), 11);
  EXPECT_EQ(token_budget(lists_of({1'000, 1'000, 1'000}), 0, 1'024, 2), 1'024);
}

TEST(MaxLengthOf, IsTheCallsOrTheModels) {
  const ModelCard card{.prompts = {}, .default_prompt_name = {}, .max_length = 64};
  EXPECT_EQ(max_length_of({}, card, 128), 64);
  EXPECT_EQ(max_length_of({.prompt = {}, .max_length = 128}, card, 128), 128);
  EXPECT_EQ(max_length_of({.prompt = {}, .max_length = 9'000}, card, 0), 9'000) << "no limit";
  try {
    max_length_of({.prompt = {}, .max_length = 129}, card, 128);
    FAIL() << "more tokens than the model has positions";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("max_length is above the model's positions: 129 > 128"));
  }
}

TEST(Tokenize, PutsThePromptBeforeEachTextAndCutsIt) {
  const Tokenizer tokenizer = letter_model().tokenizer;
  const WorkerPool pool(2);
  const std::vector<std::string> texts{"a b c", "", "d"};
  const TokenLists lists = tokenize(tokenizer, texts, {.prompt = "q "}, 5, pool);
  EXPECT_THAT(lists, ElementsAre(tokenizer.encode("q a b", 64), tokenizer.encode("q", 64),
                                 tokenizer.encode("q d", 64)));
}

TEST(Tokenize, TakesManyTextsInTheirOrder) {
  const Tokenizer tokenizer = letter_model().tokenizer;
  const WorkerPool pool(2);
  std::vector<std::string> texts;
  for (int i = 0; i < 1'000; ++i)
    texts.emplace_back(1, static_cast<char>('a' + i % 26));
  const TokenLists lists = tokenize(tokenizer, texts, {}, 8, pool);
  for (std::size_t i = 0; i < texts.size(); ++i)
    ASSERT_EQ(lists[i], tokenizer.encode(texts[i], 8)) << i;
}

TEST(Tokenize, StopsWhenItsCallIsStopped) {
  StopSource source;
  source.request_stop();
  const WorkerPool pool(1);
  const std::vector<std::string> texts{"a"};
  EXPECT_THROW(
      tokenize(letter_model().tokenizer, texts, {.prompt = {}, .stop = source.token()}, 8, pool),
      Error);
}

}  // namespace
}  // namespace sbert
