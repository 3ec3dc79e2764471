// The files of a tokenizer, and a text for it: parts between lines of "%%": tokenizer.json,
// vocab.txt, tokenizer_config.json, special_tokens_map.json, the text. An empty part is a file that
// is not there.

#include <array>
#include <string>
#include <string_view>

#include "fuzz/fuzz_input.h"
#include "sbert/text/tokenizer.h"

namespace {

std::string_view take_part(std::string_view& rest) {
  constexpr std::string_view kBorder = "\n%%\n";
  const std::size_t end = rest.find(kBorder);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? "" : rest.substr(end + kBorder.size());
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<const char*, 4> kNames = {
      "tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json"};
  std::string_view rest = sbert::text_of(data, size);
  sbert::TokenizerFiles files;
  for (const char* name : kNames) {
    const std::string_view part = take_part(rest);
    if (!part.empty()) files[name] = part;
  }
  sbert::expect_errors_only([&] {
    const sbert::Tokenizer tokenizer(files);
    for (const std::string_view text : {rest, std::string_view("Hello, wörld 東京 unbelievable")})
      tokenizer.decode(tokenizer.encode(text, 64));
  });
  return 0;
}
