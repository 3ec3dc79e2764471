#include "sbert/train/mined_negatives.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/checkpoint/safetensors.h"

namespace sbert {
namespace {

constexpr const char* kFormat = "sbert-mined-negatives";
constexpr const char* kVersion = "1";

[[noreturn]] void fail_damaged(const std::string& what) {
  fail(ErrorKind::kInput, concat("mined negatives are damaged: ", what));
}

const std::string& required(const Safetensors& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    fail(ErrorKind::kInput, concat("not a file of mined negatives: no ", key, " in its metadata"));
  }
  return found->second;
}

// A list of integers of the file.
std::span<const std::int64_t> numbers(const Safetensors& file, const std::string& name) {
  for (const Weight& each : file.tensors) {
    if (each.name != name) continue;
    if (each.shape.size() != 1 || each.type != ElementType::kInt64) {
      fail_damaged(concat(name, " must be a list of int64"));
    }
    return {reinterpret_cast<const std::int64_t*>(each.bytes.data()),
            static_cast<std::size_t>(each.shape[0])};
  }
  fail_damaged(concat("tensor is missing: ", name));
}

Weight to_weight(std::string name, std::vector<std::int64_t> numbers) {
  const auto owner = std::make_shared<const std::vector<std::int64_t>>(std::move(numbers));
  return {.name = std::move(name),
          .type = ElementType::kInt64,
          .shape = {std::ssize(*owner)},
          .bytes = std::string_view(reinterpret_cast<const char*>(owner->data()),
                                    owner->size() * sizeof(std::int64_t)),
          .owner = owner};
}

void check_header(const Safetensors& file, const MinedNegativesOf& wanted) {
  if (required(file, "format") != kFormat || required(file, "version") != kVersion) {
    fail(ErrorKind::kInput, concat("not a file of mined negatives of version ", kVersion));
  }
  if (required(file, "step") != concat(wanted.step)) {
    fail(ErrorKind::kInput,
         concat("mined negatives must be of step ", wanted.step, ": ", required(file, "step")));
  }
  if (required(file, "fingerprint") != wanted.fingerprint) {
    fail(ErrorKind::kInput, concat("was mined from other data or with other options: ",
                                   required(file, "fingerprint"), "; now ", wanted.fingerprint));
  }
}

}  // namespace

std::span<const RowNumber> MinedNegatives::of(std::int64_t record) const {
  const auto begin = static_cast<std::size_t>(first.at(static_cast<std::size_t>(record)));
  const auto end = static_cast<std::size_t>(first.at(static_cast<std::size_t>(record) + 1));
  return std::span(rows).subspan(begin, end - begin);
}

double share_changed(const MinedNegatives& now, const MinedNegatives* before) {
  if (now.rows.empty()) return 0;
  std::int64_t changed = 0;
  for (std::int64_t record = 0; record < now.num_records(); ++record) {
    const auto old = before ? before->of(record) : std::span<const RowNumber>{};
    for (const RowNumber row : now.of(record)) {
      if (std::find(old.begin(), old.end(), row) == old.end()) ++changed;
    }
  }
  return static_cast<double>(changed) / static_cast<double>(now.rows.size());
}

void save_mined_negatives(const std::filesystem::path& path,
                          const MinedNegatives& mined,
                          const std::string& fingerprint) {
  const std::vector<std::int64_t> rows(mined.rows.begin(), mined.rows.end());
  write_safetensors(path, {to_weight("first", mined.first), to_weight("rows", rows)},
                    {{"format", kFormat},
                     {"version", kVersion},
                     {"step", concat(mined.step)},
                     {"fingerprint", fingerprint}});
}

MinedNegatives load_mined_negatives(const std::filesystem::path& path,
                                    const MinedNegativesOf& wanted) {
  const Safetensors file = read_safetensors(path);
  return within(path.string(), [&] {
    check_header(file, wanted);
    const auto first = numbers(file, "first");
    const auto rows = numbers(file, "rows");
    if (first.size() != static_cast<std::size_t>(wanted.num_records) + 1) {
      fail_damaged(concat("first must have ", wanted.num_records + 1, " values: ", first.size()));
    }
    if (first.front() != 0 || !std::is_sorted(first.begin(), first.end()) ||
        first.back() != static_cast<std::int64_t>(rows.size())) {
      fail_damaged("first must rise from 0 to the number of rows");
    }
    MinedNegatives mined{wanted.step, {first.begin(), first.end()}, {}};
    mined.rows.reserve(rows.size());
    for (const std::int64_t row : rows) {
      if (row < 0 || row >= wanted.num_documents) {
        fail_damaged(concat("rows must be below ", wanted.num_documents, ": ", row));
      }
      mined.rows.push_back(static_cast<RowNumber>(row));
    }
    return mined;
  });
}

}  // namespace sbert
