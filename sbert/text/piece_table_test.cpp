#include "sbert/text/piece_table.h"

#include <string>

#include <gmock/gmock.h>

namespace sbert {
namespace {

PieceTable table() {
  const PieceTable::Entry entries[] = {{"a", 1},      {"abc", 2}, {"abcdefghij", 3},
                                       {"\u00E9", 4}, {"a", 5},   {"", 6}};
  return PieceTable(entries);
}

TEST(PieceTable, TheLongestPrefixWins) {
  EXPECT_EQ(table().longest_prefix("abcdefghijk").id, 3);
  EXPECT_EQ(table().longest_prefix("abcdefghi").id, 2);
  EXPECT_EQ(table().longest_prefix("abcdefghi").length, 3U);
  EXPECT_EQ(table().longest_prefix("ab").id, 1);
  EXPECT_EQ(table().longest_prefix("\u00E9t\u00E9").length, 2U);
}

TEST(PieceTable, WhatBeginsNoKeyIsNotFound) {
  EXPECT_EQ(table().longest_prefix("xabc").id, -1);
  EXPECT_EQ(table().longest_prefix("").id, -1);
  EXPECT_EQ(table().longest_prefix("\u00E8").id, -1);  // shares the first byte with a key
  EXPECT_EQ(PieceTable().longest_prefix("a").id, -1);
}

TEST(PieceTable, AKeyIsFoundWholeAndTheFirstOfEqualOnesCounts) {
  EXPECT_EQ(table().find("abc"), 2);
  EXPECT_EQ(table().find("ab"), -1);
  EXPECT_EQ(table().find("a"), 1);
  EXPECT_EQ(table().find(""), -1);
}

TEST(PieceTable, ManyKeysKeepTheirIds) {
  std::vector<std::string> keys;
  for (int i = 0; i < 20'000; ++i)
    keys.push_back(std::to_string(i * 7919));
  std::vector<PieceTable::Entry> entries;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    entries.push_back({keys[i], static_cast<std::int32_t>(i)});
  }
  const PieceTable many(entries);
  for (const PieceTable::Entry& entry : entries)
    ASSERT_EQ(many.find(entry.key), entry.id);
  EXPECT_EQ(many.find("7918"), -1);
}

}  // namespace
}  // namespace sbert
