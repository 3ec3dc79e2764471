#pragma once

#include "sbert/base/worker_pool.h"
#include "sbert/model/encoder_spec.h"
#include "sbert/model/weights.h"

namespace sbert {

/// Puts the weights of a checkpoint into the order of parameter_specs(spec). They stay views, of
/// the floating-point types that they have. NaN and infinity among them are a warning, with the
/// names of the weights.
///
/// @param found under the names of parameter_specs()
/// @throws Error(kInput) with every weight that is missing, has another shape than the encoder or
///         another type than a floating-point one, or has no place in this encoder; and, before
///         memory is taken, if `spec` describes an encoder far larger than the weights
Weights arrange_weights(const EncoderSpec& spec, Weights found, const WorkerPool& pool);

}  // namespace sbert
