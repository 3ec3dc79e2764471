#include "sbert/base/file_content.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "sbert/base/error.h"

namespace sbert {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/";
constexpr std::array kPages = {"<!doctype html"sv, "<html"sv, "<?xml"sv};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kBeginnings = {{
    {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as TensorFlow writes"sv},
    {"PK\x03\x04"sv, "a zip file"sv},
    {"\x1f\x8b"sv, "a gzip file"sv},
    {"\x28\xb5\x2f\xfd"sv, "a Zstandard file"sv},
    {"GGUF"sv, "a GGUF file"sv},
    {"\x93NUMPY"sv, "a NumPy file"sv},
    {"\x80"sv, "a pickle"sv},
    {"{"sv, "JSON"sv},
}};

std::string_view without_blanks(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
}

bool begins_as(std::string_view bytes, std::string_view lower_case) {
  return std::ranges::equal(bytes.substr(0, lower_case.size()), lower_case, {},
                            [](unsigned char byte) { return std::tolower(byte); });
}

bool is_text(std::string_view bytes) {
  return std::ranges::none_of(bytes.substr(0, 512), [](unsigned char byte) {
    return byte < ' ' && byte != '\n' && byte != '\r' && byte != '\t';
  });
}

}  // namespace

void refuse_stand_in(std::string_view bytes) {
  bytes = without_blanks(bytes);
  if (bytes.starts_with(kPointer)) {
    fail(ErrorKind::kInput,
         "is a pointer of Git LFS, not the file itself; fetch that with git lfs pull");
  }
  const bool is_page =
      std::ranges::any_of(kPages, [&](std::string_view page) { return begins_as(bytes, page); });
  if (is_page) {
    fail(ErrorKind::kInput,
         "is an HTML or XML page, as a failed download leaves; download the file again");
  }
}

std::string_view content_name(std::string_view bytes) {
  if (bytes.empty()) return "empty";
  for (const auto& [beginning, name] : kBeginnings) {
    if (bytes.starts_with(beginning)) return name;
  }
  if (bytes.size() > 262 && bytes.substr(257, 5) == "ustar") return "a tar archive";
  return is_text(bytes) ? "text" : "binary data of no known form";
}

}  // namespace sbert
