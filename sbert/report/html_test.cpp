#include "sbert/report/html.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace sbert {
namespace {

TEST(Escaped, MarkupIsText) {
  EXPECT_EQ(escaped("<b class=\"x\">Tom & 'Jerry'</b>"),
            "&lt;b class=&quot;x&quot;&gt;Tom &amp; &#39;Jerry&#39;&lt;/b&gt;");
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("a\tb\nc"), "a\tb\nc");
}

TEST(Escaped, Utf8StaysAndWhatIsNoneIsReplaced) {
  for (const char* text : {"Gr\xC3\xBC\xC3\x9F"
                           "e",
                           "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(escaped(text), text);
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped("a\xFFz"), "a" + mark + "z");
  EXPECT_EQ(escaped("\xC3"), mark);
  EXPECT_EQ(escaped("\xC3<"), mark + "&lt;");
  EXPECT_EQ(escaped("\xE2\x82"), mark + mark);
  EXPECT_EQ(escaped("\xC0\xBC"), mark + mark);             // an overlong <
  EXPECT_EQ(escaped("\xED\xA0\x80"), mark + mark + mark);  // a surrogate
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), mark + mark + mark + mark);
}

TEST(Escaped, ControlCharactersAreReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(escaped(std::string("a\0b", 3)), "a" + mark + "b");
  EXPECT_EQ(escaped("\x1B[31m\x7F"), mark + "[31m" + mark);
}

TEST(MetricText, HasFourDigitsAndARealMinus) {
  EXPECT_EQ(metric_text(0.64508), "0.6451");
  EXPECT_EQ(metric_text(-0.5),
            "\xE2\x88\x92"
            "0.5000");
  EXPECT_EQ(metric_text(std::nan("")), "\xE2\x80\x93");
  EXPECT_EQ(difference_text(0.01), "+0.0100");
  EXPECT_EQ(difference_text(0), "+0.0000");
  EXPECT_EQ(difference_text(-0.01),
            "\xE2\x88\x92"
            "0.0100");
  EXPECT_EQ(difference_text(std::numeric_limits<double>::infinity()), "\xE2\x80\x93");
}

TEST(ShortNumber, IsAsShortAsItCanBeSaid) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.25), "0.25");
  EXPECT_EQ(short_number(0.1 + 0.2), "0.3");
  EXPECT_EQ(short_number(12'000), "12,000");
  EXPECT_EQ(short_number(1'234.5), "1234.5");
  EXPECT_EQ(short_number(-3),
            "\xE2\x88\x92"
            "3");
  EXPECT_EQ(short_number(2e-5), "2e-5");
  EXPECT_EQ(short_number(1.25e-4), "1.25e-4");
  EXPECT_EQ(short_number(3e12), "3e12");
  EXPECT_EQ(short_number(std::nan("")), "\xE2\x80\x93");
}

}  // namespace
}  // namespace sbert
