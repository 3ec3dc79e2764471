#include "sbert/train/model_options.h"

#include <string>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"

namespace sbert {
namespace {

void validate_optim(const OptimOptions& optim) {
  check_in_range("model.optim.lr", optim.lr, 0, 1e3);
  check_in_range("model.optim.weight_decay", optim.weight_decay, 0, 1e3);
  if (optim.betas.size() != 2) {
    fail(ErrorKind::kUsage, concat("model.optim.betas must have two values: ", optim.betas.size()));
  }
  for (const double beta : optim.betas)
    check_in_range("model.optim.betas", beta, 0, 1);
  if (!(optim.layer_decay > 0 && optim.layer_decay <= 1)) {
    fail(ErrorKind::kUsage,
         concat("model.optim.layer_decay must be above 0 and at most 1: ", optim.layer_decay));
  }
  optim.sched.validate(optim.lr);
}

void refuse_mining(const std::string& key, const std::string& needed) {
  fail(ErrorKind::kUsage, concat("model.mining.", key, " needs ", needed));
}

void validate_mining(const ModelOptions& model) {
  const TrainingMiningOptions& mining = model.mining;
  mining.validate();
  if (!mining.is_on()) {
    const std::pair<const char*, bool> set[] = {{"start_step", mining.start_step != 0},
                                                {"pool", !mining.pool.empty()},
                                                {"pool_format", mining.pool_format.has_value()},
                                                {"max_pool", mining.max_pool != 0},
                                                {"mix.old", mining.mix.old != 0},
                                                {"mix.random", mining.mix.random != 0}};
    for (const auto& [key, is_set] : set) {
      if (is_set) refuse_mining(key, "model.mining.refresh_every_n_steps");
    }
    return;
  }
  if (model.loss.name != LossKind::kContrastive && model.loss.name != LossKind::kTriplet) {
    refuse_mining(
        "refresh_every_n_steps",
        concat("model.loss.name=contrastive or triplet: the loss is ", enum_name(model.loss.name)));
  }
  if (model.data.hard_negatives_to_train < 1) {
    refuse_mining("refresh_every_n_steps", "model.data.hard_negatives_to_train");
  }
  const double share = 1 - mining.mix.old - mining.mix.random;
  const double needed = share * static_cast<double>(model.data.hard_negatives_to_train);
  if (static_cast<double>(mining.num_negatives) < needed) {
    fail(ErrorKind::kUsage,
         concat("model.mining.num_negatives must be at least the mined share (", share,
                ") of model.data.hard_negatives_to_train (", model.data.hard_negatives_to_train,
                "): ", mining.num_negatives));
  }
}

void validate_negatives(const ModelOptions& model) {
  if (model.loss.needs_negatives() && model.data.hard_negatives_to_train < 1) {
    fail(ErrorKind::kUsage, concat("model.loss.name=", enum_name(model.loss.name),
                                   " needs hard negatives: model.data.hard_negatives_to_train is ",
                                   model.data.hard_negatives_to_train));
  }
  if (model.global_inbatch_negatives) return;
  if (model.loss.name != LossKind::kContrastive) {
    fail(ErrorKind::kUsage,
         concat("model.global_inbatch_negatives=False needs model.loss.name=contrastive: the loss "
                "is ",
                enum_name(model.loss.name)));
  }
  if (model.loss.memory_size > 0) {
    fail(ErrorKind::kUsage, "model.loss.memory_size needs model.global_inbatch_negatives=True");
  }
}

}  // namespace

void read_value(const ConfigNode& node, std::string_view key, PartNames& value) {
  value.text.clear();
  if (node.is_null()) return;
  const auto name_of = [&](const ConfigNode& each) -> const std::string& {
    if (!each.is_string()) {
      fail(ErrorKind::kUsage, concat(key, " must be a list of names: [embeddings,layers.0-3]"));
    }
    return *each.string();
  };
  const ConfigNode::List* items = node.list();
  if (items == nullptr) {
    value.text = name_of(node);
    return;
  }
  for (const ConfigNode& item : *items)
    value.text += concat(value.text.empty() ? "" : ",", name_of(item));
}

ConfigNode to_node(const PartNames& value) {
  return {value.text};
}

void ModelOptions::validate() const {
  check_at_least("model.micro_batch_size", micro_batch_size, 1);
  check_at_least("model.global_batch_size", global_batch_size, 1);
  check_in_range("model.grad_allreduce_chunk_size_mb",
                 static_cast<double>(grad_allreduce_chunk_size_mb), 1, 1e5);
  check_at_least("model.encoder_seq_length", encoder_seq_length, 3);
  check_in_range("model.hidden_dropout", hidden_dropout, 0, 1);
  check_in_range("model.attention_dropout", attention_dropout, 0, 1);
  data.validate();
  loss_options().validate();
  validate_negatives(*this);
  validate_mining(*this);
  if (lora) lora->validate();
  if (lora && !freeze.text.empty()) {
    fail(
        ErrorKind::kUsage,
        concat("model.freeze and model.lora: adapters train beside weights that are all frozen, so "
               "take one out: ",
               freeze.text));
  }
  validate_optim(optim);
}

void ModelOptions::check_shares(std::int64_t processes) const {
  if (global_batch_size % (micro_batch_size * processes) == 0) return;
  const std::string times = processes == 1 ? "" : concat(" times the ", processes, " processes");
  fail(ErrorKind::kUsage,
       concat("model.global_batch_size must be a multiple of model.micro_batch_size (",
              micro_batch_size, ")", times, ": ", global_batch_size));
}

}  // namespace sbert
