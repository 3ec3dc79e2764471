#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sbert/base/field.h"

namespace sbert {

/// exp_manager.wandb_logger_kwargs: a run of Weights & Biases, under the names that NeMo takes.
struct WandbOptions {
  std::optional<std::string> name;
  std::optional<std::string> project;
  std::optional<std::string> entity;
  std::optional<std::string> group;
  std::optional<std::string> job_type;
  std::optional<std::string> notes;
  std::vector<std::string> tags;
  std::optional<std::string> id;
  std::optional<bool> offline;
  std::optional<std::string> save_dir;

  static constexpr auto fields() {
    using Self = WandbOptions;
    return std::tuple{
        field("name", &Self::name, "name of the run"),
        field("project", &Self::project, "project of the run; null: the user's default"),
        field("entity", &Self::entity, "user or team; null: the user's default"),
        field("group", &Self::group, "group of runs that this one belongs to"),
        field("job_type", &Self::job_type, "kind of run, as train"),
        field("notes", &Self::notes, "a longer description"),
        field("tags", &Self::tags, "a list of words"),
        field("id", &Self::id, "id of the run; null: drawn, and kept when training resumes"),
        field("offline", &Self::offline,
              "only write files, for wandb sync; null: if there is no wandb-core or no API key"),
        field("save_dir", &Self::save_dir, "where wandb/ is made; null: the folder of the run"),
    };
  }

  /// @throws Error(kUsage) naming the first key (below wandb_logger_kwargs) that is wrong
  void validate() const;
};

}  // namespace sbert
