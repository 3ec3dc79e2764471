#include "sbert/eval/model_embeddings.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/embed/embedder.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

const std::vector<std::string> kTexts{"a b c", "d", ""};

SentenceModel model_with_prompts() {
  SentenceModel model = letter_model();
  model.prompts = {{"query", "q "}, {"passage", "p "}, {"other", "o "}, {"plain", "s "}};
  model.default_prompt_name = "plain";
  return model;
}

TEST(ModelEmbeddings, EachRoleHasItsPrompt) {
  set_quiet(true);
  const SentenceModel model = model_with_prompts();
  ModelEmbeddings embeddings(model);
  for (const auto& [role, prompt] : {std::pair{TextRole::kQuery, "q "},
                                     {TextRole::kDocument, "p "},
                                     {TextRole::kSymmetric, "s "}}) {
    EXPECT_EQ(embeddings.prompt(role), prompt);
    EXPECT_EQ(embeddings.embed(kTexts, role).values,
              embed_texts(model, kTexts, {.prompt = prompt}).values);
  }
  EXPECT_EQ(embeddings.similarity(), "cosine");
  EXPECT_EQ(embeddings.columns(), 32);
  EXPECT_EQ(embeddings.max_length(), 64);
}

TEST(ModelEmbeddings, PromptsAndLengthCanBeChosen) {
  set_quiet(true);
  const SentenceModel model = model_with_prompts();
  ModelEmbeddings embeddings(model, {.query_prompt_name = "other",
                                     .document_prompt_name = "query",
                                     .prompt_name = "passage",
                                     .max_length = 3});
  EXPECT_EQ(embeddings.prompt(TextRole::kQuery), "o ");
  EXPECT_EQ(embeddings.prompt(TextRole::kDocument), "q ");
  EXPECT_EQ(embeddings.prompt(TextRole::kSymmetric), "p ");
  EXPECT_EQ(embeddings.max_length(), 3);
  EXPECT_EQ(embeddings.embed(kTexts, TextRole::kQuery).values,
            embed_texts(model, kTexts, {.prompt = "o ", .max_length = 3}).values);
  EXPECT_THAT(
      message_of(ErrorKind::kUsage, [&] { ModelEmbeddings(model, {.prompt_name = "none"}); }),
      testing::HasSubstr("none"));
}

TEST(ModelEmbeddings, AVectorThatIsNotFiniteNamesItsText) {
  set_quiet(true);
  const SentenceModel model = letter_model();
  for (const NamedTensor& parameter : model.encoder.parameters()) {
    if (parameter.name.find("word_embeddings") == std::string::npos) continue;
    parameter.tensor[5 + 'z' - 'a'].fill_(std::numeric_limits<float>::quiet_NaN());
  }
  ModelEmbeddings embeddings(model);
  EXPECT_EQ(message_of(ErrorKind::kInput,
                       [&] { embeddings.embed({"a b", "x\ny z", "c"}, TextRole::kSymmetric); }),
            "the model's embedding of a text is not finite: \"x y z\"");
}

TEST(CheckFinite, SeesInfinitiesAndNansAtEachEnd) {
  for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t column : {0, 2}) {
      FloatMatrix matrix(2, 3);
      EXPECT_NO_THROW(check_finite(matrix, {"first", "second"}));
      matrix.row(1)[column] = value;
      EXPECT_THAT(message_of(ErrorKind::kInput, [&] { check_finite(matrix, {"first", "second"}); }),
                  testing::HasSubstr("\"second\""));
    }
  }
}

TEST(Excerpt, IsCutBetweenCharacters) {
  EXPECT_EQ(excerpt("short"), "short");
  EXPECT_EQ(excerpt(std::string(80, 'a')), std::string(80, 'a'));
  EXPECT_EQ(excerpt(std::string(81, 'a')), std::string(80, 'a') + "...");
  EXPECT_EQ(excerpt(std::string(79, 'a') + "\xC3\xA4z"), std::string(79, 'a') + "...");
  EXPECT_EQ(excerpt("a\tb\nc"), "a b c");
}

}  // namespace
}  // namespace sbert
