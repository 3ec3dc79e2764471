#include "sbert/data/line_file.h"

#include <algorithm>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/input_file.h"
#include "sbert/data/utf8_check.h"

namespace sbert {
namespace {

constexpr std::int64_t kLinesBetweenStops = 4'096;
constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";

}  // namespace

bool is_blank(std::string_view line) {
  return line.find_first_not_of(kWhiteSpace) == std::string_view::npos;
}

std::string_view stripped(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

void check_line_length(std::string_view line) {
  if (line.size() > kMaxLineBytes) {
    fail(ErrorKind::kInput,
         concat("the line must have at most ", kMaxLineBytes, " bytes: ", line.size()));
  }
}

void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view line, std::int64_t number)>& read,
                   const StopToken& stop) {
  const InputFile file(path);
  std::string_view rest = file.bytes();
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    if (number % kLinesBetweenStops == 0) stop.throw_if_stopped();
    const std::size_t length = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (is_blank(line)) continue;
    within(concat(path, ": line ", number), [&] {
      check_line_length(line);
      check_utf8(line, "line");
      read(line, number);
    });
  }
}

}  // namespace sbert
