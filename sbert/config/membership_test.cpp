#include "sbert/config/membership.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sbert/base/message_of.h"

namespace sbert {
namespace {

using testing::HasSubstr;
using Values = std::map<std::string, std::string>;

std::optional<Membership> found_in(const Values& variables) {
  return find_membership([&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Membership, WithoutALauncherAProcessIsAlone) {
  EXPECT_FALSE(found_in({}));
  EXPECT_FALSE(found_in({{"RANK", "0"}}));
  EXPECT_FALSE(found_in({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  // Within a batch script, but not of a step of srun.
  EXPECT_FALSE(found_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}));
}

TEST(Membership, OfTorchrun) {
  const auto found = found_in({{"RANK", "5"},
                               {"WORLD_SIZE", "8"},
                               {"LOCAL_RANK", "1"},
                               {"MASTER_ADDR", "10.0.0.7"},
                               {"MASTER_PORT", "2345"},
                               {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                               {"TORCHELASTIC_RESTART_COUNT", "2"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 5);
  EXPECT_EQ(found->size, 8);
  EXPECT_EQ(found->local_rank, 1);
  EXPECT_EQ(found->master_address, "10.0.0.7");
  EXPECT_EQ(found->master_port, 2345);
  EXPECT_TRUE(found->is_store_served);
  EXPECT_EQ(found->attempt, 2);
}

TEST(Membership, OfAStepOfSlurm) {
  const auto found = found_in({{"SLURM_PROCID", "3"},
                               {"SLURM_STEP_NUM_TASKS", "4"},
                               {"SLURM_LOCALID", "1"},
                               {"SLURM_STEP_NODELIST", "gpu[07-08]"},
                               {"SLURM_JOB_ID", "123456"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 3);
  EXPECT_EQ(found->size, 4);
  EXPECT_EQ(found->master_address, "gpu07");
  EXPECT_EQ(found->master_port, 23'456);
  EXPECT_FALSE(found->is_store_served);
}

TEST(Membership, OfMpiOnOneMachine) {
  const auto found = found_in({{"OMPI_COMM_WORLD_RANK", "1"},
                               {"OMPI_COMM_WORLD_SIZE", "2"},
                               {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                               {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->master_address, "127.0.0.1");
}

TEST(Membership, OnSeveralMachinesTheMastersAddressMustBeSaid) {
  const Values variables{{"PMI_RANK", "1"}, {"PMI_SIZE", "4"}, {"MPI_LOCALNRANKS", "2"}};
  EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { found_in(variables); }),
              HasSubstr("MASTER_ADDR"));
}

TEST(Membership, AWrongNumberNamesItsVariable) {
  for (const char* rank : {"4", "-1", "one", "1x"}) {
    const Values variables{{"RANK", rank}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "a"}};
    EXPECT_THAT(message_of(ErrorKind::kUsage, [&] { found_in(variables); }), HasSubstr("RANK"))
        << rank;
  }
}

TEST(Membership, ItsVariablesAreFoundAgain) {
  const Membership member{
      .rank = 2, .size = 3, .local_rank = 2, .master_address = "127.0.0.1", .master_port = 1234};
  Values variables;
  for (const auto& [name, value] : to_variables(member))
    variables[name] = value;
  const auto found = found_in(variables);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 2);
  EXPECT_EQ(found->size, 3);
  EXPECT_EQ(found->master_port, 1234);
}

TEST(Membership, TheFirstHostOfSlurmsLists) {
  EXPECT_EQ(first_host("login"), "login");
  EXPECT_EQ(first_host("a,b"), "a");
  EXPECT_EQ(first_host("node[03-07,9],login"), "node03");
  EXPECT_EQ(first_host("node[12],x"), "node12");
  EXPECT_EQ(first_host("node[4,6-9]"), "node4");
}

}  // namespace
}  // namespace sbert
