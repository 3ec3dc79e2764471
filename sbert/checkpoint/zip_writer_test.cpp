#include "sbert/checkpoint/zip_writer.h"

#include <cstring>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/test_files.h"
#include "sbert/checkpoint/zip_reader.h"

namespace sbert {
namespace {

using ::testing::HasSubstr;

std::string zip_of(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes;
  ZipWriter writer([&](std::string_view part) { bytes += part; });
  for (const auto& [name, content] : members)
    writer.add(name, content);
  writer.finish();
  return bytes;
}

TEST(ZipWriter, MembersAreReadBackAndAlignedTo64Bytes) {
  std::vector<std::pair<std::string, std::string>> members;
  for (std::size_t i = 0; i < 130; ++i)
    members.emplace_back(concat("archive/", std::string(i, 'n'), i), std::string(3 * i, 'x'));
  const std::string bytes = zip_of(members);
  const auto back = read_zip(bytes);
  ASSERT_EQ(back.size(), members.size());
  for (const auto& [name, content] : members) {
    const ZipMember& member = back.at(name);
    EXPECT_EQ(checked_bytes(name, member), content);
    EXPECT_EQ((member.bytes.data() - bytes.data()) % 64, 0) << name;
  }
}

TEST(ZipWriter, TheSameMembersGiveTheSameBytes) {
  EXPECT_EQ(zip_of({{"a", "1"}, {"b", "2"}}), zip_of({{"a", "1"}, {"b", "2"}}));
}

TEST(ZipWriter, AnEmptyZipHasADirectory) {
  EXPECT_TRUE(read_zip(zip_of({})).empty());
}

TEST(ZipWriter, MoreThan65534MembersAreCountedInZip64) {
  std::string bytes;
  ZipWriter writer([&](std::string_view part) { bytes += part; }, 1);
  for (int i = 0; i < 66'000; ++i)
    writer.add(concat(i), "x");
  writer.finish();
  const auto back = read_zip(bytes);
  EXPECT_EQ(back.size(), 66'000U);
  EXPECT_EQ(back.at("65999").bytes, "x");
}

// The bytes are counted, not kept: 4 GiB and more.
TEST(ZipWriter, SizesAndOffsetsOf4GiBAreInZip64) {
  std::uint64_t written = 0;
  std::string last;
  ZipWriter writer([&](std::string_view part) {
    written += part.size();
    last = part.size() < 1'000 ? last + std::string(part) : std::string();
  });
  const std::string piece(1ULL << 29, '\0');
  for (int i = 0; i < 8; ++i)
    writer.add(concat("piece", i), piece);
  writer.add("late", "x");
  writer.finish();
  EXPECT_GT(written, 1ULL << 32);
  const std::size_t entry = last.rfind("late");
  ASSERT_NE(entry, std::string::npos);
  const std::string extra = last.substr(entry + 4, 12);
  std::uint64_t offset = 0;
  std::memcpy(&offset, extra.data() + 4, sizeof offset);
  EXPECT_EQ(extra.substr(0, 4), std::string("\x01\x00\x08\x00", 4)) << "an offset, no sizes";
  EXPECT_GE(offset, 1ULL << 32);
  EXPECT_THAT(last, HasSubstr("PK\x06\x06"));
  EXPECT_THAT(last, HasSubstr("PK\x06\x07"));
}

}  // namespace
}  // namespace sbert
