#include "sbert/config/command_line.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::ElementsAre;

using Words = std::vector<std::string>;

TEST(CommandLine, FlagsAndOverridesMayInterleave) {
  const CommandLine line = parse_command_line(
      Words{"a=1", "--config-path=dir", "+b=2", "--config-name", "conf.yaml", "~c", "-cd", "more"});
  EXPECT_EQ(line.config_path, "dir");
  EXPECT_EQ(line.config_name, "conf.yaml");
  EXPECT_EQ(line.config_dir, "more");
  EXPECT_THAT(line.overrides, ElementsAre("a=1", "+b=2", "~c"));
  EXPECT_FALSE(line.show_config || line.resolve || line.help);
}

TEST(CommandLine, ShortFlagsAreTaken) {
  const CommandLine line =
      parse_command_line(Words{"-cp", "d", "-cn=n", "-c", "job", "--resolve", "-h"});
  EXPECT_EQ(line.config_path, "d");
  EXPECT_EQ(line.config_name, "n");
  EXPECT_TRUE(line.show_config && line.resolve && line.help);
}

std::string message(const Words& words) {
  return message_of(ErrorKind::kUsage, [&] { parse_command_line(words); });
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(message({"--config"}), "unknown flag: --config");
  EXPECT_EQ(message({"--resolve=1"}), "unknown flag: --resolve=1");
  EXPECT_EQ(message({"--config-path"}), "--config-path needs a value");
  EXPECT_EQ(message({"--config-path="}), "--config-path needs a value");
  EXPECT_EQ(message({"--cfg", "hydra"}), "--cfg must be job: hydra");
  EXPECT_EQ(message({"--cfg"}), "--cfg needs a value");
  EXPECT_EQ(message({"-m", "a=1,2"}), "several runs at once are not supported: -m");
}

TEST(CommandLine, NamesTheWordThatIsNoOverride) {
  EXPECT_EQ(message({"a=8", " #", "should", "be"}), "not an override (key=value):  #");
  EXPECT_EQ(message({"a=8", "should"}), "not an override (key=value): should");
  EXPECT_EQ(message({""}), "not an override (key=value): ");
}

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_ / "one");
    make_folder(folder_ / "two");
    write_file_atomically(folder_ / "one" / "a.yaml", "x: 1\n");
    write_file_atomically(folder_ / "two" / "b.yaml", "x: 2\n");
  }
  std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "config_file_test";
};

TEST_F(ConfigFile, IsFoundWithOrWithoutItsEnding) {
  EXPECT_EQ(config_file({.config_name = "a"}, folder_ / "one", ""), folder_ / "one" / "a.yaml");
  EXPECT_EQ(config_file({.config_path = (folder_ / "two").native()}, folder_ / "one", "b.yaml"),
            folder_ / "two" / "b.yaml");
  EXPECT_EQ(config_file({.config_dir = (folder_ / "two").native()}, folder_ / "one", "b"),
            folder_ / "two" / "b.yaml");
}

TEST_F(ConfigFile, MissingOneIsNamed) {
  EXPECT_EQ(message_of(ErrorKind::kUsage, [&] { config_file({}, folder_, ""); }),
            "--config-name is missing");
  EXPECT_THAT(message_of(ErrorKind::kUsage,
                         [&] { config_file({.config_name = "c"}, folder_ / "one", ""); }),
              testing::EndsWith("one/c.yaml"));
  EXPECT_THAT(
      message_of(ErrorKind::kUsage,
                 [&] { config_file({.config_name = "c", .config_dir = "more"}, folder_, ""); }),
      testing::EndsWith("nor more/c.yaml"));
}

}  // namespace
}  // namespace sbert
