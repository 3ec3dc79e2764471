#include "sbert/nn/dropout_sites.h"

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/base/random.h"

namespace sbert {

DropoutSites::DropoutSites(const std::optional<DropoutKey>& key, const Tensor& cu_seqlens) {
  if (!key) return;
  const std::int64_t num_sequences = cu_seqlens.size(0) - 1;
  key_ = key->value;
  sequences_ = key->sequences.empty() ? at::arange(num_sequences, at::kLong)
                                      : at::tensor(key->sequences, at::kLong);
  cu_seqlens_ = cu_seqlens;
  if (sequences_.size(0) != num_sequences) {
    fail(ErrorKind::kInternal, "a dropout key must number each sequence of the batch");
  }
}

DropoutSite DropoutSites::next(double rate) {
  const int site = next_++;
  if (!key_) return {};
  return {rate, derive_key(*key_, site), sequences_, cu_seqlens_};
}

}  // namespace sbert
