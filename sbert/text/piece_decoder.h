#pragma once

#include <string>
#include <string_view>

namespace sbert {

/// How decode() joins pieces.
struct PieceDecoderOptions {
  bool joins_pieces = true;  ///< false: pieces as they are, a space between them
  std::string prefix = "##";
  bool cleanup = true;  ///< no space before punctuation and English contractions
};

/// Puts pieces together as Hugging Face's WordPiece decoder does it: a piece with the prefix goes
/// to the one before, any other gets a space in front.
class PieceDecoder {
 public:
  explicit PieceDecoder(PieceDecoderOptions options);
  void append(std::string_view piece, std::string& text);

 private:
  PieceDecoderOptions options_;
  bool is_first_ = true;
};

}  // namespace sbert
