#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sbert {

/// What the environment says about Weights & Biases.
struct WandbEnvironment {
  std::string mode;               ///< WANDB_MODE: online, offline, disabled, or empty
  std::string base_url;           ///< WANDB_BASE_URL, or that of the public service
  std::string api_key;            ///< WANDB_API_KEY, or the netrc file's; empty if there is none
  std::filesystem::path program;  ///< SBERT_WANDB_CORE, or wandb-core in PATH; empty if absent
};

/// Reads the variables above, and NETRC or ~/.netrc for the host of `base_url`.
WandbEnvironment read_wandb_environment();

/// The password for `host` in a netrc file, or that of its `default` entry. Quotes are those of a
/// shell; a file that is malformed gives what stands before.
std::optional<std::string> netrc_password(std::string_view netrc, std::string_view host);

}  // namespace sbert
