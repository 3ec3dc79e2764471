#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace torch::autograd {
struct AutogradContext;
}

namespace sbert {

using at::Tensor;

/// Dropout of one place in the network: its rate and which masks it draws. A rate of 0 is none.
struct DropoutSite {
  double rate = 0;
  std::uint64_t key = 0;
  /// [B] int64, which masks each sequence of the batch draws: a sequence has the same masks in any
  /// batch that gives it the same number.
  Tensor sequences{};
  Tensor cu_seqlens{};  ///< [B + 1] int32, of the batch
};

/// The key of the masks of a sequence of the batch.
std::uint64_t sequence_key(const DropoutSite& site, std::int64_t sequence);

/// x [T, H] with elements dropped at the site's rate and the rest scaled by 1 / (1 - rate)
/// (Srivastava et al., 2014). Which elements depends on the key, the sequence's number and the
/// place in the sequence alone; the backward pass draws the mask again instead of keeping it.
/// Any floating type. On a GPU the mask is drawn by torch, from the key and the number of the first
/// sequence: it is the same for the same batch.
Tensor dropout(const Tensor& x, const DropoutSite& site);

/// Starts the device's generator anew from the site.
void seed_generator(const DropoutSite& site, const c10::Device& device);

/// Keeps a site for the backward pass, and gets it back there.
void save_site(torch::autograd::AutogradContext* context, const DropoutSite& site);
DropoutSite saved_site(torch::autograd::AutogradContext* context);

}  // namespace sbert
