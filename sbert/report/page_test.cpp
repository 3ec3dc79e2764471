#include "sbert/report/page.h"

#include <gmock/gmock.h>

#include "sbert/report/test_xml.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(XmlProblem, SeesWhatIsNotWellFormed) {
  EXPECT_EQ(xml_problem("<!DOCTYPE html><a x=\"1\" y-z=\"&lt;\"><b/>t &amp; t</a>"), "");
  for (const char* wrong : {"<a>", "</a>", "<a></b>", "<a><b></a></b>", "<a x=1/>", "<a x/>", "<a",
                            "a & b", "<a x=\"&\"/>", "<1/>", "<br></br/>"}) {
    EXPECT_NE(xml_problem(wrong), "") << wrong;
  }
}

TEST(WritePage, IsWellFormedAndNeedsNothingElse) {
  const std::string page = write_page(
      {.title = "A & B", .facts = {{"data", "<x>"}}, .sections = {{"One", "why", "<p>b</p>"}}});
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, HasSubstr("<title>A &amp; B</title>"));
  EXPECT_THAT(page, HasSubstr("<dt>data</dt><dd>&lt;x&gt;</dd>"));
  EXPECT_THAT(page, HasSubstr("<h2>One</h2>\n<p>why</p>\n<p>b</p>"));
  for (const char* outside : {"http:", "https:", "src=", "url(", "@import", "<link"})
    EXPECT_THAT(page, Not(HasSubstr(outside)));
}

TEST(WritePage, ASectionWithoutABodyIsLeftOut) {
  EXPECT_THAT(write_page({.title = "t", .sections = {{"Empty", "why", ""}}}),
              Not(HasSubstr("Empty")));
}

TEST(Headlines, HaveValueNameAndNote) {
  EXPECT_EQ(headlines({}), "");
  const std::string all = headlines({{"0.5", "<ndcg>", "note"}, {"1", "n", ""}});
  EXPECT_EQ(xml_problem(all), "");
  EXPECT_THAT(all, HasSubstr("<span>&lt;ndcg&gt;</span><b>0.5</b><small>note</small>"));
  EXPECT_THAT(all, HasSubstr("<span>n</span><b>1</b></li>"));
}

TEST(Gallery, HoldsFiguresInTwoSizes) {
  EXPECT_EQ(gallery(""), "");
  EXPECT_THAT(gallery("<p>x</p>"), HasSubstr("<div class=\"gallery\">\n<p>x</p></div>"));
  EXPECT_THAT(gallery("<p>x</p>", FigureSize::kWide), HasSubstr("<div class=\"gallery wide\">"));
}

TEST(NumberTable, NamesAreTextAndCellsMarkup) {
  const std::string table = number_table({"a<b", "c"}, {{"<td>1</td>", "<td>2</td>"}});
  EXPECT_EQ(xml_problem(table), "");
  EXPECT_THAT(table, HasSubstr("a&lt;b"));
  EXPECT_THAT(table, HasSubstr("<tr><td>1</td><td>2</td></tr>"));
}

}  // namespace
}  // namespace sbert
