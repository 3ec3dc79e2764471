#include "sbert/optim/parameter_names.h"

#include <charconv>

namespace sbert {
namespace {

constexpr std::string_view kLayers = "encoder.layer.";
constexpr std::string_view kEmbeddings = "embeddings.";

}  // namespace

std::optional<std::int64_t> layer_of(std::string_view parameter_name) {
  if (!parameter_name.starts_with(kLayers)) return std::nullopt;
  const char* const end = parameter_name.data() + parameter_name.size();
  std::int64_t layer = 0;
  const auto [rest, error] = std::from_chars(parameter_name.data() + kLayers.size(), end, layer);
  if (error != std::errc() || rest == end || *rest != '.' || layer < 0) return std::nullopt;
  return layer;
}

bool is_of_embeddings(std::string_view parameter_name) {
  return parameter_name.starts_with(kEmbeddings);
}

}  // namespace sbert
