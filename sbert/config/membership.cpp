#include "sbert/config/membership.h"

#include <charconv>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr int kDefaultPort = 29'500;  // torch's

// The variables of a launcher.
struct Launcher {
  const char* rank;
  const char* size;
  const char* local_rank;
  const char* local_size;  // null: the launcher names the machines instead
};

constexpr Launcher kLaunchers[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", nullptr},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
};

int number(const Variables& environment, const char* name, int least, int most) {
  const std::string text = environment(name).value_or("");
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    fail(ErrorKind::kUsage,
         concat("the variable ", name, " of the environment must be a number of ", least, " to ",
                most, ": ", text.empty() ? "not set" : text));
  }
  return value;
}

int port_of_job(const Variables& environment) {
  constexpr int kFirst = 20'000;
  constexpr int kCount = 10'000;
  constexpr int kMostJobs = 2'000'000'000;
  if (!environment("SLURM_JOB_ID")) return kDefaultPort;
  return kFirst + number(environment, "SLURM_JOB_ID", 0, kMostJobs) % kCount;
}

std::string guessed_address(const Variables& environment, const Launcher& launcher, int size) {
  if (const auto nodes = environment("SLURM_STEP_NODELIST")) return first_host(*nodes);
  const bool is_one_machine = launcher.local_size != nullptr && environment(launcher.local_size) &&
                              number(environment, launcher.local_size, 1, size) == size;
  if (is_one_machine) return "127.0.0.1";
  fail(ErrorKind::kUsage, concat("this is one of ", size, " processes (", launcher.size,
                                 "): set MASTER_ADDR to the address of the machine of rank 0"));
}

}  // namespace

std::string first_host(const std::string& node_list) {
  const std::size_t bracket = node_list.find_first_of("[,");
  if (bracket == node_list.npos || node_list[bracket] == ',') return node_list.substr(0, bracket);
  const std::size_t end = node_list.find_first_of("-,]", bracket);
  if (end == node_list.npos) return node_list.substr(0, bracket);
  return node_list.substr(0, bracket) + node_list.substr(bracket + 1, end - bracket - 1);
}

std::optional<Membership> find_membership(const Variables& environment) {
  constexpr int kMostProcesses = 1'000'000;
  constexpr int kMostAttempts = 1'000'000'000;
  for (const Launcher& launcher : kLaunchers) {
    if (!environment(launcher.rank) || !environment(launcher.size)) continue;
    Membership found;
    found.size = number(environment, launcher.size, 1, kMostProcesses);
    if (found.size == 1) return std::nullopt;
    found.rank = number(environment, launcher.rank, 0, found.size - 1);
    found.local_rank = environment(launcher.local_rank)
                           ? number(environment, launcher.local_rank, 0, found.size - 1)
                           : 0;
    const auto address = environment("MASTER_ADDR");
    found.master_address = address ? *address : guessed_address(environment, launcher, found.size);
    found.master_port = environment("MASTER_PORT") ? number(environment, "MASTER_PORT", 1, 65'535)
                                                   : port_of_job(environment);
    found.is_store_served = environment("TORCHELASTIC_USE_AGENT_STORE") == "True";
    if (environment("TORCHELASTIC_RESTART_COUNT")) {
      found.attempt = number(environment, "TORCHELASTIC_RESTART_COUNT", 0, kMostAttempts);
    }
    return found;
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> to_variables(const Membership& membership) {
  return {{"RANK", concat(membership.rank)},
          {"WORLD_SIZE", concat(membership.size)},
          {"LOCAL_RANK", concat(membership.local_rank)},
          {"MASTER_ADDR", membership.master_address},
          {"MASTER_PORT", concat(membership.master_port)},
          {"TORCHELASTIC_USE_AGENT_STORE", "False"},
          {"TORCHELASTIC_RESTART_COUNT", concat(membership.attempt)}};
}

}  // namespace sbert
