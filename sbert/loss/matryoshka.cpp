#include "sbert/loss/matryoshka.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>

#include "sbert/base/concat.h"
#include "sbert/loss/loss_inputs.h"
#include "sbert/loss/pair_similarity.h"

namespace sbert {
namespace {

class MatryoshkaLoss : public Loss {
 public:
  explicit MatryoshkaLoss(std::vector<MatryoshkaPart> parts) : parts_(std::move(parts)) {}

  Tensor compute(const LossBatch& batch) const override {
    check_shapes(batch);
    LossBatch cut{{}, {}, {}, batch.targets, batch.memory, batch.part};
    Tensor sum = batch.questions.new_zeros({});
    for (const MatryoshkaPart& part : parts_) {
      const auto shorten = [&](const Tensor& rows) {
        return unit_rows(rows.narrow(1, 0, part.dim));
      };
      cut.questions = shorten(batch.questions);
      cut.positives = shorten(batch.positives);
      cut.negatives = shorten(batch.negatives);
      if (batch.memory.size() > 0) cut.memory.documents = shorten(batch.memory.documents);
      sum = sum + part.weight * part.loss->compute(cut);
    }
    return sum;
  }

  bool has_parts() const override {
    return std::ranges::all_of(parts_, [](const auto& part) { return part.loss->has_parts(); });
  }

  NamedTensors parameters() const override {
    NamedTensors all;
    for (const MatryoshkaPart& part : parts_) {
      for (const NamedTensor& parameter : part.loss->parameters())
        all.push_back({concat(part.dim, '.', parameter.name), parameter.tensor});
    }
    return all;
  }

 private:
  std::vector<MatryoshkaPart> parts_;
};

}  // namespace

std::unique_ptr<Loss> make_matryoshka_loss(std::vector<MatryoshkaPart> parts) {
  return std::make_unique<MatryoshkaLoss>(std::move(parts));
}

}  // namespace sbert
