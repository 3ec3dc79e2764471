#include "sbert/cli/torch/gpu_models.h"

#include <utility>

#include "sbert/checkpoint/model_files.h"
#include "sbert/nn/compute_precision.h"
#include "sbert/nn/torch_embedder.h"
#include "sbert/nn/torch_encoder.h"

namespace sbert {
namespace {

// An embedder with what it refers to. The model's weights go when they are on the GPU.
class GpuModel final : public TextEmbedder {
 public:
  GpuModel(TextModel model,
           const TrainingRecipe& recipe,
           const c10::Device& device,
           const WorkerPool& pool,
           std::int64_t batch_tokens)
      : model_(std::move(model)),
        encoder_(model_.encoder, std::exchange(model_.weights, {}), recipe, device),
        embedder_(encoder_, model_.tokenizer, model_.head, model_.card, pool, batch_tokens) {}

  FloatMatrix embed(std::span<const std::string> texts, const EmbedCall& call) const override {
    return embedder_.embed(texts, call);
  }
  std::int64_t width() const override { return embedder_.width(); }
  const ModelCard& card() const override { return embedder_.card(); }
  bool normalizes() const override { return embedder_.normalizes(); }

 private:
  TextModel model_;
  TorchEncoder encoder_;
  TorchEmbedder embedder_;
};

}  // namespace

GpuModels::GpuModels(const EncodingOptions& options, const c10::Device& device)
    : options_(options),
      device_(device),
      pool_(options.threads),
      context_{pool_, signal_stop_token()} {}

std::vector<std::unique_ptr<TextEmbedder>> GpuModels::open(const std::vector<std::string>& paths) {
  const TrainingRecipe recipe{.precision = precision_from_name(enum_name(options_.precision))};
  std::vector<std::unique_ptr<TextEmbedder>> embedders;
  for (const std::string& path : paths) {
    embedders.push_back(std::make_unique<GpuModel>(load_model(path, pool_), recipe, device_, pool_,
                                                   options_.batch_tokens));
  }
  return embedders;
}

}  // namespace sbert
