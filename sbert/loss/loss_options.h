#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "sbert/base/enum_names.h"
#include "sbert/base/field.h"

namespace sbert {

enum class LossKind {
  kContrastive,
  kSoftmax,
  kCosine,
  kTriplet,
  kCosent,
  kAngle,
  kMarginMse,
  kDistillKl,
};

constexpr auto enum_names(LossKind) {
  return std::to_array<EnumName<LossKind>>({{"contrastive", LossKind::kContrastive},
                                            {"softmax", LossKind::kSoftmax},
                                            {"cosine", LossKind::kCosine},
                                            {"triplet", LossKind::kTriplet},
                                            {"cosent", LossKind::kCosent},
                                            {"angle", LossKind::kAngle},
                                            {"margin_mse", LossKind::kMarginMse},
                                            {"distill_kl", LossKind::kDistillKl}});
}

enum class TripletDistance {
  kEuclidean,  ///< |a - b|
  kCosine,     ///< 1 - cosine(a, b)
};

constexpr auto enum_names(TripletDistance) {
  return std::to_array<EnumName<TripletDistance>>(
      {{"euclidean", TripletDistance::kEuclidean}, {"cosine", TripletDistance::kCosine}});
}

/// model.loss.*: what training minimizes. An option that the named loss does not have must keep its
/// default.
struct LossOptions {
  LossKind name = LossKind::kContrastive;

  /// Of contrastive, cosent, angle and distill_kl: scores are divided by it. Not a key of
  /// model.loss but NeMo's model.softmax_temp, as is label_smoothing. The default is NeMo's,
  /// and the scale of 20 that sentence-transformers' CoSENTLoss and AnglELoss have; its
  /// DistillKLDivLoss has a temperature of 1.
  double temperature = 0.05;

  // Of contrastive.
  bool learn_temperature = false;
  double label_smoothing = 0;
  bool in_batch_negatives = true;
  bool share_hard_negatives = false;
  bool symmetric = false;
  bool clamp = false;
  bool mask_known_positives = true;
  bool mask_same_text = false;
  bool mask_same_id = false;
  std::optional<double> false_negative_margin;  ///< absent or NaN: off; may be negative
  std::int64_t memory_size = 0;                 ///< documents of earlier batches; 0: none
  std::int64_t memory_start_step = 0;

  std::int64_t num_labels = 3;  ///< of softmax

  // Of triplet. sentence-transformers' default margin is 5, which vectors of length 1 never reach.
  double triplet_margin = 1;
  TripletDistance triplet_distance = TripletDistance::kEuclidean;

  double teacher_temperature = 1;  ///< of distill_kl

  // Of any loss. Empty weights: 1 each.
  std::vector<std::int64_t> matryoshka_dims;
  std::vector<double> matryoshka_weights;

  static constexpr auto fields() {
    using Self = LossOptions;
    return std::tuple{
        field("name", &Self::name,
              "contrastive, softmax, cosine, triplet, cosent, angle, margin_mse or distill_kl"),
        field("learn_temperature", &Self::learn_temperature,
              "contrastive: train the temperature, from the one given"),
        field("in_batch_negatives", &Self::in_batch_negatives,
              "contrastive: other questions' positives are negatives; false: own neg_doc only"),
        field("share_hard_negatives", &Self::share_hard_negatives,
              "contrastive: a question's neg_doc are negatives of every question"),
        field("symmetric", &Self::symmetric,
              "contrastive: mean of question to document and document to question"),
        field("clamp", &Self::clamp, "contrastive: hold cosines to [-1, 1] before scaling"),
        field("mask_known_positives", &Self::mask_known_positives,
              "contrastive: what the data names as a positive of the question, in any record, and "
              "the question's own text are no negatives of it"),
        field("mask_same_text", &Self::mask_same_text,
              "contrastive: a document with the text of the question's positive is no negative"),
        field("mask_same_id", &Self::mask_same_id,
              "contrastive: a document with the id of the question's positive is no negative"),
        field("false_negative_margin", &Self::false_negative_margin,
              "contrastive: a document that scores above the positive's score plus this is no "
              "negative; null: off"),
        field("memory_size", &Self::memory_size,
              "contrastive: size of the cross-batch memory: documents of earlier batches used as "
              "negatives of every question, as they were embedded then; 0: off"),
        field("memory_start_step", &Self::memory_start_step,
              "contrastive: updates before the memory begins to fill"),
        field("num_labels", &Self::num_labels, "softmax: classes, labels are 0 to num_labels - 1"),
        field("triplet_margin", &Self::triplet_margin,
              "triplet: how much farther than the positive a negative shall be"),
        field("triplet_distance", &Self::triplet_distance, "triplet: euclidean or cosine"),
        field("teacher_temperature", &Self::teacher_temperature,
              "distill_kl: the teacher's scores are divided by it"),
        field("matryoshka_dims", &Self::matryoshka_dims,
              "any loss: the sum of it over embeddings cut to these sizes; []: off"),
        field("matryoshka_weights", &Self::matryoshka_weights,
              "weight of each of matryoshka_dims; []: 1 each"),
    };
  }

  /// Whether the loss is of hard negatives, so that a batch without any has none.
  bool needs_negatives() const;

  /// @throws Error(kUsage) naming the key that is out of range, contradicts another, or is set
  ///         though the named loss does not have it
  void validate() const;
};

}  // namespace sbert
