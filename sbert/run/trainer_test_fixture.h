#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <c10/core/Device.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/run/trainer.h"
#include "tests/support/letter_model.h"

namespace sbert {

// Each question is two letters, its document the same letters among others.
inline std::string letter_data(int rows) {
  std::string json = "[";
  for (int i = 0; i < rows; ++i) {
    const auto letter = [&](int shift) { return static_cast<char>('a' + (i * 5 + shift) % 26); };
    json +=
        concat(i == 0 ? "" : ",\n", R"({"question": ")", letter(0), " ", letter(1),
               R"(", "pos_doc": [")", letter(1), " ", letter(2), " ", letter(0),
               R"("], "neg_doc": [")", letter(7), " ", letter(8), R"(", ")", letter(9), R"("]})");
  }
  return json + "]\n";
}

struct QuietStderr {
  QuietStderr() { testing::internal::CaptureStderr(); }
  ~QuietStderr() { testing::internal::GetCapturedStderr(); }
};

/// A folder with train.json of 60 records, and runs of a letter model on it.
class TrainerTest : public testing::Test {
 protected:
  TrainerTest()
      : folder_(std::filesystem::path(testing::TempDir()) /
                concat("trainer_", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
    write_file_atomically(folder_ / "train.json", letter_data(60));
  }

  TrainOptions options() const {
    TrainOptions o;
    o.restore_from_path = "unused";
    o.trainer.max_steps = 12;
    o.trainer.val_check_interval = {std::int64_t{4}};
    o.trainer.log_every_n_steps = 2;
    o.model.encoder_seq_length = 32;
    o.model.data.data_prefix = folder_ / "train.json";
    o.model.data.evaluation_sample_size = 10;
    o.model.data.query_prefix = o.model.data.passage_prefix = "";
    o.model.optim.lr = 1e-3;
    o.model.optim.sched = {.warmup_steps = 2, .constant_steps = 0, .min_lr = 0};
    return o;
  }

  // Of two models with the same weights, bit for bit, these are the same.
  static std::vector<float> all_parameters(const TextModel& model) {
    std::vector<float> all;
    for (const Weight& weight : model.weights)
      all.insert(all.end(), weight.floats(), weight.floats() + weight.num_elements());
    return all;
  }

  // Trains a fresh model in the folder of that name, with the notes kept from the terminal.
  TrainResult train(const TrainOptions& options,
                    const std::string& run,
                    const TextModel& start = letter_model(),
                    const StopToken& stop = {}) const {
    const QuietStderr quiet;
    return train_model(options, folder_ / run, start, c10::Device(c10::kCPU), {pool_, stop});
  }

  // The values of a metric, line by line.
  std::vector<double> values(const std::string& run, const std::string& name) const {
    std::vector<double> found;
    const std::string lines = metrics(run);
    const std::string key = concat('"', name, "\":");
    for (std::size_t at = lines.find(key); at != lines.npos; at = lines.find(key, at + 1)) {
      found.push_back(std::stod(lines.substr(at + key.size())));
    }
    return found;
  }

  std::string metrics(const std::string& run) const {
    return read_file(folder_ / run / "metrics.jsonl");
  }

  std::string refusal(const TrainOptions& options) const {
    return message_of(ErrorKind::kUsage, [&] { train(options, "run"); });
  }

  std::filesystem::path folder_;
  WorkerPool pool_;
};

}  // namespace sbert
