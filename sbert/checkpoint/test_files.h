#pragma once

// What the tests of this module share: a folder of their own, and files damaged in every way.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/model/weights.h"

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

/// A weight of numbers of any kind.
template <typename Number>
Weight weight_of(std::string name,
                 ElementType type,
                 std::vector<std::int64_t> shape,
                 const std::vector<Number>& values) {
  WeightBuffer buffer(std::move(name), type, std::move(shape));
  std::copy_n(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number),
              buffer.bytes());
  return std::move(buffer).take();
}

/// Whether type, shape and bytes are the same.
inline bool is_same(const Weight& a, const Weight& b) {
  return a.type == b.type && a.shape == b.shape && a.bytes == b.bytes;
}

/// The weight of a name; fails the test if there is none.
inline Weight find(const Weights& weights, const std::string& name) {
  for (const Weight& each : weights) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "no weight " << name;
  return {};
}

inline std::vector<float> floats_of(const Weight& weight) {
  std::vector<float> values(static_cast<std::size_t>(weight.num_elements()));
  read_floats(weight, 0, weight.num_elements(), values.data());
  return values;
}

/// first, first + 1, ...
inline std::vector<float> counted(std::size_t count, float first = 0) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = first + static_cast<float>(i);
  return values;
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
