#include "sbert/cli/encoding_options.h"

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {

bool EncodingOptions::names_gpu() const {
  return device == "cuda" || device == "gpu" || device.starts_with("cuda:");
}

void EncodingOptions::validate() const {
  if (devices < 1) fail(ErrorKind::kUsage, concat("--devices must be at least 1: ", devices));
  if (device != "auto" && device != "cpu" && !names_gpu()) {
    fail(ErrorKind::kUsage, concat("--device: a device is auto, cpu, cuda or cuda:N: ", device));
  }
  if (precision == EncodingPrecision::kInt8 && names_gpu()) {
    fail(ErrorKind::kUsage, concat("--precision int8 is for the CPU; use --device cpu: ", device));
  }
}

}  // namespace sbert
