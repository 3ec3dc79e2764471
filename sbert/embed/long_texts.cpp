#include "sbert/embed/long_texts.h"

#include <exception>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/base/progress.h"
#include "sbert/data/text_excerpt.h"

namespace sbert {

LongTextWatch::LongTextWatch(std::unique_ptr<TextEmbedder> inner, OnLong on_long, std::string name)
    : inner_(std::move(inner)), on_long_(on_long), name_(std::move(name)) {}

LongTextWatch::~LongTextWatch() {
  if (cut_ == 0 || std::uncaught_exceptions() > 0) return;
  const std::string line = cut_texts_line(cut_, texts_, max_length_);
  log_info(name_.empty() ? line : concat(name_, ": ", line));
}

FloatMatrix LongTextWatch::embed(std::span<const std::string> texts, const EmbedCall& call) const {
  EmbedCall watched = call;
  watched.on_long = on_long_;
  watched.on_tokenized = [&](const TokenizedTexts& count) {
    texts_ += count.texts;
    cut_ += count.cut;
    max_length_ = call.max_length > 0 ? call.max_length : card().max_length;
    if (call.on_tokenized) call.on_tokenized(count);
  };
  return inner_->embed(texts, call.is_probe ? call : watched);
}

void refuse_long_text(std::string_view text, std::int64_t max_length) {
  fail(ErrorKind::kInput, concat("a text has more than ", max_length,
                                 " tokens, the special ones counted: \"", excerpt(text), "\""));
}

std::string cut_texts_line(std::int64_t cut, std::int64_t texts, std::int64_t max_length) {
  return concat(with_thousands(cut), " of ", with_thousands(texts),
                texts == 1 ? " text " : " texts ", cut == 1 ? "was" : "were", " cut at ",
                with_thousands(max_length), " tokens");
}

}  // namespace sbert
