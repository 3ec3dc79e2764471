#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "sbert/model/parameter_specs.h"
#include "sbert/nn/compute_precision.h"
#include "sbert/nn/dropout_sites.h"

namespace sbert {

/// A low-rank addition to some rows of a linear layer's weight (Hu et al., LoRA, 2021):
/// scale * b a.
struct LoraAdapter {
  std::string module;      ///< what it is added to: "encoder.layer.0.attention.self.query"
  ParameterRole role;      ///< of the same
  std::int64_t first_row;  ///< of the weight
  Tensor a;                ///< [r, in]
  Tensor b;                ///< [rows, r]
  double scale;
  double dropout;  ///< of the adapter's input, in training only

  /// @param x [T, in] in the type of the products
  /// @return  [T, rows] what is added to those columns of the layer's output
  Tensor operator()(const Tensor& x, ComputePrecision precision, DropoutSites& sites) const;
};

/// x weight^T + bias, with the adapters' additions.
struct Linear {
  Tensor weight;                      ///< [out, in]
  Tensor bias;                        ///< [out], or undefined: none
  std::vector<LoraAdapter> adapters;  ///< in the order of their rows, which do not overlap

  /// @param x [T, in]
  /// @return  [T, out] in the type of the products
  Tensor operator()(const Tensor& x, ComputePrecision precision, DropoutSites& sites) const;
};

}  // namespace sbert
