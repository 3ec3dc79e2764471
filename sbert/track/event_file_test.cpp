#include "sbert/track/event_file.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "sbert/track/crc32c.h"
#include "sbert/track/protobuf.h"

namespace sbert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class EventFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "events";
};

// The events of a file whose records' lengths and checksums are right.
std::vector<std::string> events_in(const std::string& bytes) {
  std::vector<std::string> events;
  for (std::size_t start = 0; start < bytes.size();) {
    std::uint64_t size = 0;
    std::uint32_t size_check = 0;
    std::uint32_t check = 0;
    std::memcpy(&size, bytes.data() + start, 8);
    std::memcpy(&size_check, bytes.data() + start + 8, 4);
    EXPECT_EQ(size_check, masked_crc32c(bytes.substr(start, 8)));
    events.push_back(bytes.substr(start + 12, size));
    std::memcpy(&check, bytes.data() + start + 12 + size, 4);
    EXPECT_EQ(check, masked_crc32c(events.back()));
    start += 16 + size;
  }
  return events;
}

std::uint64_t number_in(std::string_view message, int field_number) {
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == field_number) return field->integer;
  }
  ADD_FAILURE() << "no field " << field_number;
  return 0;
}

// The tags and values of an event's summary.
std::vector<std::pair<std::string, float>> scalars_in(const std::string& event) {
  std::vector<std::pair<std::string, float>> scalars;
  ProtobufReader reader(find_field(event, 5));
  while (const auto value = reader.next()) {
    scalars.emplace_back(
        find_field(value->bytes, 1),
        std::bit_cast<float>(static_cast<std::uint32_t>(number_in(value->bytes, 2))));
  }
  return scalars;
}

TEST_F(EventFileTest, HoldsTheVersionTheStartTheConfigurationAndTheScalars) {
  EventFile file(folder_, "{\"lr\": 1}", 0);
  file.log(10, {{"reduced_train_loss", 0.5}, {"train_step_timing in s", 0.25}});
  file.log(20, {{"val_loss", std::nan("")}});
  file.finish(0, {});
  const auto events = events_in(read_file(file.path()));
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(find_field(events[0], 3), "brain.Event:2");
  EXPECT_EQ(number_in(find_field(events[1], 7), 1), 1U);  // SessionLog.START
  EXPECT_THAT(std::string(find_field(events[2], 5)), HasSubstr("```\n{\"lr\": 1}\n```"));
  EXPECT_EQ(number_in(events[3], 2), 10U);
  EXPECT_THAT(scalars_in(events[3]),
              ElementsAre(Pair("reduced_train_loss", 0.5F), Pair("train_step_timing in s", 0.25F)));
  EXPECT_EQ(number_in(events[4], 2), 20U);
  EXPECT_TRUE(std::isnan(scalars_in(events[4]).at(0).second));
  const auto wall_time = std::bit_cast<double>(number_in(events[4], 1));
  EXPECT_GT(wall_time, 1.7e9);
}

// TensorBoard drops points of the START's step and later ones.
TEST_F(EventFileTest, AStartGoesOnAfterItsStep) {
  EventFile file(folder_, "{}", 40);
  EXPECT_EQ(number_in(events_in(read_file(file.path()))[1], 2), 41U);
}

TEST_F(EventFileTest, IsNamedForTensorBoardWhichReadsFilesByTheirNames) {
  std::filesystem::create_directories(folder_);
  write_file_atomically(folder_ / "events.out.tfevents.5000000000.host.1.0", "");
  write_file_atomically(folder_ / "events.out.tfevents.99999999999.host.1.0", "");  // no time
  write_file_atomically(folder_ / "events.out.tfevents.x", "");
  const EventFile first(folder_, "{}", 0);
  const EventFile second(folder_, "{}", 0);
  EXPECT_THAT(first.path().filename().string(),
              testing::MatchesRegex("events.out.tfevents.5000000001.[^/]+.[0-9]+.0"));
  EXPECT_THAT(second.path().filename().string(), HasSubstr("tfevents.5000000002."));
}

TEST_F(EventFileTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { EventFile(folder_ / "none", "{}", 0); }),
              HasSubstr("cannot create"));
}

}  // namespace
}  // namespace sbert
