#include "sbert/loss/triplet.h"

#include <ATen/ATen.h>

#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

class TripletLoss : public Loss {
 public:
  TripletLoss(TripletDistance distance, double margin) : distance_(distance), margin_(margin) {}

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    if (batch.negatives.size(0) == 0) return zero_loss(batch);
    const Tensor owners = negative_owners(batch);                                          // [N]
    const Tensor near = between(batch.questions, batch.positives);                         // [B]
    const Tensor far = between(batch.questions.index_select(0, owners), batch.negatives);  // [N]
    return (near.index_select(0, owners) - far + margin_).relu().mean();
  }

 private:
  Tensor between(const Tensor& a, const Tensor& b) const {
    return distance_ == TripletDistance::kCosine ? 1 - pair_cosines(a, b) : (a - b).norm(2, 1);
  }

  TripletDistance distance_;
  double margin_;
};

}  // namespace

std::unique_ptr<Loss> make_triplet_loss(TripletDistance distance, double margin) {
  return std::make_unique<TripletLoss>(distance, margin);
}

}  // namespace sbert
