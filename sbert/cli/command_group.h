#pragma once

#include <memory>
#include <string>

#include "sbert/cli/commands.h"
#include "sbert/dist/process_group.h"

namespace sbert {

inline constexpr const char* kDevicesHelp =
    "processes to share the embedding, one for each GPU; also those that torchrun, srun or mpirun "
    "starts";

/// A command as it was given: its name and the words after it.
Words command_words(const std::string& name, const Words& words);

/// The processes of a command that embeds: those that a launcher started, those that --devices asks
/// for, or this one alone.
class CommandGroup {
 public:
  /// Starts the processes that --devices asks for and waits for them, unless a launcher did so:
  /// then is_over().
  /// @param command name and words of the command, as this process was given them
  /// @throws Error(kUsage) if the launcher started another number of processes
  CommandGroup(int devices, const std::string& device, const Words& command);

  /// Other processes did the whole work.
  bool is_over() const { return is_over_; }
  /// Does the command; other processes embed for it (EmbeddingService).
  bool is_leader() const { return group().is_leader(); }
  ProcessGroup& group() const { return connected_ ? *connected_ : alone(); }
  int local_rank() const { return local_rank_; }

 private:
  bool is_over_ = false;
  int local_rank_ = 0;
  std::unique_ptr<ProcessGroup> connected_;
};

}  // namespace sbert
