#include "sbert/data/unread_keys.h"

#include <algorithm>
#include <array>

#include "sbert/base/concat.h"
#include "sbert/base/edit_distance.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

constexpr std::size_t kMostKeys = 20;
constexpr std::size_t kMostLookedUp = 1'000;  // files may have keys without number
constexpr std::size_t kMaxKeyLength = 64;

/// Keys of one meaning, by form.
struct Meaning {
  std::string_view question;
  std::string_view triplet;
  std::string_view pair;

  std::string_view of(RecordForm form) const {
    return form == RecordForm::kQuestion ? question : form == RecordForm::kTriplet ? triplet : pair;
  }
  bool has(std::string_view key) const { return key == question || key == triplet || key == pair; }
};
constexpr std::array<Meaning, 4> kMeanings{{{"question", "anchor", "sentence1"},
                                            {"query", "anchor", "sentence1"},
                                            {"pos_doc", "positive", "sentence2"},
                                            {"neg_doc", "negative", "negative"}}};
constexpr const Meaning& kNegative = kMeanings[3];

std::string lower_case(std::string_view key) {
  std::string lower(key);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}

/// Of short names any other is few edits away.
std::size_t most_edits(std::string_view key) {
  return key.size() < 4 ? 0 : key.size() < 12 ? 1 : 2;
}

bool names_negatives(std::string_view key) {
  return key == "neg" || key == "negs" || key.starts_with("neg_") || key.starts_with("negs_") ||
         key.ends_with("_neg") || key.ends_with("_negs") || key.find("negative") != key.npos;
}

}  // namespace

std::string meant_key(RecordForm form, std::string_view key) {
  if (key.size() > kMaxKeyLength) return {};
  std::string lower = lower_case(key);
  const auto keys = keys_of_form(form);
  if (std::ranges::find(keys, lower) != keys.end()) return lower;
  for (const std::string_view read : keys) {
    if (edit_distance(lower, read) <= most_edits(lower)) return std::string(read);
  }
  for (const Meaning& meaning : kMeanings) {
    if (meaning.has(lower)) return std::string(meaning.of(form));
  }
  return names_negatives(lower) ? std::string(kNegative.of(form)) : std::string();
}

const std::string& UnreadKeys::meant(RecordForm form, const std::string& key) {
  if (meant_.size() > kMostLookedUp) meant_.clear();
  const auto [place, is_new] = meant_.try_emplace(key);
  if (is_new) place->second = meant_key(form, key);
  return place->second;
}

void UnreadKeys::add(RecordForm form, const ExampleBuilder& record) {
  for (const std::string& key : record.unread_keys()) {
    const std::string& wanted = meant(form, key);
    if (!wanted.empty() && form == RecordForm::kPair && wanted == kNegative.pair) {
      fail(ErrorKind::kInput,
           concat(key,
                  " is not read: a pair has no negatives (a triplet has: anchor, positive, "
                  "negative)"));
    }
    if (!wanted.empty() && !record.has_meaning_of(wanted)) {
      fail(ErrorKind::kInput, concat(key, " is not read (did you mean '", wanted, "'?)"));
    }
  }
  for (const std::string& key : record.unread_keys()) {
    const auto same = std::ranges::find(keys_, key, &UnreadKey::name);
    if (same != keys_.end()) {
      ++same->records;
    } else if (keys_.size() < kMostKeys) {
      keys_.push_back({key, 1});
    }
  }
}

}  // namespace sbert
