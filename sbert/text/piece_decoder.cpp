#include "sbert/text/piece_decoder.h"

#include <utility>

namespace sbert {
namespace {

struct Replacement {
  std::string_view from;
  std::string_view to;
};

// Hugging Face's cleanup() of decoders::wordpiece, which sees one piece at a time.
constexpr Replacement kCleanup[] = {
    {" .", "."},   {" ?", "?"},     {" !", "!"},     {" ,", ","},
    {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},   {" do not", " don't"},
    {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

void replace_all(std::string& text, const Replacement& replacement) {
  const auto [from, to] = replacement;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

PieceDecoder::PieceDecoder(PieceDecoderOptions options) : options_(std::move(options)) {}

void PieceDecoder::append(std::string_view piece, std::string& text) {
  const bool is_continuation =
      options_.joins_pieces && piece.starts_with(options_.prefix) && !is_first_;
  if (is_continuation) piece.remove_prefix(options_.prefix.size());
  std::string part(is_first_ || is_continuation ? "" : " ");
  part += piece;
  is_first_ = false;
  if (options_.joins_pieces && options_.cleanup) {
    for (const Replacement& replacement : kCleanup)
      replace_all(part, replacement);
  }
  text += part;
}

}  // namespace sbert
