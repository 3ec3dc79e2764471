#include "sbert/cli/model_option.h"

#include <c10/core/Device.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/nn/device.h"

namespace sbert {

SentenceModel load_model_on(const std::string& path, const std::string& device, int local_rank) {
  const c10::Device chosen = within("--device", [&] { return choose_device(device, local_rank); });
  SentenceModel model = load_model(path);
  model.encoder.to(chosen);
  return model;
}

SentenceModel load_model_on(const std::string& path,
                            const std::string& device,
                            const std::string& precision,
                            int local_rank) {
  if (precision == "int8") {
    if (device != "auto" && device != "cpu") {
      fail(ErrorKind::kUsage,
           concat("--precision int8 is for the CPU; use --device cpu: ", device));
    }
    return load_model_on(path, "cpu");
  }
  SentenceModel model = load_model_on(path, device, local_rank);
  const ComputePrecision computed = precision_from_name(precision);
  if (computed != ComputePrecision::kFloat32 && model.encoder.device().is_cpu()) {
    fail(ErrorKind::kUsage,
         concat("--precision ", precision, " is for GPUs; the CPU has 32 and int8"));
  }
  model.encoder.set_compute_precision(computed);
  return model;
}

InferencePrecision inference_precision(const std::string& precision) {
  return precision == "int8" ? InferencePrecision::kInt8 : InferencePrecision::kFloat32;
}

}  // namespace sbert
