#include "sbert/train/loss_data.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

void require(bool holds,
             const ExampleFile& file,
             LossKind loss,
             std::string_view what,
             std::string_view key) {
  if (holds) return;
  fail(ErrorKind::kUsage, concat(file.path(), ": model.loss.name=", enum_name(loss), " needs ",
                                 what, " with each record: no ", key));
}

void check_traits(const ExampleFile& file, LossKind loss) {
  const FileTraits& traits = file.traits();
  switch (loss) {
    case LossKind::kSoftmax:
      require(traits.has_labels, file, loss, "the class of a pair", "label");
      return;
    case LossKind::kCosine:
    case LossKind::kCosent:
    case LossKind::kAngle:
      require(traits.has_labels, file, loss, "the similarity of a pair", "score");
      return;
    case LossKind::kMarginMse:
    case LossKind::kDistillKl:
      require(traits.has_positive_scores, file, loss, "a teacher's scores", "pos_scores");
      if (!traits.has_negatives) return;
      require(traits.has_negative_scores, file, loss, "a teacher's scores", "neg_scores");
      return;
    case LossKind::kContrastive:
    case LossKind::kTriplet:
      return;
  }
}

void check_classes(const ExampleFile& file, std::int64_t num_labels) {
  for (std::int64_t i = 0; i < file.size(); ++i) {
    const double label = file.read(i).label.value_or(-1);
    if (label >= 0 && label < static_cast<double>(num_labels) && label == std::floor(label)) {
      continue;
    }
    fail(ErrorKind::kInput,
         concat(file.place_of(i), ": label must be a class from 0 to ", num_labels - 1,
                " (model.loss.num_labels is ", num_labels, "): ", label));
  }
}

}  // namespace

void check_loss_data(const ExampleSet& examples, const ModelOptions& options) {
  const LossOptions& loss = options.loss;
  for (const ExampleFile& file : examples.files()) {
    check_traits(file, loss.name);
    if (loss.name == LossKind::kSoftmax) check_classes(file, loss.num_labels);
  }
  const bool has_negatives = std::ranges::any_of(
      examples.files(), [](const ExampleFile& file) { return file.traits().has_negatives; });
  if (loss.needs_negatives() && !has_negatives && !options.mining.is_on()) {
    fail(ErrorKind::kUsage,
         concat(examples.files().front().path(), ": model.loss.name=", enum_name(loss.name),
                " needs hard negatives: no record has any"));
  }
}

}  // namespace sbert
