#include "sbert/track/wandb_log.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class WandbLogTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(path_); }

  std::string written(const std::vector<std::string>& records) const {
    WandbLogWriter writer(path_);
    for (const std::string& record : records)
      writer.append(record);
    return read_file(path_);
  }

  const std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "log.wandb";
};

std::vector<std::string> records_in(std::string_view bytes, WandbLogEnd& end) {
  std::vector<std::string> records;
  end = read_wandb_log(bytes, [&](std::string_view record) { records.emplace_back(record); });
  return records;
}

std::vector<std::string> records_in(std::string_view bytes) {
  WandbLogEnd end;
  std::vector<std::string> records = records_in(bytes, end);
  EXPECT_EQ(end.whole_bytes, bytes.size());
  EXPECT_FALSE(end.is_cut_short);
  EXPECT_FALSE(end.is_damaged);
  return records;
}

// CRC-32 of "\x01""123456789" by Python's zlib.crc32: 0x21B52EC0.
TEST_F(WandbLogTest, ARecordIsAChunkAfterTheHead) {
  const std::string bytes = written({"123456789"});
  EXPECT_EQ(bytes, std::string(":W&B\xE1\xBE\0", 7) + std::string("\xC0\x2E\xB5\x21", 4) +
                       std::string("\x09\0\x01", 3) + "123456789");
}

// A block ends at 32,768 bytes; the head of the file counts.
TEST_F(WandbLogTest, ALongRecordIsCutAtTheEndsOfBlocks) {
  const std::string record(70'000, 'x');
  const std::string bytes = written({record});
  // First: 32,768 - 7 - 7; middle: 32,768 - 7; last: what is left.
  EXPECT_EQ(bytes.size(), 7 + 70'000 + 3 * 7U);
  EXPECT_EQ(bytes[7 + 6], 2);
  EXPECT_EQ(bytes[32'768 + 6], 3);
  EXPECT_EQ(bytes[65'536 + 6], 4);
  EXPECT_EQ(
      static_cast<unsigned char>(bytes[7 + 4]) + 256 * static_cast<unsigned char>(bytes[7 + 5]),
      32'768 - 14);
  EXPECT_THAT(records_in(bytes), ElementsAre(record));
}

TEST_F(WandbLogTest, RecordsOfEverySizeAroundABlocksEndComeBack) {
  for (std::size_t left = 0; left <= 15; ++left) {
    std::filesystem::remove(path_);
    // The first record leaves that many bytes of its block.
    const std::vector<std::string> records{std::string(32'768 - 14 - left, 'a'), "second", ""};
    EXPECT_EQ(records_in(written(records)), records) << left << " bytes left";
  }
}

TEST_F(WandbLogTest, LessThanAChunksHeadAtABlocksEndIsZero) {
  const std::string bytes = written({std::string(32'768 - 14 - 6, 'a'), "b"});
  EXPECT_EQ(bytes.substr(32'762, 6), std::string(6, '\0'));
  EXPECT_EQ(bytes.substr(32'768 + 6),
            "\x01"
            "b");
}

TEST_F(WandbLogTest, AChunkOfNoBytesFillsTheLastSevenOfABlock) {
  const std::string bytes = written({std::string(32'768 - 14 - 7, 'a'), "b"});
  EXPECT_EQ(bytes[32'761 + 6], 2);
  EXPECT_EQ(bytes[32'768 + 6], 4);
}

TEST_F(WandbLogTest, AnyCutGivesTheWholeRecordsBefore) {
  const std::string bytes = written({"one", "two"});
  const std::string one = bytes.substr(0, 17);
  for (std::size_t size = 18; size < bytes.size(); ++size) {
    WandbLogEnd end;
    EXPECT_THAT(records_in(bytes.substr(0, size), end), ElementsAre("one"));
    EXPECT_EQ(end.whole_bytes, one.size());
    EXPECT_TRUE(end.is_cut_short);
    EXPECT_FALSE(end.is_damaged);
  }
  EXPECT_THAT(records_in(one), ElementsAre("one"));
}

TEST_F(WandbLogTest, ACutBetweenTheChunksOfARecordIsACut) {
  const std::string bytes = written({"one", std::string(40'000, 'x')});
  WandbLogEnd end;
  EXPECT_THAT(records_in(bytes.substr(0, 32'768), end), ElementsAre("one"));
  EXPECT_TRUE(end.is_cut_short);
  EXPECT_EQ(end.whole_bytes, 17U);
}

TEST_F(WandbLogTest, DamageIsNoCut) {
  const std::string bytes = written({"one", "two", "three"});
  for (const std::size_t place : {std::size_t{17}, std::size_t{23}, std::size_t{24}}) {
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x08);
    WandbLogEnd end;
    EXPECT_THAT(records_in(damaged, end), ElementsAre("one")) << place;
    EXPECT_TRUE(end.is_damaged) << place;
    EXPECT_FALSE(end.is_cut_short) << place;
  }
}

TEST_F(WandbLogTest, AChunkThatCannotStandThereIsDamage) {
  const std::string bytes = written({std::string(40'000, 'x')});
  // The last chunk of the record without its first.
  WandbLogEnd end;
  EXPECT_THAT(records_in(bytes.substr(0, 7) + bytes.substr(32'768), end), ElementsAre());
  EXPECT_TRUE(end.is_damaged);
}

TEST_F(WandbLogTest, OtherFilesAreRefused) {
  for (const std::string_view bytes : {"", ":W&B", "{\"step\":10}"}) {
    EXPECT_THAT(message_of(ErrorKind::kInput, [&] { records_in(bytes); }),
                HasSubstr("is no log of Weights & Biases"));
  }
}

}  // namespace
}  // namespace sbert
