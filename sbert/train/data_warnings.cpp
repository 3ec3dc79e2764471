#include "sbert/train/data_warnings.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

/// What a loss reads beside a question and its positive.
struct Needs {
  bool label = false;
  bool negatives = false;
  bool scores = false;  // a teacher's
};

Needs needs_of(LossKind loss) {
  switch (loss) {
    case LossKind::kContrastive:
    case LossKind::kTriplet:
      return {.negatives = true};
    case LossKind::kSoftmax:
    case LossKind::kCosine:
    case LossKind::kCosent:
    case LossKind::kAngle:
      return {.label = true};
    case LossKind::kMarginMse:
    case LossKind::kDistillKl:
      return {.negatives = true, .scores = true};
  }
  return {};
}

class Check {
 public:
  Check(const std::vector<ExampleFile>& files, const LossOptions& loss)
      : files_(files), loss_(loss), needs_(needs_of(loss.name)) {}

  std::vector<std::string> run() {
    for (const ExampleFile& file : files_)
      within(file.path().native(), [&] { look_at(file.path(), file.traits()); });
    return std::move(warnings_);
  }

 private:
  void look_at(const std::filesystem::path& path, const FileTraits& traits) {
    const char* const label = traits.has_label_as_score ? "score" : "label";
    if (traits.has_labels && !needs_.label) warn_unused(path, label);
    if (traits.has_positive_scores && !needs_.scores) warn_unused(path, "pos_scores");
    if (traits.has_negative_scores && !needs_.scores) warn_unused(path, "neg_scores");
    if (traits.has_negatives && !needs_.negatives) {
      warn_unused(path, traits.form == RecordForm::kTriplet ? "negative" : "neg_doc");
    }
    if (!traits.has_labels) return;
    if (loss_.name == LossKind::kCosine && (traits.min_label < -1 || traits.max_label > 1)) {
      warnings_.push_back(concat(path,
                                 ": model.loss.name=cosine brings the cosine of a pair to its ",
                                 label, ", which must be from -1 to 1 for it: they are from ",
                                 traits.min_label, " to ", traits.max_label));
    }
  }

  void warn_unused(const std::filesystem::path& path, std::string_view key) {
    warnings_.push_back(
        concat(path, ": model.loss.name=", enum_name(loss_.name), " does not use ", key));
  }

  const std::vector<ExampleFile>& files_;
  const LossOptions& loss_;
  Needs needs_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::vector<std::string> data_warnings(const std::vector<ExampleFile>& files,
                                       const LossOptions& loss) {
  return Check(files, loss).run();
}

}  // namespace sbert
