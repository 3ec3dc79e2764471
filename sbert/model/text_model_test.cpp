#include "sbert/model/text_model.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using Prompts = std::map<std::string, std::string>;

ModelCard card_with(const Prompts& prompts, const std::string& default_name = "") {
  ModelCard card;
  card.prompts = prompts;
  card.default_prompt_name = default_name;
  return card;
}

// As encode_document() of sentence-transformers 6.2 has it, but for an empty "document" beside a
// "passage".
TEST(DocumentPrompt, IsTheFirstOfDocumentPassageAndCorpus) {
  const auto prompt = [](const Prompts& prompts, const std::string& default_name = "") {
    return document_prompt(card_with(prompts, default_name), "");
  };
  EXPECT_EQ(prompt({{"document", "d: "}, {"passage", "p: "}, {"corpus", "c: "}}), "d: ");
  EXPECT_EQ(prompt({{"passage", "p: "}, {"corpus", "c: "}}), "p: ");
  EXPECT_EQ(prompt({{"document", ""}, {"passage", "p: "}}), "p: ");
  EXPECT_EQ(prompt({{"document", ""}, {"passage", ""}, {"corpus", "c: "}}), "");
  EXPECT_EQ(prompt({{"document", ""}, {"other", "o: "}}, "other"), "");
  EXPECT_EQ(prompt({{"corpus", "c: "}}), "c: ");
  EXPECT_EQ(prompt({{"other", "o: "}}, "other"), "o: ");
  EXPECT_EQ(prompt({}), "");
}

TEST(DocumentPrompt, IsTheOneThatIsNamed) {
  const ModelCard card = card_with({{"document", "d: "}, {"passage", "p: "}, {"x", "x: "}});
  EXPECT_EQ(document_prompt(card, "passage"), "p: ");
  EXPECT_EQ(document_prompt(card, "x"), "x: ");
  EXPECT_EQ(document_prompt(card_with({{"x", "x: "}}), "x"), "x: ");
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { document_prompt(card, "y"); }),
              testing::HasSubstr("no prompt of this name"));
}

TEST(PromptsToSave, HaveTheOneForDocumentsUnderBothNames) {
  const auto saved = [](const Prompts& prompts) { return prompts_to_save(card_with(prompts)); };
  EXPECT_EQ(saved({{"query", "q"}, {"passage", "p"}}),
            (Prompts{{"query", "q"}, {"passage", "p"}, {"document", "p"}}));
  EXPECT_EQ(saved({{"query", "q"}, {"document", "d"}}),
            (Prompts{{"query", "q"}, {"passage", "d"}, {"document", "d"}}));
  EXPECT_EQ(saved({{"passage", "p"}, {"document", ""}}),
            (Prompts{{"passage", "p"}, {"document", "p"}}));
  EXPECT_EQ(saved({{"passage", "p"}, {"document", "d"}}),
            (Prompts{{"passage", "p"}, {"document", "d"}}));
  EXPECT_EQ(saved({{"passage", ""}}), (Prompts{{"passage", ""}, {"document", ""}}));
  EXPECT_EQ(saved({{"query", "q"}}), (Prompts{{"query", "q"}}));
  EXPECT_EQ(saved({}), Prompts{});
}

}  // namespace
}  // namespace sbert
