#include "sbert/model/dropout_sites.h"

#include "sbert/base/random.h"

namespace sbert {

DropoutSite DropoutSites::next_elements(double rate, std::int64_t width) {
  const int site = next_++;
  if (!key_) return {};
  return {rate, derive_key(key_->value, site), key_->first_token * width};
}

DropoutSite DropoutSites::next_attention(double rate) {
  const int site = next_++;
  if (!key_) return {};
  return {rate, derive_key(key_->value, site), key_->first_sequence};
}

}  // namespace sbert
