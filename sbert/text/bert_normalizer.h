#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sbert {

/// The keys of Hugging Face's BertNormalizer, applied in this order.
struct BertNormalizerOptions {
  bool clean_text = true;            ///< drop control characters, turn white space into U+0020
  bool handle_chinese_chars = true;  ///< set a space on both sides of each CJK ideograph
  bool strip_accents = true;         ///< decompose canonically (NFD), drop nonspacing marks
  bool lowercase = true;
};

class BertNormalizer {
 public:
  explicit BertNormalizer(BertNormalizerOptions options);

  /// Appends the normalized form of `text`, valid UTF-8. The form of a text is the forms of its
  /// parts end to end wherever it is cut before a printable ASCII character or an ASCII space.
  void append(std::string_view text, std::string& out) const;

 private:
  BertNormalizerOptions options_;
  std::array<char, 128> ascii_;  // what an ASCII character becomes; 0x80 if it is dropped
};

}  // namespace sbert
