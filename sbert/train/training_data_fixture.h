#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/train/training_data.h"

namespace sbert {

/// A folder for training files, and options with batches of two rows of it.
class TrainingDataTest : public testing::Test {
 protected:
  TrainingDataTest() {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    options_.global_batch_size = options_.micro_batch_size = 2;
    options_.data.query_prefix = options_.data.passage_prefix = "";
    options_.data.evaluation_sample_size = 0;
  }

  std::filesystem::path write(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }
  // Records q0, q1, ... with a positive p0, ... each.
  void use_plain_records(int count, std::string_view more = "") {
    std::string bytes;
    for (int i = 0; i < count; ++i)
      bytes += concat(R"({"query": "q)", i, R"(", "pos_doc": "p)", i, '"', more, "}\n");
    options_.data.data_prefix = write("train.jsonl", bytes);
  }
  std::vector<std::string> questions(const TrainingData& data, std::int64_t step) const {
    std::vector<std::string> found;
    for (const TrainingTexts& row : data.batch(step))
      found.push_back(row.question);
    return found;
  }
  // question=positive of the rows of an epoch, in order
  std::vector<std::string> epoch(const TrainingData& data, std::int64_t number) const {
    std::vector<std::string> found;
    const std::int64_t steps = data.steps_per_epoch();
    for (std::int64_t step = number * steps; step < (number + 1) * steps; ++step) {
      for (const TrainingTexts& row : data.batch(step))
        found.push_back(concat(row.question, '=', row.positive));
    }
    return found;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      concat("training_data_", testing::UnitTest::GetInstance()->current_test_info()->name());
  ModelOptions options_;
};

}  // namespace sbert
