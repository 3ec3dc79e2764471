#include "sbert/data/packed_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PackedBatch, EmptyOneHasNoSequences) {
  const PackedBatch batch = pack({});
  EXPECT_EQ(batch.num_sequences(), 0);
  EXPECT_EQ(batch.num_tokens(), 0);
  EXPECT_EQ(batch.max_seqlen, 0);
  EXPECT_THAT(batch.cu_seqlens, ElementsAre(0));
  EXPECT_THAT(batch.positions, IsEmpty());
}

TEST(PackedBatch, LaysSequencesEndToEnd) {
  const std::vector<std::vector<std::int32_t>> sequences = {{101, 7, 102}, {5}, {101, 102}};
  const PackedBatch batch = pack(sequences);
  EXPECT_THAT(batch.ids, ElementsAre(101, 7, 102, 5, 101, 102));
  EXPECT_THAT(batch.positions, ElementsAre(0, 1, 2, 0, 0, 1));
  EXPECT_THAT(batch.cu_seqlens, ElementsAre(0, 3, 4, 6));
  EXPECT_EQ(batch.max_seqlen, 3);
  EXPECT_EQ(batch.num_sequences(), 3);
  EXPECT_EQ(batch.num_tokens(), 6);
}

TEST(PackedBatch, EmptySequenceIsOurBug) {
  PackedBatch batch;
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { batch.append({}); }),
            "a packed sequence has no tokens");
  EXPECT_EQ(batch.num_sequences(), 0);
}

}  // namespace
}  // namespace sbert
