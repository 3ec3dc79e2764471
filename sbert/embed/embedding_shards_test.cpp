#include "sbert/embed/embedding_shards.h"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kColumns = 3;
constexpr std::uintmax_t kRecordBytes = 16 + 4 * kColumns + 8;

class EmbeddingShardsTest : public testing::Test {
 protected:
  EmbeddingShardsTest()
      : folder_(fs::path(testing::TempDir()) /
                ("shards_" + std::to_string(::getpid()) + "_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~EmbeddingShardsTest() override { fs::remove_all(folder_); }

  fs::path shard(int number) const { return folder_ / (std::to_string(number) + ".shard"); }

  void flip_byte(int number, std::streamoff offset) const {
    std::fstream file(shard(number), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 1));
  }

  fs::path folder_;
};

ContentHash key(int number) {
  return content_hash("text " + std::to_string(number));
}

std::vector<float> vector_of(int number) {
  const auto x = static_cast<float>(number);
  return {x, -x, x / 2};
}

void append(EmbeddingShards& shards, int first, int count) {
  std::vector<ContentHash> keys;
  FloatMatrix rows(count, kColumns);
  for (int i = 0; i < count; ++i) {
    keys.push_back(key(first + i));
    const auto vector = vector_of(first + i);
    std::copy(vector.begin(), vector.end(), rows.row(i).begin());
  }
  shards.append(keys, rows);
}

std::vector<float> found(const EmbeddingShards& shards, int number) {
  std::vector<float> row(kColumns);
  return shards.find(key(number), row) ? row : std::vector<float>{};
}

// A process that runs `work` and ends without the test program's own ending.
template <typename Work>
pid_t in_a_child(Work work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  try {
    work();
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

int status_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(EmbeddingShardsTest, WhatWasAppendedIsFoundByTheNextReader) {
  {
    EmbeddingShards shards(folder_, kColumns);
    EXPECT_EQ(shards.size(), 0U);
    append(shards, 0, 5);
    EXPECT_EQ(found(shards, 3), std::vector<float>{});
    shards.refresh();
    EXPECT_EQ(found(shards, 3), vector_of(3));
  }
  const EmbeddingShards shards(folder_, kColumns);
  EXPECT_EQ(shards.size(), 5U);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(found(shards, i), vector_of(i));
  EXPECT_EQ(found(shards, 5), std::vector<float>{});
}

TEST_F(EmbeddingShardsTest, AReaderLeavesNothingBehind) {
  EmbeddingShards(folder_, kColumns).refresh();
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(EmbeddingShardsTest, ATornRecordIsPassedOverAndWrittenOver) {
  for (const std::uintmax_t missing : {std::uintmax_t{1}, kRecordBytes - 1}) {
    fs::remove_all(folder_);
    {
      EmbeddingShards shards(folder_, kColumns);
      append(shards, 0, 3);
    }
    fs::resize_file(shard(0), fs::file_size(shard(0)) - missing);
    {
      EmbeddingShards shards(folder_, kColumns);
      EXPECT_EQ(shards.size(), 2U);
      EXPECT_EQ(found(shards, 2), std::vector<float>{});
      append(shards, 2, 2);
    }
    const EmbeddingShards shards(folder_, kColumns);
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(found(shards, i), vector_of(i)) << i;
    EXPECT_EQ(fs::file_size(shard(0)), 16 + 4 * kRecordBytes);
  }
}

TEST_F(EmbeddingShardsTest, ATornHeaderIsWrittenAnew) {
  fs::create_directories(folder_);
  std::ofstream(shard(0)) << "SBERTE";
  EmbeddingShards shards(folder_, kColumns);
  append(shards, 0, 1);
  shards.refresh();
  EXPECT_EQ(found(shards, 0), vector_of(0));
}

TEST_F(EmbeddingShardsTest, ADamagedRecordCostsItselfOnly) {
  for (const std::streamoff offset : {0, 15, 16, 27, 28, 35}) {  // key, vector, checksum
    fs::remove_all(folder_);
    {
      EmbeddingShards shards(folder_, kColumns);
      append(shards, 0, 3);
    }
    flip_byte(0, 16 + static_cast<std::streamoff>(kRecordBytes) + offset);
    const EmbeddingShards shards(folder_, kColumns);
    EXPECT_EQ(found(shards, 0), vector_of(0));
    EXPECT_EQ(found(shards, 1), std::vector<float>{}) << offset;
    EXPECT_EQ(found(shards, 2), vector_of(2));
  }
}

TEST_F(EmbeddingShardsTest, ARecordDamagedAfterItWasSeenIsNotFound) {
  EmbeddingShards shards(folder_, kColumns);
  append(shards, 0, 1);
  shards.refresh();
  flip_byte(0, 16 + 20);
  EXPECT_EQ(found(shards, 0), std::vector<float>{});
}

TEST_F(EmbeddingShardsTest, AFileOfAnotherFormIsLeftAlone) {
  fs::create_directories(folder_);
  std::ofstream(shard(0)) << "this is not a shard of embeddings";
  {
    EmbeddingShards wider(folder_, kColumns + 1);
    wider.append(std::vector{key(9)}, FloatMatrix(1, kColumns + 1));
  }
  EmbeddingShards shards(folder_, kColumns);
  EXPECT_EQ(shards.size(), 0U);
  append(shards, 0, 1);
  EXPECT_EQ(fs::file_size(shard(0)), 33U);
  EXPECT_TRUE(fs::exists(shard(2)));
}

TEST_F(EmbeddingShardsTest, AShortFileOfAnotherFormIsLeftAlone) {
  fs::create_directories(folder_);
  std::ofstream(shard(0)) << "my notes";
  EmbeddingShards shards(folder_, kColumns);
  append(shards, 0, 1);
  EXPECT_EQ(read_file(shard(0)), "my notes");
  EXPECT_TRUE(fs::exists(shard(1)));
}

TEST_F(EmbeddingShardsTest, FilesDeletedInUseAreNoError) {
  EmbeddingShards shards(folder_, kColumns);
  append(shards, 0, 1);
  shards.refresh();
  fs::remove_all(folder_);
  append(shards, 1, 1);
  shards.refresh();
  EXPECT_EQ(found(shards, 0), vector_of(0));
  EXPECT_EQ(EmbeddingShards(folder_, kColumns).size(), 0U);
}

TEST_F(EmbeddingShardsTest, TwoProcessesWriteAtOnce) {
  constexpr int kCount = 500;
  const auto write = [&](int first) {
    EmbeddingShards shards(folder_, kColumns);
    for (int i = 0; i < kCount; i += 2)
      append(shards, first + i, 2);
  };
  const pid_t child = in_a_child([&] { write(0); });
  write(kCount);
  EXPECT_EQ(status_of(child), 0);
  const EmbeddingShards shards(folder_, kColumns);
  for (int i = 0; i < 2 * kCount; ++i)
    ASSERT_EQ(found(shards, i), vector_of(i)) << i;
}

TEST_F(EmbeddingShardsTest, AWriterWhileAnotherHoldsAShardTakesTheNext) {
  EmbeddingShards first(folder_, kColumns);
  append(first, 0, 1);
  EXPECT_EQ(status_of(in_a_child([&] {
              EmbeddingShards second(folder_, kColumns);
              append(second, 1, 1);
            })),
            0);
  append(first, 2, 1);
  first.refresh();
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(fs::file_size(shard(0)), 16 + 2 * kRecordBytes);
  EXPECT_EQ(fs::file_size(shard(1)), 16 + kRecordBytes);
}

TEST_F(EmbeddingShardsTest, AKilledWriterLeavesWholeRecordsAndFreesItsShard) {
  const pid_t child = in_a_child([&] {
    EmbeddingShards shards(folder_, kColumns);
    for (int i = 0;; ++i)
      append(shards, i, 1);
  });
  EmbeddingShards shards(folder_, kColumns);
  while (shards.size() < 200)
    shards.refresh();
  ::kill(child, SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(status_of(child)));
  EmbeddingShards after(folder_, kColumns);
  ASSERT_GE(after.size(), 200U);
  for (int i = 0; i < static_cast<int>(after.size()); ++i)
    ASSERT_EQ(found(after, i), vector_of(i)) << i;
  append(after, -1, 1);
  EXPECT_FALSE(fs::exists(shard(1)));
}

TEST_F(EmbeddingShardsTest, WhatCannotBeWrittenIsAnError) {
  std::ofstream(folder_.string()) << "a file where the folder should be";
  EmbeddingShards shards(folder_, kColumns);
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { append(shards, 0, 1); }),
              testing::HasSubstr(folder_.string()));
}

TEST_F(EmbeddingShardsTest, RowsThatDoNotFitAreABug) {
  EmbeddingShards shards(folder_, kColumns);
  EXPECT_EQ(message_of(ErrorKind::kInternal,
                       [&] { shards.append(std::vector{key(0)}, FloatMatrix(2, kColumns)); }),
            "embeddings to keep have shape [2, 3], not [1, 3]");
}

}  // namespace
}  // namespace sbert
