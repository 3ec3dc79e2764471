#include "sbert/report/mining_report.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sbert/report/test_xml.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class Report : public testing::Test {
 protected:
  Report() {
    input_.documents =
        std::make_unique<TextDocuments>(std::vector<std::string>{"a <b>", "the other", "third"});
    input_.questions = {{"one & two", "q1", {0}}, {"three", "q2", {1}}};
    report_.add(0,
                {.positive_scores = {0.9F}, .negatives = {{1, 0.5F}, {2, 0.1F}}, .dropped = {1}});
    report_.add(1, {.positive_scores = {0.7F}, .negatives = {{0, 0.3F}}, .dropped = {1, 0, 2}});
  }

  MiningInput input_;
  MiningReport report_{input_, 2, {{"model", "M<1>"}}};
};

TEST_F(Report, CountsWhatWasFoundAndDropped) {
  const auto json = nlohmann::json::parse(report_.json());
  EXPECT_EQ(json["settings"]["model"], "M<1>");
  EXPECT_EQ(json["documents"], 3);
  EXPECT_EQ(json["questions"], 2);
  EXPECT_EQ(json["negatives"], 3);
  EXPECT_EQ(json["dropped"]["positive"], 2);
  EXPECT_EQ(json["dropped"]["absolute_margin"], 2);
  EXPECT_EQ(json["dropped"]["repeated"], 0);
  EXPECT_EQ(json["short"], nlohmann::json::parse(R"([{"id": "q2", "negatives": 1}])"));
  EXPECT_NEAR(json["negative_scores"]["mean"].get<double>(), 0.3, 1e-6);
  EXPECT_FLOAT_EQ(json["negative_scores"]["median"].get<float>(), 0.3F);
  EXPECT_FLOAT_EQ(json["positive_scores"]["max"].get<float>(), 0.9F);
}

TEST_F(Report, PutsScoresInBinsFromTheLowestToTheHighest) {
  const auto histogram = nlohmann::json::parse(report_.json())["histogram"];
  EXPECT_FLOAT_EQ(histogram["low"].get<float>(), 0.1F);
  EXPECT_FLOAT_EQ(histogram["high"].get<float>(), 0.9F);
  EXPECT_EQ(histogram["positives"].back(), 1);
  EXPECT_EQ(histogram["negatives"].front(), 1);
  std::int64_t sum = 0;
  for (const auto& count : histogram["negatives"])
    sum += count.get<std::int64_t>();
  EXPECT_EQ(sum, 3);
}

TEST_F(Report, ShowsSamplesWithTheirScores) {
  const auto samples = nlohmann::json::parse(report_.json())["samples"];
  ASSERT_EQ(samples.size(), 2);
  EXPECT_EQ(samples[0]["question"], "one & two");
  EXPECT_EQ(samples[0]["documents"][0]["is_positive"], true);
  EXPECT_EQ(samples[0]["documents"][1]["text"], "the other");
}

TEST_F(Report, IsAPageWithTextsEscaped) {
  const std::string page = report_.html();
  EXPECT_THAT(page, HasSubstr("one &amp; two"));
  EXPECT_THAT(page, HasSubstr("a &lt;b&gt;"));
  EXPECT_THAT(page, HasSubstr("M&lt;1&gt;"));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, testing::Not(HasSubstr("http")));
  EXPECT_THAT(page, HasSubstr("<h2>Questions with fewer than 2 negatives: 1</h2>"));
  EXPECT_EQ(xml_problem(page), "");
}

TEST_F(Report, SumsUpInTwoLines) {
  EXPECT_EQ(report_.summary(),
            "3 negatives for 2 questions from 3 documents; 1 questions have fewer than 2\n"
            "dropped candidates: positive 2, absolute_margin 2");
}

TEST(EmptyReport, HasNoScores) {
  MiningInput input;
  input.documents = std::make_unique<TextDocuments>(std::vector<std::string>{});
  const MiningReport report(input, 2, {});
  EXPECT_EQ(nlohmann::json::parse(report.json())["positive_scores"]["count"], 0);
  EXPECT_THAT(report.html(), testing::Not(HasSubstr("<svg")));
}

}  // namespace
}  // namespace sbert
