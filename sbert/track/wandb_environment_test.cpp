#include "sbert/track/wandb_environment.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "sbert/base/files.h"
#include "sbert/track/test_variables.h"

namespace sbert {
namespace {

TEST(NetrcPassword, IsThatOfTheHost) {
  constexpr std::string_view kFile =
      "machine other login user password wrong\n"
      "# machine api.wandb.ai password commented\n"
      "machine api.wandb.ai\n\tlogin user\n\taccount password\n\tpassword right\n"
      "default login x password anyone\n";
  EXPECT_EQ(netrc_password(kFile, "api.wandb.ai"), "right");
  EXPECT_EQ(netrc_password(kFile, "other"), "wrong");
  EXPECT_EQ(netrc_password(kFile, "127.0.0.1:80"), "anyone");
}

TEST(NetrcPassword, QuotesAndBackslashesAreAShells) {
  EXPECT_EQ(netrc_password(R"(machine "a b" password 'c "d'\ e"\"")", "a b"), "c \"d e\"");
}

TEST(NetrcPassword, IsNoneWhereThereIsNone) {
  EXPECT_EQ(netrc_password("", "host"), std::nullopt);
  EXPECT_EQ(netrc_password("machine host login user", "host"), std::nullopt);
  EXPECT_EQ(netrc_password("machine host password", "host"), std::nullopt);
  EXPECT_EQ(netrc_password("machine host machine other password x", "host"), std::nullopt);
}

class WandbEnvironmentTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "bin");
    for (const char* name : {"WANDB_MODE", "WANDB_BASE_URL", "WANDB_API_KEY", "SBERT_WANDB_CORE"})
      variables_.set(name, nullptr);
    variables_.set("HOME", folder_.c_str());
    variables_.set("NETRC", nullptr);
    variables_.set("PATH", (":" + (folder_ / "bin").string()).c_str());
  }

  void make_program(const std::filesystem::path& path) const {
    write_file_atomically(path, "#!/bin/sh\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "wandb_env";
  TestVariables variables_;
};

TEST_F(WandbEnvironmentTest, IsEmptyWhereNothingIsSet) {
  const WandbEnvironment environment = read_wandb_environment();
  EXPECT_EQ(environment.mode, "");
  EXPECT_EQ(environment.base_url, "https://api.wandb.ai");
  EXPECT_EQ(environment.api_key, "");
  EXPECT_EQ(environment.program, "");
}

TEST_F(WandbEnvironmentTest, TheKeyOfTheVariableComesBeforeThatOfTheFile) {
  write_file_atomically(folder_ / ".netrc",
                        "machine api.wandb.ai password public machine here:8080 password own");
  EXPECT_EQ(read_wandb_environment().api_key, "public");
  variables_.set("WANDB_BASE_URL", "http://here:8080/wandb");
  EXPECT_EQ(read_wandb_environment().base_url, "http://here:8080/wandb");
  EXPECT_EQ(read_wandb_environment().api_key, "own");
  variables_.set("WANDB_API_KEY", "given");
  EXPECT_EQ(read_wandb_environment().api_key, "given");
}

TEST_F(WandbEnvironmentTest, NetrcNamesAnotherFile) {
  write_file_atomically(folder_ / "keys", "machine api.wandb.ai password other");
  variables_.set("NETRC", (folder_ / "keys").c_str());
  EXPECT_EQ(read_wandb_environment().api_key, "other");
}

TEST_F(WandbEnvironmentTest, TheProgramIsTheOneNamedOrTheFirstInPath) {
  write_file_atomically(folder_ / "bin/wandb-core", "may not be run");
  EXPECT_EQ(read_wandb_environment().program, "");
  make_program(folder_ / "bin/wandb-core");
  EXPECT_EQ(read_wandb_environment().program, folder_ / "bin/wandb-core");
  make_program(folder_ / "mine");
  variables_.set("SBERT_WANDB_CORE", (folder_ / "mine").c_str());
  EXPECT_EQ(read_wandb_environment().program, folder_ / "mine");
  variables_.set("SBERT_WANDB_CORE", (folder_ / "none").c_str());
  EXPECT_EQ(read_wandb_environment().program, "");
}

TEST_F(WandbEnvironmentTest, TheModeIsTheVariables) {
  variables_.set("WANDB_MODE", "offline");
  EXPECT_EQ(read_wandb_environment().mode, "offline");
}

}  // namespace
}  // namespace sbert
