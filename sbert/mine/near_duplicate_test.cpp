#include "sbert/mine/near_duplicate.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/random.h"

namespace sbert {
namespace {

double resemblance_of(std::string_view a, std::string_view b) {
  return resemblance(sketch_of(a), sketch_of(b));
}

// By the definition, over texts that are their own word form.
double exact_jaccard(const std::string& a, const std::string& b) {
  const auto grams = [](const std::string& text) {
    const std::string padded = concat("  ", text, "  ");
    std::set<std::string> result;
    for (std::size_t i = 0; i + 5 <= padded.size(); ++i)
      result.insert(padded.substr(i, 5));
    return result;
  };
  const std::set<std::string> left = grams(a);
  std::set<std::string> all = grams(b);
  double in_both = 0;
  for (const std::string& gram : left)
    in_both += all.contains(gram) ? 1 : 0;
  all.insert(left.begin(), left.end());
  return in_both / static_cast<double>(all.size());
}

std::string random_words(std::uint64_t key, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += concat(i == 0 ? "" : " ", derive_key(key, i) % 100'000);
  return text;
}

TEST(Resemblance, OfShortTextsIsTheirJaccardIndex) {
  const std::string a = "the cat sat on the mat";
  const std::string b = "the cat sat on a mat";
  EXPECT_DOUBLE_EQ(resemblance_of(a, b), exact_jaccard(a, b));
  EXPECT_LT(resemblance_of(a, b), 1);
  EXPECT_GT(resemblance_of(a, b), 0.4);
}

TEST(Resemblance, IsOneForOtherCaseAndPunctuation) {
  EXPECT_EQ(resemblance_of("The Cat -- sat: on THE mat!", "the cat sat on the mat"), 1);
  EXPECT_EQ(sketch_of("The Cat -- sat!").words_key, sketch_of("the cat sat").words_key);
}

TEST(Resemblance, IsZeroWithoutAGramInCommonOrWithoutAWord) {
  EXPECT_EQ(resemblance_of("abcdef", "uvwxyz"), 0);
  EXPECT_EQ(resemblance_of("", "a word"), 0);
  EXPECT_EQ(resemblance_of("...", "!!!"), 0);
  EXPECT_NE(sketch_of("...").words_key, sketch_of("!!!").words_key);
}

TEST(Resemblance, OfLongTextsIsEstimatedWithinThreeStandardErrors) {
  for (const int shared : {100, 400, 700}) {
    const std::string common = random_words(1, shared);
    const std::string a = concat(common, " ", random_words(2, 800 - shared));
    const std::string b = concat(common, " ", random_words(3, 800 - shared));
    EXPECT_NEAR(resemblance_of(a, b), exact_jaccard(a, b), 0.09) << shared;
  }
}

TEST(Resemblance, IsSymmetric) {
  const std::string a = random_words(4, 300);
  const std::string b = concat(a, " and more");
  EXPECT_EQ(resemblance_of(a, b), resemblance_of(b, a));
}

}  // namespace
}  // namespace sbert
