#include "sbert/train/data_options.h"

#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/option_checks.h"
#include "sbert/config/options.h"

namespace sbert {
namespace {

// What NeMo's configurations say where the user's path is to be.
bool is_placeholder(const FilePatterns& files) {
  return files.patterns == std::vector<std::string>{"/path/to/data"};
}

}  // namespace

const FilePatterns& DataOptions::training_files() const {
  const bool has_prefix = !data_prefix.empty() && !is_placeholder(data_prefix);
  return has_prefix ? data_prefix : data_train;
}

void DataOptions::validate() const {
  if (training_files().empty()) {
    fail(ErrorKind::kUsage, "required: model.data.data_prefix (the training file)");
  }
  if (&training_files() == &data_prefix && !data_train.empty()) {
    fail(ErrorKind::kUsage,
         "model.data.data_prefix and model.data.data_train are one: give either");
  }
  check_at_least("model.data.evaluation_sample_size", evaluation_sample_size, 0);
  if (evaluation_sample_size > 0) {
    check_at_least("model.data.evaluation_steps", evaluation_steps, 1);
  }
  check_at_least("model.data.hard_negatives_to_train", hard_negatives_to_train, 0);
}

void read_value(const ConfigNode& node, std::string_view key, FilePatterns& value) {
  value.patterns.clear();
  if (node.is_null()) return;
  const ConfigNode::List* items = node.list();
  if (items == nullptr) {
    if (!node.is_string())
      fail(ErrorKind::kUsage, concat(key, " must be a path or a list of paths"));
    value.patterns.push_back(*node.string());
    return;
  }
  bool weight_stands_before = false;
  for (const ConfigNode& item : *items) {
    if (const std::string* path = item.string()) {
      value.patterns.push_back(*path);
      weight_stands_before = false;
      continue;
    }
    double weight = 0;
    detail::read_value(item, key, weight);
    if (weight != 1)
      fail(ErrorKind::kUsage, concat(key, ": the weight of a file must be 1: ", weight));
    if (weight_stands_before)
      fail(ErrorKind::kUsage, concat(key, ": a path must follow each weight"));
    weight_stands_before = true;
  }
  if (weight_stands_before)
    fail(ErrorKind::kUsage, concat(key, ": a path must follow each weight"));
}

ConfigNode to_node(const FilePatterns& value) {
  if (value.patterns.empty()) return {std::string()};
  if (value.patterns.size() == 1) return {value.patterns.front()};
  ConfigNode::List items;
  for (const std::string& pattern : value.patterns)
    items.push_back({pattern});
  return {std::move(items)};
}

}  // namespace sbert
