#pragma once

#include <string>
#include <vector>

#include "sbert/nn/named_tensor.h"
#include "sbert/model/bert_encoder.h"

namespace sbert {

/// Copies weights into an encoder, as float32, whatever floating type they have, on all cores.
/// Each tensor is let go as soon as it is copied, so that a mapped file is not in memory twice.
/// NaN and infinity among them are a warning, with the names of the tensors.
///
/// @param weights    under the encoder's names; query, key and value of a layer fused
///                   (attention.self.qkv.*) or apart (attention.self.query.* and so on)
/// @param parameters BertEncoder::parameters(), written in place
/// @throws Error(kInput) with every tensor that is missing, has another shape than the encoder, or
///         belongs to an encoder but not to this one
void copy_weights(NamedTensors weights, const NamedTensors& parameters);

/// An encoder with these weights.
/// @throws Error(kInput) as copy_weights(), and, before memory is taken, if `config` describes an
///         encoder far larger than the weights
BertEncoder make_encoder(const EncoderConfig& config, NamedTensors weights);

/// The encoder's tensors under Hugging Face's names: query, key and value apart, as views.
NamedTensors hugging_face_weights(const NamedTensors& parameters);

/// What a Hugging Face checkpoint holds for the encoder: the prefix `bert.` is cut off, and what an
/// embedding does not need (pooler, position_ids, heads such as cls.*) is left out, which is
/// logged. The pooler takes no part in an embedding, so it is kept nowhere; a .nemo, which must
/// have one, is written with zeros.
NamedTensors from_hugging_face(NamedTensors tensors);

/// [2, 3] as "[2, 3]", for messages.
std::string shape_text(const at::Tensor& tensor);

/// "a, b, c", for messages; of more than twenty names the first twenty and the number of the rest.
std::string joined(const std::vector<std::string>& names);

/// Logs, in one line, tensors that are left out.
void log_ignored(const NamedTensors& ignored);

}  // namespace sbert
