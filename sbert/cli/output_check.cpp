#include "sbert/cli/output_check.h"

#include <filesystem>
#include <system_error>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

void refuse_output_over_input(const std::string& output, std::span<const std::string> inputs) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (output.empty() || !fs::is_regular_file(output, error)) return;
  for (const std::string& input : inputs) {
    if (!fs::equivalent(output, input, error)) continue;
    fail(ErrorKind::kUsage,
         concat("--output would replace the file that is read: ", output, "; give another name"));
  }
}

}  // namespace sbert
