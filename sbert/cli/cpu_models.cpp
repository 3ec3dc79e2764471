#include "sbert/cli/cpu_models.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/embed/packed_embedder.h"

namespace sbert {

CpuModels::CpuModels(const EncodingOptions& options)
    : options_(options), pool_(options.threads), context_{pool_, signal_stop_token()} {
  if (options.precision != EncodingPrecision::kFloat32 &&
      options.precision != EncodingPrecision::kInt8) {
    fail(ErrorKind::kUsage, concat("--precision ", enum_name(options.precision),
                                   " is for GPUs; the CPU has 32 and int8"));
  }
}

std::vector<std::unique_ptr<TextEmbedder>> CpuModels::open(const std::vector<std::string>& paths) {
  const PackedEmbedderOptions packed{.precision = options_.precision == EncodingPrecision::kInt8
                                                      ? CpuPrecision::kInt8
                                                      : CpuPrecision::kFloat32,
                                     .batch_tokens = options_.batch_tokens};
  std::vector<std::unique_ptr<TextEmbedder>> embedders;
  for (const std::string& path : paths)
    embedders.push_back(std::make_unique<PackedEmbedder>(load_model(path, pool_), pool_, packed));
  return embedders;
}

}  // namespace sbert
