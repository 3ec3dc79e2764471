#include "sbert/cli/backend.h"

#include <utility>

#include "sbert/embed/long_texts.h"

namespace sbert {
namespace {

std::vector<std::unique_ptr<TextEmbedder>> open_watched(Models& models,
                                                        const std::vector<std::string>& paths,
                                                        const EncodingOptions& options,
                                                        bool names_models) {
  std::vector<std::unique_ptr<TextEmbedder>> embedders = models.open(paths);
  for (std::size_t i = 0; i < embedders.size(); ++i) {
    embedders[i] = std::make_unique<LongTextWatch>(std::move(embedders[i]), options.on_long,
                                                   names_models ? paths[i] : std::string());
  }
  return embedders;
}

}  // namespace

std::vector<std::unique_ptr<TextEmbedder>> open_models(Models& models,
                                                       const std::vector<std::string>& paths,
                                                       const EncodingOptions& options) {
  return open_watched(models, paths, options, paths.size() > 1);
}

std::unique_ptr<TextEmbedder> open_model(Models& models,
                                         const std::string& path,
                                         const EncodingOptions& options,
                                         bool is_one_of_several) {
  return std::move(open_watched(models, {path}, options, is_one_of_several).front());
}

}  // namespace sbert
