#include "sbert/loss/false_negatives.h"

#include <ATen/ATen.h>

#include "sbert/base/error.h"
#include "sbert/loss/known_positives.h"
#include "sbert/nn/on_device.h"

namespace sbert {
namespace {

Tensor key_tensor(const std::vector<std::uint64_t>& keys, const at::Device& device) {
  return on_device(std::vector<std::int64_t>(keys.begin(), keys.end()), device);
}

[[noreturn]] void fail_without_ids() {
  fail(ErrorKind::kUsage,
       "model.loss.mask_same_id needs ids of documents in the training data: no pos_doc_id and no "
       "neg_doc_id");
}

// Where a document's key is that of its row's own document, and not 0. [B, M]
Tensor has_key_of_own(const std::vector<std::uint64_t>& keys, const ScoreTable& table) {
  const Tensor all = key_tensor(keys, table.documents.device());  // [B + N]
  const Tensor of_documents =
      all.index_select(0, table.documents.clamp_min(0).flatten()).view(table.documents.sizes());
  const Tensor of_own = all.index_select(0, table.own_documents).unsqueeze(1);  // [B, 1]
  return (of_documents == of_own) & (of_own != 0);
}

Tensor is_own(const ScoreTable& table) {  // [B, M]
  return table.documents == table.own_documents.unsqueeze(1);
}

}  // namespace

Tensor left_out(const ScoreTable& table, const LossTargets& targets, const LossOptions& options) {
  Tensor is_out = table.documents < 0;
  const auto leave_out = [&](const Tensor& is_false) {
    is_out = is_out | (is_false & is_own(table).logical_not());
  };
  if (options.mask_known_positives && table.known.defined()) {
    leave_out(table.known.gather(1, table.documents.clamp_min(0).expand_as(table.scores)));
  }
  if (options.mask_same_text) {
    if (targets.text_keys.empty()) fail(ErrorKind::kInternal, "loss: the batch has no text keys");
    leave_out(has_key_of_own(targets.text_keys, table));
  }
  if (options.mask_same_id) {
    if (targets.id_keys.empty()) fail_without_ids();
    leave_out(has_key_of_own(targets.id_keys, table));
  }
  if (options.false_negative_margin) {
    const Tensor scores = table.scores.detach();
    const Tensor of_own = of_own_pair(scores, table).unsqueeze(1);  // [B, 1]
    leave_out(scores > of_own + *options.false_negative_margin);
  }
  return is_out.expand_as(table.scores);
}

Tensor left_out_of_memory(const Tensor& scores,
                          const ScoreTable& table,
                          const LossBatch& batch,
                          const LossOptions& options) {
  const LossTargets& targets = batch.targets;
  const LossMemory& memory = batch.memory;
  // Where a key of the memory is the question's, and not 0. [B, M]
  const auto same = [&](const std::vector<std::uint64_t>& of_questions, const Tensor& of_memory) {
    const Tensor keys = key_tensor(of_questions, scores.device());
    const Tensor of_own = keys.index_select(0, table.own_documents).unsqueeze(1);  // [B, 1]
    return (of_memory.unsqueeze(0) == of_own) & (of_own != 0);
  };
  Tensor is_out =
      same(targets.text_keys, memory.text_keys) | same(targets.question_keys, memory.question_keys);
  if (options.mask_known_positives) {
    const Tensor known = known_of_memory(batch);
    if (known.defined()) is_out = is_out | known;
  }
  if (options.mask_same_id) {
    if (targets.id_keys.empty()) fail_without_ids();
    is_out = is_out | same(targets.id_keys, memory.id_keys);
  }
  if (options.false_negative_margin) {
    const Tensor of_own = of_own_pair(table.scores, table).detach().unsqueeze(1);
    is_out = is_out | (scores.detach() > of_own + *options.false_negative_margin);
  }
  return is_out;
}

Tensor of_own_pair(const Tensor& values, const ScoreTable& table) {
  return values.gather(1, table.own_columns.unsqueeze(1)).squeeze(1);
}

}  // namespace sbert
