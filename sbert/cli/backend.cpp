#include "sbert/cli/backend.h"

#include <utility>

namespace sbert {

std::unique_ptr<TextEmbedder> open_model(Models& models, const std::string& path) {
  return std::move(models.open({path}).front());
}

}  // namespace sbert
