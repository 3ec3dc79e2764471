#include "sbert/data/qrels.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::FieldsAre;

class Qrels : public testing::Test {
 protected:
  ~Qrels() override { std::filesystem::remove(path_); }
  std::vector<Qrel> read(std::string_view bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return read_qrels(path_);
  }
  std::string message(std::string_view bytes) {
    return message_of(ErrorKind::kInput, [&] { read(bytes); });
  }

  const std::string head_ = "query-id\tcorpus-id\tscore\n";
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "qrels_test.tsv";
};

TEST_F(Qrels, AreReadWithTheirLines) {
  EXPECT_THAT(read("\xEF\xBB\xBF\nq\td\ts\r\n\r\nq1\td1\t1 \r\n q2 \t d1\t-2"),
              ElementsAre(FieldsAre("q1", "d1", 1, 4), FieldsAre("q2", "d1", -2, 5)));
}

TEST_F(Qrels, NameFileAndLineOfWhatIsWrong) {
  EXPECT_THAT(
      message("q1\td1\t1\n"),
      EndsWith("qrels_test.tsv: line 1: the header is missing: query-id, corpus-id, score"));
  EXPECT_THAT(message(head_ + "q1\td1\t1.5\n"), EndsWith("line 2: score is not an integer: 1.5"));
  EXPECT_THAT(message(head_ + "\nq1\td1\n"),
              EndsWith("line 3: must be query id, document id and grade, with tabs between"));
  EXPECT_THAT(message(head_ + "q1\td1\t1\nq1\td1\t0\n"),
              EndsWith("line 3: query and document are judged twice: q1, d1"));
  EXPECT_THAT(message(head_), EndsWith("qrels_test.tsv: holds no judgement"));
}

TEST_F(Qrels, AreNotReadFurtherOnceAStopIsRequested) {
  std::string bytes = head_;
  for (int i = 0; i < 5'000; ++i)
    bytes += "q" + std::to_string(i) + "\td\t1\n";
  EXPECT_EQ(read(bytes).size(), 5'000);
  StopSource source;
  source.request_stop();
  EXPECT_EQ(message_of(ErrorKind::kCancelled, [&] { read_qrels(path_, source.token()); }),
            "interrupted");
}

}  // namespace
}  // namespace sbert
