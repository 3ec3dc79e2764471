// A YAML configuration, its interpolations, and the words of a command line that change it: all
// lines after one of "%%", a word a line.

#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz_input.h"
#include "sbert/config/config_tree.h"
#include "sbert/config/interpolation.h"
#include "sbert/config/overrides.h"
#include "sbert/config/yaml.h"

namespace {

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    result.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kBorder = "\n%%\n";
  const std::string_view input = sbert::text_of(data, size);
  const std::size_t border = input.find(kBorder);
  sbert::expect_errors_only([&] {
    sbert::ConfigNode root = sbert::parse_yaml(input.substr(0, border));
    if (!root.is_map()) return;
    sbert::ConfigTree tree(std::move(root));
    if (border != std::string_view::npos) {
      sbert::apply_overrides(tree, lines(input.substr(border + kBorder.size())));
    }
    const auto no_environment = [](const std::string&) { return std::nullopt; };
    const std::string written = sbert::write_yaml(sbert::resolve(tree, no_environment));
    sbert::parse_yaml(written);
  });
  return 0;
}
