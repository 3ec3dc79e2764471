#pragma once

// What the tests of this room share: a folder of their own, and files damaged in every way.

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"

namespace sbert {

/// A test with an empty folder of its own, which goes when the test ends.
class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) / "sbert_checkpoint_test" /
              info->test_suite_name() / info->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    set_quiet(true);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(SBERT_GOLDEN) / "checkpoint" / name;
}

/// Without the flush to the disk of write_file_atomically(), which thousands of cases would wait
/// for.
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The message of the Error(kInput) that `work` throws; fails the test if it throws none.
inline std::string input_error(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

/// Runs `read` on every `step`th prefix of `bytes`, and on copies with one to four bytes changed.
/// It must return or throw Error; anything else ends or fails the test. A prefix must be refused.
inline void expect_survives_damage(const std::string& bytes,
                                   std::size_t step,
                                   int num_flips,
                                   const std::function<void(const std::string&)>& read) {
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    EXPECT_THROW(read(bytes.substr(0, size)), Error) << "the first " << size << " bytes";
  }
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < num_flips; ++i) {
    std::string damaged = bytes;
    for (unsigned j = 0; j <= random() % 4; ++j) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    try {
      read(damaged);
    } catch (const Error&) {
      continue;
    }
  }
}

}  // namespace sbert
