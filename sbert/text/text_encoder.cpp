#include "sbert/text/text_encoder.h"

#include <algorithm>
#include <optional>

#include "sbert/text/bert_pre_tokenizer.h"
#include "sbert/text/utf8.h"

namespace sbert {
namespace {

// A text is normalized in parts of about this many bytes, so that a long one can end early.
constexpr std::size_t kPartBytes = 2048;

// The bytes up to the first space behind kPartBytes: there a normalized text and a word may be cut.
std::size_t part_length(std::string_view text) {
  if (text.size() <= kPartBytes) return text.size();
  return std::min(text.find(' ', kPartBytes), text.size());
}

// Calls on_text for what lies between the added tokens of `text` and on_token for their ids, in
// order, until is_full() holds.
template <typename OnText, typename OnToken, typename IsFull>
void split_at_tokens(std::string_view text,
                     const AddedTokenFinder& finder,
                     const OnText& on_text,
                     const OnToken& on_token,
                     const IsFull& is_full) {
  std::size_t taken = 0;
  std::optional<AddedTokenMatch> match = finder.next(text, 0, taken);
  for (; match && !is_full(); match = finder.next(text, match->resume, taken)) {
    if (taken < match->begin) on_text(text.substr(taken, match->begin - taken));
    on_token(match->id);
    taken = match->end;
  }
  if (!is_full()) on_text(text.substr(taken));
}

}  // namespace

// One text on its way.
class TextEncoder::Run {
 public:
  Run(const TextEncoder& encoder, std::size_t size, std::vector<std::int32_t>& ids)
      : encoder_(encoder), size_(size), ids_(ids) {}

  void add_raw(std::string_view text) {
    split_at_tokens(
        text, encoder_.added_.raw(), [&](std::string_view part) { add_between_raw_tokens(part); },
        [&](std::int32_t id) { ids_.push_back(id); }, [&] { return is_full(); });
    if (is_full()) ids_.resize(size_);
  }

 private:
  bool is_full() const { return ids_.size() >= size_; }

  void add_between_raw_tokens(std::string_view text) {
    // Memory that stays with the thread from text to text.
    thread_local std::string normalized;
    const bool can_be_parted = encoder_.added_.normalized().empty();
    while (!text.empty() && !is_full()) {
      const std::size_t length = can_be_parted ? part_length(text) : text.size();
      normalized.clear();
      encoder_.normalizer_.append(text.substr(0, length), normalized);
      add_normalized(normalized);
      text.remove_prefix(length);
    }
  }

  void add_normalized(std::string_view text) {
    split_at_tokens(
        text, encoder_.added_.normalized(), [&](std::string_view part) { add_words(part); },
        [&](std::int32_t id) { ids_.push_back(id); }, [&] { return is_full(); });
  }

  void add_words(std::string_view text) {
    std::size_t position = 0;
    while (!is_full()) {
      const std::string_view word = next_word(text, position);
      if (word.empty()) break;
      encoder_.model_.append(word, ids_);
    }
  }

  const TextEncoder& encoder_;
  std::size_t size_;
  std::vector<std::int32_t>& ids_;
};

void TextEncoder::append(std::string_view text,
                         std::size_t size,
                         std::vector<std::int32_t>& ids) const {
  Run run(*this, size, ids);
  if (is_valid_utf8(text)) {
    run.add_raw(text);
  } else {
    run.add_raw(replace_invalid_utf8(text));
  }
}

}  // namespace sbert
