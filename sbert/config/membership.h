#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sbert {

/// A process among those that work together.
struct Membership {
  int rank = 0;
  int size = 1;
  int local_rank = 0;          ///< among those of this machine: which GPU is its
  std::string master_address;  ///< of the machine of rank 0
  int master_port = 0;
  bool is_store_served = false;  ///< the launcher serves the key-value store (torchrun's agent)
  int attempt = 0;               ///< how often the launcher has started all of them before
};

/// The value of an environment variable; nullopt if it is not set or empty.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// What the launcher of this process says in its environment; nullopt if it works alone. Known:
/// torchrun, or by hand (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT); a step of Slurm's
/// srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID, SLURM_STEP_NODELIST, SLURM_JOB_ID);
/// Open MPI (OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK) and MPICH or Intel MPI (PMI_RANK, PMI_SIZE,
/// MPI_LOCALRANKID), which need MASTER_ADDR if they are on several machines. MASTER_ADDR and
/// MASTER_PORT win over what is guessed.
/// @throws Error(kUsage) naming the variable that is missing or wrong
std::optional<Membership> find_membership(const Variables& environment);

/// As variables, by which a process started with them finds it again.
std::vector<std::pair<std::string, std::string>> to_variables(const Membership& membership);

/// The first host of Slurm's short form: "node[03-07,9],login" is node03.
std::string first_host(const std::string& node_list);

}  // namespace sbert
