#include "sbert/data/record_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

const FileStamp kStamp{1'000, 42, 99};

std::string bytes_of_index(int records = 3) {
  std::string bytes;
  RecordIndexWriter writer([&](std::string_view part) { bytes += part; });
  for (int i = 0; i < records; ++i)
    writer.add(static_cast<std::uint64_t>(100 * i), static_cast<std::uint64_t>(1 + i % 3),
               static_cast<std::uint64_t>(70 + i));
  EXPECT_EQ(writer.size(), records);
  writer.finish(
      kStamp,
      {RecordForm::kPair, true, false, true, true, true, -0.5, 4, {{"title", 3}, {"id", 1}}}, 7,
      {{2, 50, "label: must be"}, {9, 900, ""}});
  return bytes;
}

class RecordIndexTest : public testing::Test {
 protected:
  std::optional<RecordIndex> open(std::string_view bytes, const FileStamp& stamp = kStamp) {
    write_file_atomically(path_, bytes);
    return RecordIndex::open(path_, stamp);
  }
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "test.sbert-index";
};

TEST_F(RecordIndexTest, ReadsWhatWasWritten) {
  const auto index = open(bytes_of_index());
  ASSERT_TRUE(index);
  EXPECT_EQ(index->size(), 3);
  EXPECT_EQ(index->num_positives(), 6);
  EXPECT_EQ(index->offset(0), 0U);
  EXPECT_EQ(index->offset(2), 200U);
  EXPECT_EQ(index->positives_before(2), 3);
  EXPECT_EQ(index->positives_before(3), 6);
  EXPECT_EQ(index->content_key(), 7U);
  EXPECT_EQ(index->traits().form, RecordForm::kPair);
  EXPECT_TRUE(index->traits().has_labels);
  EXPECT_FALSE(index->traits().has_positive_scores);
  EXPECT_TRUE(index->traits().has_negative_scores);
  EXPECT_TRUE(index->traits().has_label_as_score);
  EXPECT_EQ(index->traits().min_label, -0.5);
  EXPECT_EQ(index->traits().max_label, 4);
  EXPECT_THAT(index->traits().unread_keys,
              testing::ElementsAre(UnreadKey{"title", 3}, UnreadKey{"id", 1}));
  EXPECT_EQ(index->question_key(2), 72U);
  ASSERT_EQ(index->bad_records().size(), 2U);
  EXPECT_EQ(index->bad_records()[0].number, 2);
  EXPECT_EQ(index->bad_records()[0].byte, 50U);
  EXPECT_EQ(index->bad_records()[0].message, "label: must be");
}

TEST_F(RecordIndexTest, FindsTheRecordOfAPositive) {
  const RecordIndex index = RecordIndex::of_bytes(bytes_of_index(10'000));
  for (std::int64_t record = 0; record < index.size(); ++record) {
    for (auto i = index.positives_before(record); i < index.positives_before(record + 1); ++i)
      ASSERT_EQ(index.record_of_positive(i), record);
  }
}

TEST_F(RecordIndexTest, OfAnotherFileIsNotTaken) {
  const std::string bytes = bytes_of_index();
  EXPECT_FALSE(open(bytes, {1'001, 42, 99}));
  EXPECT_FALSE(open(bytes, {1'000, 43, 99}));
  EXPECT_FALSE(open(bytes, {1'000, 42, 98}));
  EXPECT_FALSE(RecordIndex::open(path_.native() + ".absent", kStamp));
}

TEST_F(RecordIndexTest, DamagedIsNotTaken) {
  const std::string bytes = bytes_of_index();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_FALSE(open(bytes.substr(0, length))) << length;
  const std::size_t entries = 16 + 3 * 24;  // whose offsets are checked where records are read
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i >= 16 && i < entries) continue;
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    ASSERT_FALSE(open(changed)) << i;
  }
}

TEST_F(RecordIndexTest, ErrorsOfTheProgramAreSaid) {
  const RecordIndex index = RecordIndex::of_bytes(bytes_of_index());
  EXPECT_EQ(message_of(ErrorKind::kInternal, [&] { index.offset(3); }),
            "no record 3 in a file of 3");
  EXPECT_EQ(message_of(ErrorKind::kInternal, [] { RecordIndex::of_bytes("x"); }),
            "the index that was built is damaged");
}

TEST(StampOfFile, SeesAnEditOfTheSameLength) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "stamp";
  const auto stamp = [&](std::string_view bytes) {
    write_file_atomically(path, bytes);
    std::filesystem::last_write_time(path, {});
    return stamp_of(MappedFile(path));
  };
  for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {
    std::string bytes(size, 'a');
    const FileStamp before = stamp(bytes);
    EXPECT_EQ(stamp(bytes), before);
    EXPECT_EQ(before.size, size);
    for (const std::size_t place : {std::size_t{0}, size / 16 * 7, size - 1}) {
      std::string changed = bytes;
      changed[place] = 'b';
      EXPECT_NE(stamp(changed), before) << place;
    }
  }
}

}  // namespace
}  // namespace sbert
