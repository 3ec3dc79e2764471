#include "sbert/data/example_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class ExampleSetTest : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view name, std::string_view bytes) {
    const auto path = std::filesystem::path(testing::TempDir()) / concat("example_set_", name);
    write_file_atomically(path, bytes);
    return path;
  }
};

TEST_F(ExampleSetTest, FilesOfSeveralFormsFollowEachOther) {
  const auto a = write("a.jsonl",
                       "{\"query\": \"q0\", \"pos_doc\": [\"x\", \"y\"]}\n"
                       "{\"query\": \"q1\", \"pos_doc\": \"x\"}\n");
  const auto b = write("b.tsv", "s1\ts2\nq2\tx\n");
  const auto c = write("c.json", R"([{"anchor": "q3", "positive": ["x", "y", "z"]}])");
  const ExampleSet set = ExampleSet::open({a, b, c}, {});
  ASSERT_EQ(set.size(), 4);
  EXPECT_EQ(set.num_positives(), 7);
  const std::int64_t first_positives[] = {0, 2, 3, 4, 7};
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(set.read(i).question, concat('q', i));
    EXPECT_EQ(set.first_positive(i), first_positives[i]);
    for (auto p = first_positives[i]; p < first_positives[i + 1]; ++p)
      EXPECT_EQ(set.record_of_positive(p), i);
  }
  EXPECT_EQ(set.first_positive(4), 7);
  EXPECT_FALSE(set.is_pairs());
  EXPECT_TRUE(ExampleSet::open({b}, {}).is_pairs());
  EXPECT_EQ(set.bytes(), std::filesystem::file_size(a) + std::filesystem::file_size(b) +
                             std::filesystem::file_size(c));
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { set.read(4); }), "no number 4 among 4");
}

TEST_F(ExampleSetTest, TheContentKeySeesEachByteAndTheOrder) {
  const auto a = write("a.tsv", "s1\ts2\na\tx\n");
  const auto b = write("b.tsv", "s1\ts2\na\ty\n");
  const auto key = [](const std::vector<std::filesystem::path>& files) {
    return ExampleSet::open(files, {}).content_key();
  };
  EXPECT_EQ(key({a, b}), key({a, b}));
  EXPECT_NE(key({a, b}), key({b, a}));
  EXPECT_NE(key({a}), key({b}));
}

TEST_F(ExampleSetTest, WhatOneFileHasTheOthersMustHave) {
  const auto with = write("with.jsonl",
                          R"({"query": "q", "pos_doc": "p", "neg_doc": "n", "label": 1,
                              "pos_scores": 1, "neg_scores": 2})");
  const auto refusal = [&](std::string_view rest) {
    const auto other = write("other.jsonl", concat(R"({"query": "q", "pos_doc": "p")", rest, '}'));
    return message_of(ErrorKind::kInput, [&] { ExampleSet::open({other, with}, {}); });
  };
  EXPECT_THAT(refusal(""), HasSubstr("all files or none must have labels: "));
  EXPECT_THAT(refusal(""), HasSubstr("with.jsonl has them, not "));
  EXPECT_THAT(refusal(", \"label\": 1"), HasSubstr("none must have pos_scores: "));
  EXPECT_THAT(refusal(", \"label\": 1, \"pos_scores\": 1, \"neg_doc\": \"n\""),
              HasSubstr("none must have neg_scores: "));
  const auto bare =
      write("bare.jsonl", R"({"query": "q", "pos_doc": "p", "label": 1, "pos_scores": 1})");
  EXPECT_EQ(ExampleSet::open({bare, with}, {}).size(), 2);
}

}  // namespace
}  // namespace sbert
