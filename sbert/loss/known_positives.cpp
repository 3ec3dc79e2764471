#include "sbert/loss/known_positives.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include <ATen/ATen.h>

#include "sbert/nn/on_device.h"

namespace sbert {
namespace {

// The keys are hashes already.
struct KeyItself {
  std::size_t operator()(std::uint64_t key) const { return key; }
};

// The question of each hard negative. [N]
std::vector<std::int64_t> owners_of(const LossTargets& targets) {
  std::vector<std::int64_t> owners;
  for (std::int64_t i = 0; i < targets.num_questions(); ++i) {
    const auto count = targets.negative_counts[static_cast<std::size_t>(i)];
    owners.insert(owners.end(), static_cast<std::size_t>(count), i);
  }
  return owners;
}

// A table that is true at these places, row by row; undefined if there are none.
Tensor table_of(const std::vector<std::int64_t>& places,
                std::int64_t num_rows,
                std::int64_t num_columns,
                const LossBatch& batch) {
  if (places.empty()) return {};
  const at::Device device = batch.questions.device();
  Tensor table = at::zeros({num_rows * num_columns}, at::TensorOptions(device).dtype(at::kBool));
  table.index_fill_(0, on_device(places, device), 1);
  return table.view({num_rows, num_columns});
}

bool is_in_part(std::int64_t question, const LossBatch& batch) {
  const std::int64_t first = batch.first_of_part();
  return question >= first && question < first + batch.size_of_part();
}

}  // namespace

std::vector<KnownPair> known_pairs(const LossTargets& targets,
                                   std::span<const std::uint64_t> documents) {
  std::vector<KnownPair> pairs;
  // Sets that are small, as nearly all are, are turned round: which questions a key answers.
  std::unordered_multimap<std::uint64_t, std::int64_t, KeyItself> questions;
  for (std::int64_t i = 0; i < std::ssize(targets.answer_keys); ++i) {
    const AnswerKeys& answers = targets.answer_keys[static_cast<std::size_t>(i)];
    if (!answers) continue;
    if (answers->size() <= documents.size()) {
      for (const std::uint64_t key : *answers)
        questions.emplace(key, i);
      continue;
    }
    for (std::size_t d = 0; d < documents.size(); ++d) {
      if (std::ranges::binary_search(*answers, documents[d]))
        pairs.push_back({i, static_cast<std::int64_t>(d)});
    }
  }
  for (std::size_t d = 0; d < documents.size(); ++d) {
    const auto [first, last] = questions.equal_range(documents[d]);
    for (auto each = first; each != last; ++each)
      pairs.push_back({each->second, static_cast<std::int64_t>(d)});
  }
  std::ranges::sort(pairs, {},
                    [](const KnownPair& pair) { return std::tuple(pair.question, pair.document); });
  return pairs;
}

Tensor known_of_questions(const LossBatch& batch) {
  const std::int64_t width = std::ssize(batch.targets.text_keys);
  std::vector<std::int64_t> places;
  for (const KnownPair& pair : known_pairs(batch.targets, batch.targets.text_keys)) {
    if (pair.question == pair.document || !is_in_part(pair.question, batch)) continue;
    places.push_back((pair.question - batch.first_of_part()) * width + pair.document);
  }
  return table_of(places, batch.size_of_part(), width, batch);
}

Tensor known_of_positives(const LossBatch& batch) {
  const LossTargets& targets = batch.targets;
  if (targets.answer_keys.empty()) return {};
  const std::int64_t width = targets.num_questions();
  const auto positives = std::span(targets.text_keys).first(static_cast<std::size_t>(width));
  std::vector<std::int64_t> places;
  for (const KnownPair& pair : known_pairs(targets, positives)) {
    if (pair.question == pair.document || !is_in_part(pair.document, batch)) continue;
    places.push_back((pair.document - batch.first_of_part()) * width + pair.question);
  }
  return table_of(places, batch.size_of_part(), width, batch);
}

Tensor known_of_memory(const LossBatch& batch) {
  if (batch.targets.answer_keys.empty()) return {};
  const Tensor on_host = batch.memory.text_keys.cpu().contiguous();
  const std::int64_t* keys = on_host.const_data_ptr<std::int64_t>();
  const std::vector<std::uint64_t> documents(keys, keys + on_host.numel());
  const std::int64_t width = batch.memory.size();
  std::vector<std::int64_t> places;
  for (const KnownPair& pair : known_pairs(batch.targets, documents)) {
    if (!is_in_part(pair.question, batch)) continue;
    places.push_back((pair.question - batch.first_of_part()) * width + pair.document);
  }
  return table_of(places, batch.size_of_part(), width, batch);
}

std::int64_t count_known_negatives(const LossTargets& targets, bool shares_hard_negatives) {
  const std::int64_t size = targets.num_questions();
  const std::vector<std::int64_t> owners = owners_of(targets);
  const auto is_negative = [&](const KnownPair& pair) {
    if (pair.document < size) return pair.document != pair.question;
    return shares_hard_negatives ||
           owners[static_cast<std::size_t>(pair.document - size)] == pair.question;
  };
  return std::ranges::count_if(known_pairs(targets, targets.text_keys), is_negative);
}

}  // namespace sbert
