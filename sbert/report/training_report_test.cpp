#include "sbert/report/training_report.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/report/test_xml.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class TrainingReportTest : public testing::Test {
 protected:
  TrainingReportTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~TrainingReportTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // Two stretches of 10 updates: one of 10 s, of which 1 s waited for data, one of 30 s.
  void write_metrics() const {
    write(
        "metrics.jsonl",
        R"({"step":10,"reduced_train_loss":2.5,"lr":1e-5,"grad_norm":3,"global_step":10,"epoch":0,)"
        R"("train_step_timing in s":1,"tokens_per_second":1000,"time_share/data":0.1,)"
        R"("time_share/gradient":0.9})"
        "\n"
        R"({"step":10,"val_loss":1.5,"val_mrr@10":0.5,"val_<b>":0.25})"
        "\n"
        R"({"step":20,"reduced_train_loss":1.25,"lr":2e-5,"grad_norm":2,"global_step":20,"epoch":0,)"
        R"("train_step_timing in s":3,"tokens_per_second":500,"time_share/data":0.5,)"
        R"("time_share/gradient":0.5,"gpu_memory":7})"
        "\n"
        R"({"step":20,"val_loss":1.75,"val_mrr@10":0.75})"
        "\n");
  }

  fs::path folder_ = fs::path(testing::TempDir()) /
                     (std::string("training_report_") +
                      testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(TrainingReportTest, ShowsTheRun) {
  write_metrics();
  write("hparams.yaml",
        "name: my <run>\nrestore_from_path: base.nemo\nmodel:\n  global_batch_size: 32\n  list: "
        "[1, 2]\n"
        "exp_manager:\n  checkpoint_callback_params: {monitor: val_mrr@10, mode: max}\n");
  const std::string page = training_report(folder_);
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, HasSubstr("<h1>Training run my &lt;run&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("<dt>updates</dt><dd>20</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>batch</dt><dd>32</dd>"));
  EXPECT_THAT(page,
              HasSubstr("<span>training loss, last</span><b>1.2500</b><small>update 20</small>"));
  EXPECT_THAT(page,
              HasSubstr("<span>val_mrr@10, best</span><b>0.7500</b><small>update 20</small>"));
  EXPECT_THAT(page, HasSubstr("<span>time of the updates</span><b>0:40</b>"));
  for (const char* title :
       {"Loss", "Validation", "Learning rate", "Gradient norm, before clipping", "Throughput",
        "Time of an update", "Where the time went", "gpu_memory"}) {
    EXPECT_THAT(page, HasSubstr("<figcaption>" + std::string(title) + "</figcaption>"));
  }
  EXPECT_THAT(page, HasSubstr("data 40.0 %"));  // (0.1 * 10 + 0.5 * 30) / 40
  EXPECT_THAT(page, HasSubstr("<td>model.list</td><td class=\"text\">[1,2]</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<td>model.list.0</td>")));
  for (const char* counter : {"global_step", "epoch"})
    EXPECT_THAT(page, Not(HasSubstr("<figcaption>" + std::string(counter))));
}

TEST_F(TrainingReportTest, TheBestLossIsTheLowest) {
  write_metrics();
  const std::string page = training_report(folder_);
  EXPECT_THAT(page, HasSubstr("<span>val_loss, best</span><b>1.5000</b><small>update 10</small>"));
  EXPECT_THAT(page, HasSubstr("<h1>Training run</h1>"));
  EXPECT_THAT(page, Not(HasSubstr("<h2>Settings</h2>")));
}

TEST_F(TrainingReportTest, TheTrainingLossIsDotsWithTheirRunningMean) {
  std::string lines;
  for (int step = 1; step <= 100; ++step) {
    lines += "{\"step\":" + std::to_string(step) +
             ",\"reduced_train_loss\":" + (step <= 95 ? "9" : std::to_string(step - 95)) + "}\n";
  }
  write("metrics.jsonl", lines);
  const std::string page = training_report(folder_);
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, HasSubstr("training, mean of 5</li>"));
  EXPECT_THAT(page, HasSubstr("training, each logged</li>"));
  // The mean of 1, 2, 3, 4 and 5.
  EXPECT_THAT(page, HasSubstr("<span>training loss, mean of the last 5</span><b>3.0000</b>"));
  // The legend shows a few dots first.
  const std::size_t dots = page.rfind("<path class=\"dots\" d=\"");
  ASSERT_NE(dots, page.npos);
  const std::string path = page.substr(dots, page.find('/', dots) - dots);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 100);
}

TEST_F(TrainingReportTest, ARunWithNothingLoggedIsAPageOfItsName) {
  write("metrics.jsonl", "");
  const std::string page = training_report(folder_);
  EXPECT_EQ(xml_problem(page), "");
  EXPECT_THAT(page, HasSubstr("<dt>updates</dt><dd>0</dd>"));
  EXPECT_THAT(page, Not(HasSubstr("<h2>")));
}

TEST_F(TrainingReportTest, ManyValidationMetricsTakeSeveralCharts) {
  std::string line = "{\"step\":1";
  for (int i = 0; i < 13; ++i)
    line += ",\"val_m" + std::to_string(i) + "\":0.5";
  write("metrics.jsonl", line + "}\n");
  const std::string page = training_report(folder_);
  EXPECT_THAT(page, HasSubstr("<figcaption>Validation: m12</figcaption>"));
}

TEST_F(TrainingReportTest, IsWritten) {
  write_metrics();
  write_training_report(folder_, folder_ / "report.html");
  EXPECT_EQ(read_file(folder_ / "report.html"), training_report(folder_));
}

TEST_F(TrainingReportTest, WhatIsMissingOrMalformedIsSaid) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { training_report(folder_); }),
              HasSubstr("metrics.jsonl"));
  write_metrics();
  write("hparams.yaml", "a: [1");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { training_report(folder_); }),
              HasSubstr("hparams.yaml"));
}

TEST_F(TrainingReportTest, TheBestIsThatOfTheMetricWhereTheModeIsAuto) {
  write_metrics();
  for (const char* mode : {", mode: auto", ""}) {
    write("hparams.yaml",
          std::string("exp_manager:\n  checkpoint_callback_params: {monitor: val_mrr@10") + mode +
              "}\n");
    EXPECT_THAT(training_report(folder_),
                HasSubstr("<span>val_mrr@10, best</span><b>0.7500</b><small>update 20</small>"));
  }
}

}  // namespace
}  // namespace sbert
