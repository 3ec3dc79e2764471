#include "sbert/nn/freeze.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::string_view kEmbeddings = "embeddings";
constexpr std::string_view kLayers = "layers.";

struct LayerRange {
  std::int64_t first;
  std::int64_t last;  // frozen too
};

[[noreturn]] void refuse(std::string_view part) {
  fail(ErrorKind::kUsage,
       concat("model.freeze is a list of embeddings, layers.N and layers.N-M: ", part));
}

std::int64_t layer_number(std::string_view text, std::string_view part) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0) refuse(part);
  return number;
}

LayerRange layer_range(std::string_view part, std::int64_t num_layers) {
  if (!part.starts_with(kLayers)) refuse(part);
  const std::string_view numbers = part.substr(kLayers.size());
  const std::size_t dash = numbers.find('-');
  const std::int64_t first = layer_number(numbers.substr(0, dash), part);
  const std::int64_t last =
      dash == std::string_view::npos ? first : layer_number(numbers.substr(dash + 1), part);
  if (first > last) {
    fail(ErrorKind::kUsage,
         concat("model.freeze: the first layer of a range is its lowest: ", part));
  }
  if (last >= num_layers) {
    fail(ErrorKind::kUsage, concat("model.freeze: there is no layer ", last,
                                   ", the model has layers 0 to ", num_layers - 1, ": ", part));
  }
  return {first, last};
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

}  // namespace

bool FrozenParts::contains(ParameterRole role, std::optional<std::int64_t> layer) const {
  return layer ? layers.contains(*layer) : has_embeddings && is_of_embeddings(role);
}

FrozenParts read_frozen_parts(std::string_view parts, std::int64_t num_layers) {
  FrozenParts frozen;
  if (without_blanks(parts).empty()) return frozen;
  for (std::size_t start = 0; start <= parts.size();) {
    const std::size_t comma = std::min(parts.find(',', start), parts.size());
    const std::string_view part = without_blanks(parts.substr(start, comma - start));
    start = comma + 1;
    if (part == kEmbeddings) {
      frozen.has_embeddings = true;
      continue;
    }
    const LayerRange range = layer_range(part, num_layers);
    for (std::int64_t layer = range.first; layer <= range.last; ++layer)
      frozen.layers.insert(layer);
  }
  return frozen;
}

}  // namespace sbert
