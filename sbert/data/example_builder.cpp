#include "sbert/data/example_builder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/text_key.h"

namespace sbert {
namespace {

constexpr std::array<std::string_view, 4> kFirstTexts{"sentence1", "s1", "text1", "premise"};
constexpr std::array<std::string_view, 4> kSecondTexts{"sentence2", "s2", "text2", "hypothesis"};

template <typename Keys>
bool is_one_of(std::string_view key, const Keys& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_negative_of_triplet(std::string_view key) {
  if (key == "negative" || key == "hard_negative") return true;
  constexpr std::string_view kNumbered = "negative_";
  return key.starts_with(kNumbered) && key.size() > kNumbered.size() &&
         key.find_first_not_of("0123456789", kNumbered.size()) == std::string_view::npos;
}

std::string_view missing_question(RecordForm form) {
  switch (form) {
    case RecordForm::kQuestion:
      return "question is missing";
    case RecordForm::kTriplet:
      return "anchor is missing";
    case RecordForm::kPair:
      return "the first text is missing: sentence1, s1, text1 or premise";
  }
  return "";
}

std::string_view missing_positive(RecordForm form) {
  switch (form) {
    case RecordForm::kQuestion:
      return "pos_doc is missing";
    case RecordForm::kTriplet:
      return "positive is missing";
    case RecordForm::kPair:
      return "the second text is missing: sentence2, s2, text2 or hypothesis";
  }
  return "";
}

void check_length(std::string_view key,
                  std::size_t length,
                  std::string_view documents,
                  std::size_t right) {
  if (length == 0 || length == right) return;
  fail(ErrorKind::kInput,
       concat(key, " must have one value for each of ", documents, " (", right, "): ", length));
}

std::vector<std::uint64_t> keys_of(const std::vector<std::string>& ids) {
  std::vector<std::uint64_t> keys;
  for (const std::string& id : ids)
    keys.push_back(bytes_key(id));
  return keys;
}

template <typename Value>
void keep(std::vector<Value>& values, const std::vector<std::size_t>& kept) {
  if (values.empty()) return;
  std::vector<Value> left;
  for (const std::size_t i : kept)
    left.push_back(std::move(values[i]));
  values = std::move(left);
}

/// Which texts are neither empty nor among `seen`, to which they are added.
std::vector<std::size_t> new_texts(const std::vector<std::string>& texts,
                                   std::unordered_set<std::uint64_t>& seen) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (seen.insert(text_key(texts[i])).second) kept.push_back(i);
  }
  return kept;
}

void drop_repeated(Example& example) {
  if (example.pos_doc.size() == 1 && example.neg_doc.empty()) return;
  std::unordered_set<std::uint64_t> seen{text_key("")};
  std::vector<std::size_t> kept = new_texts(example.pos_doc, seen);
  if (kept.empty()) kept.push_back(0);
  keep(example.pos_doc, kept);
  keep(example.pos_doc_ids, kept);
  keep(example.pos_scores, kept);
  kept = new_texts(example.neg_doc, seen);
  keep(example.neg_doc, kept);
  keep(example.neg_doc_ids, kept);
  keep(example.neg_scores, kept);
}

}  // namespace

enum class ExampleBuilder::Role {
  kNone,
  kQuestion,
  kPositive,
  kNegative,
  kPositiveId,
  kNegativeId,
  kLabel,
  kPositiveScore,
  kNegativeScore,
};

std::uint32_t ExampleBuilder::bit_of(Role role) {
  return 1U << static_cast<unsigned>(role);
}

std::optional<RecordForm> form_of_key(std::string_view key) {
  if (key == "question" || key == "query") return RecordForm::kQuestion;
  if (key == "anchor") return RecordForm::kTriplet;
  if (is_one_of(key, kFirstTexts)) return RecordForm::kPair;
  return std::nullopt;
}

std::span<const std::string_view> keys_of_form(RecordForm form) {
  static constexpr std::array<std::string_view, 10> kOfQuestion{
      "question", "query",      "pos_doc",    "neg_doc",    "label",
      "score",    "pos_doc_id", "neg_doc_id", "pos_scores", "neg_scores"};
  static constexpr std::array<std::string_view, 10> kOfTriplet{
      "anchor", "positive",   "negative",   "hard_negative", "label",
      "score",  "pos_doc_id", "neg_doc_id", "pos_scores",    "neg_scores"};
  static constexpr std::array<std::string_view, 13> kOfPair{
      "sentence1",  "s1",    "text1", "premise",    "sentence2",  "s2",        "text2",
      "hypothesis", "label", "score", "pos_doc_id", "pos_scores", "neg_doc_id"};
  switch (form) {
    case RecordForm::kQuestion:
      return kOfQuestion;
    case RecordForm::kTriplet:
      return kOfTriplet;
    case RecordForm::kPair:
      return kOfPair;
  }
  return {};
}

ExampleBuilder::ExampleBuilder(RecordForm form) {
  example_.form = form;
}

ExampleBuilder::Role ExampleBuilder::role_of(std::string_view key) const {
  if (form_of_key(key) == example_.form) return Role::kQuestion;
  switch (example_.form) {
    case RecordForm::kQuestion:
      if (key == "pos_doc") return Role::kPositive;
      if (key == "neg_doc") return Role::kNegative;
      break;
    case RecordForm::kTriplet:
      if (key == "positive") return Role::kPositive;
      if (is_negative_of_triplet(key)) return Role::kNegative;
      break;
    case RecordForm::kPair:
      if (is_one_of(key, kSecondTexts)) return Role::kPositive;
      break;
  }
  if (key == "label" || key == "score") return Role::kLabel;
  if (key == "pos_doc_id") return Role::kPositiveId;
  if (key == "neg_doc_id") return Role::kNegativeId;
  if (key == "pos_scores") return Role::kPositiveScore;
  if (key == "neg_scores") return Role::kNegativeScore;
  return Role::kNone;
}

void ExampleBuilder::set_text_key(std::string& slot, std::string_view key) const {
  if (!slot.empty() && slot != key) {
    fail(ErrorKind::kInput, concat("a record must have ", slot, " or ", key, ", not both"));
  }
  slot = key;
}

void ExampleBuilder::add(std::string_view key, RecordValue& value) {
  const Role role = role_of(key);
  roles_ |= bit_of(role);
  switch (role) {
    case Role::kNone:
      unread_keys_.emplace_back(key);
      return;
    case Role::kQuestion:
      set_text_key(question_key_, key);
      example_.question = value.string();
      return;
    case Role::kPositive:
      set_text_key(positive_key_, key);
      example_.pos_doc =
          example_.form == RecordForm::kPair ? std::vector{value.string()} : value.strings();
      if (example_.pos_doc.empty()) fail(ErrorKind::kInput, "must not be an empty list");
      return;
    case Role::kNegative: {
      const auto same = std::find_if(negatives_.begin(), negatives_.end(),
                                     [&](const Negatives& each) { return each.key == key; });
      if (same != negatives_.end()) {
        same->texts = value.strings();
      } else {
        negatives_.push_back({std::string(key), value.strings()});
      }
      return;
    }
    case Role::kPositiveId:
      positive_ids_ = value.ids();
      return;
    case Role::kNegativeId:
      negative_ids_ = value.ids();
      return;
    case Role::kLabel:
      set_text_key(label_key_, key);
      example_.label = parse_label(value.scalar());
      return;
    case Role::kPositiveScore:
      example_.pos_scores = value.numbers();
      return;
    case Role::kNegativeScore:
      example_.neg_scores = value.numbers();
      return;
  }
}

bool ExampleBuilder::has_meaning_of(std::string_view key) const {
  return (roles_ & bit_of(role_of(key))) != 0;
}

Example ExampleBuilder::finish() {
  if (question_key_.empty()) {
    fail(ErrorKind::kInput, std::string(missing_question(example_.form)));
  }
  if (positive_key_.empty()) {
    fail(ErrorKind::kInput, std::string(missing_positive(example_.form)));
  }
  for (Negatives& each : negatives_) {
    std::move(each.texts.begin(), each.texts.end(), std::back_inserter(example_.neg_doc));
  }
  const std::size_t positives = example_.pos_doc.size();
  const std::size_t negatives = example_.neg_doc.size();
  check_length("pos_doc_id", positive_ids_.size(), "the positives", positives);
  check_length("pos_scores", example_.pos_scores.size(), "the positives", positives);
  check_length("neg_doc_id", negative_ids_.size(), "the negatives", negatives);
  check_length("neg_scores", example_.neg_scores.size(), "the negatives", negatives);
  example_.pos_doc_ids = keys_of(positive_ids_);
  example_.neg_doc_ids = keys_of(negative_ids_);
  drop_repeated(example_);
  return std::move(example_);
}

double parse_label(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"contradiction", "entailment", "neutral"};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (text == kWords[i]) return static_cast<double>(i);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    fail(ErrorKind::kInput,
         concat("must be a number, or contradiction, entailment or neutral: ", text));
  }
  return number;
}

}  // namespace sbert
