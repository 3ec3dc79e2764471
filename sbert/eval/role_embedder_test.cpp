#include "sbert/eval/role_embedder.h"

#include <gmock/gmock.h>

#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/eval/table_embedder.h"

namespace sbert {
namespace {

const std::vector<std::string> kTexts{"a b c", "d"};

// Keeps the last call, and reports progress.
class CallKeeper final : public TextEmbedder {
 public:
  CallKeeper() {
    card_.prompts = {{"query", "q "}, {"passage", "p "}, {"other", "o "}, {"plain", "s "}};
    card_.default_prompt_name = "plain";
    card_.similarity = Similarity::kDot;
  }

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    last = call;
    call.stop.throw_if_stopped();
    if (call.on_progress) call.on_progress(std::ssize(texts));
    return {std::ssize(texts), width()};
  }
  std::int64_t width() const override { return 2; }
  const ModelCard& card() const override { return card_; }
  bool normalizes() const override { return false; }

  mutable EmbedCall last;

 private:
  ModelCard card_;
};

TEST(RoleEmbedder, EachRoleHasItsPrompt) {
  const CallKeeper embedder;
  const RoleEmbedder source = source_of(embedder);
  for (const auto& [role, prompt] : {std::pair{TextRole::kQuery, "q "},
                                     {TextRole::kDocument, "p "},
                                     {TextRole::kSymmetric, "s "}}) {
    EXPECT_EQ(source.prompt(role), prompt);
    EXPECT_EQ(source.embed(kTexts, role).rows, 2);
    EXPECT_EQ(embedder.last.prompt, prompt);
    EXPECT_EQ(embedder.last.max_length, 0);
  }
  EXPECT_EQ(source.similarity(), Similarity::kDot);
  EXPECT_EQ(&source.context().pool, &test_context().pool);
}

TEST(RoleEmbedder, PromptsAndLengthCanBeChosen) {
  const CallKeeper embedder;
  const RoleEmbedder source(embedder,
                            {.query_prompt_name = "other",
                             .document_prompt_name = "query",
                             .prompt_name = "passage",
                             .max_length = 3,
                             .shows_progress = false},
                            test_context());
  EXPECT_EQ(source.prompt(TextRole::kQuery), "o ");
  EXPECT_EQ(source.prompt(TextRole::kDocument), "q ");
  EXPECT_EQ(source.prompt(TextRole::kSymmetric), "p ");
  source.embed(kTexts, TextRole::kQuery);
  EXPECT_EQ(embedder.last.prompt, "o ");
  EXPECT_EQ(embedder.last.max_length, 3);
  EXPECT_THAT(message_of(ErrorKind::kUsage,
                         [&] { RoleEmbedder(embedder, {.prompt_name = "none"}, test_context()); }),
              testing::HasSubstr("none"));
}

TEST(RoleEmbedder, ProgressIsALineOrNone) {
  const CallKeeper embedder;
  source_of(embedder).embed(kTexts, TextRole::kQuery);
  EXPECT_EQ(embedder.last.on_progress, nullptr);
  set_quiet(true);
  RoleEmbedder(embedder, {}, test_context()).embed(kTexts, TextRole::kQuery);
  EXPECT_NE(embedder.last.on_progress, nullptr);
}

TEST(RoleEmbedder, AStopEndsTheEmbedding) {
  const CallKeeper embedder;
  StopSource stop;
  const RoleEmbedder source(embedder, {.shows_progress = false},
                            {test_context().pool, stop.token()});
  EXPECT_NO_THROW(source.embed(kTexts, TextRole::kQuery));
  stop.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { source.embed(kTexts, TextRole::kQuery); }),
            "interrupted");
}

}  // namespace
}  // namespace sbert
