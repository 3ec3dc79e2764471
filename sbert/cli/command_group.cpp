#include "sbert/cli/command_group.h"

#include <optional>

#include <c10/core/Device.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/config/interpolation.h"
#include "sbert/dist/launcher.h"
#include "sbert/dist/membership.h"
#include "sbert/nn/device.h"

namespace sbert {
namespace {

constexpr int kTimeoutSeconds = 1'800;

}  // namespace

Words command_words(const std::string& name, const Words& words) {
  Words all{name};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

CommandGroup::CommandGroup(int devices, const std::string& device, const Words& command) {
  if (devices < 1) fail(ErrorKind::kUsage, concat("--devices must be at least 1: ", devices));
  const std::optional<Membership> membership = find_membership(process_environment);
  if (!membership) {
    if (devices == 1) return;
    Words words = command;
    if (is_quiet()) words.push_back("--quiet");
    run_local_processes(devices, words);
    is_over_ = true;
    return;
  }
  if (devices != 1 && devices != membership->size) {
    fail(ErrorKind::kUsage, concat("--devices must be the number of processes that were started, ",
                                   membership->size, ": ", devices));
  }
  local_rank_ = membership->local_rank;
  if (membership->rank > 0) set_quiet(true);
  const c10::Device own = within("--device", [&] { return choose_device(device, local_rank_); });
  connected_ = connect(*membership, own, kTimeoutSeconds);
}

}  // namespace sbert
