#include "sbert/embed/long_texts.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/log.h"
#include "sbert/base/message_of.h"
#include "sbert/base/worker_pool.h"
#include "sbert/embed/packed_embedder.h"
#include "tests/support/letter_model.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

// Four letters of a text find room.
const Texts kTexts{"a b c d", "a b c d e", "", "a b c d e f g", "a b c d   "};
const EmbedCall kCall{.max_length = 6};

class LongTexts : public testing::Test {
 protected:
  void SetUp() override { set_quiet(false); }  // other tests leave it on

  std::unique_ptr<LongTextWatch> watch(OnLong on_long, std::string name = "") const {
    return std::make_unique<LongTextWatch>(std::make_unique<PackedEmbedder>(letter_model(), pool_),
                                           on_long, std::move(name));
  }

  WorkerPool pool_{2};
};

TEST_F(LongTexts, AreCountedOverAllCallsAndToldOnce) {
  testing::internal::CaptureStderr();
  auto embedder = watch(OnLong::kCut);
  embedder->embed(kTexts, kCall);
  embedder->embed(kTexts, kCall);
  embedder.reset();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("4 of 10 texts were cut at 6 tokens"));
}

TEST_F(LongTexts, OfOneOfSeveralModelsNameIt) {
  testing::internal::CaptureStderr();
  watch(OnLong::kCut, "a.nemo")->embed(kTexts, kCall);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("a.nemo: 2 of 5 texts were cut at 6 tokens"));
}

TEST_F(LongTexts, AreNotSpokenOfWhereThereAreNone) {
  testing::internal::CaptureStderr();
  watch(OnLong::kCut)->embed(kTexts, {});
  EmbedCall probe = kCall;
  probe.is_probe = true;
  watch(OnLong::kError)->embed(kTexts, probe);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

TEST_F(LongTexts, EndTheRunWhereTheUserWantsThat) {
  const auto embedder = watch(OnLong::kError);
  EXPECT_NO_THROW(embedder->embed(kTexts, {}));
  EXPECT_EQ(message_of(ErrorKind::kInput, [&] { embedder->embed(kTexts, kCall); }),
            "a text has more than 6 tokens, the special ones counted: \"a b c d e\"");
}

TEST(CutTextsLine, CountsInWords) {
  EXPECT_EQ(cut_texts_line(214, 5'000, 256), "214 of 5,000 texts were cut at 256 tokens");
  EXPECT_EQ(cut_texts_line(1, 2, 8), "1 of 2 texts was cut at 8 tokens");
  EXPECT_EQ(cut_texts_line(1, 1, 8), "1 of 1 text was cut at 8 tokens");
}

}  // namespace
}  // namespace sbert
