#include "sbert/data/qrels.h"

#include <array>
#include <charconv>
#include <string_view>
#include <unordered_set>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/line_file.h"

namespace sbert {
namespace {

struct Fields {
  std::string_view query;
  std::string_view document;
  std::string_view grade;
};

Fields split_at_tabs(std::string_view line) {
  std::array<std::string_view, 3> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t tab = line.find('\t');
    if ((tab == std::string_view::npos) != (i + 1 == fields.size())) {
      fail(ErrorKind::kInput, "must be query id, document id and grade, with tabs between");
    }
    fields[i] = stripped(line.substr(0, tab));
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  return {fields[0], fields[1], fields[2]};
}

bool is_integer(std::string_view text, int& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::vector<Qrel> read_qrels(const std::filesystem::path& path, const StopToken& stop) {
  std::vector<Qrel> qrels;
  std::unordered_set<std::string> pairs;
  bool is_header = true;
  const auto read = [&](std::string_view line, std::int64_t number) {
    const Fields fields = split_at_tabs(line);
    int grade = 0;
    const bool has_grade = is_integer(fields.grade, grade);
    if (is_header) {
      if (has_grade) fail(ErrorKind::kInput, "the header is missing: query-id, corpus-id, score");
      is_header = false;
      return;
    }
    if (!has_grade) fail(ErrorKind::kInput, concat("score is not an integer: ", fields.grade));
    if (!pairs.insert(concat(fields.query, '\t', fields.document)).second) {
      fail(ErrorKind::kInput,
           concat("query and document are judged twice: ", fields.query, ", ", fields.document));
    }
    qrels.push_back({std::string(fields.query), std::string(fields.document), grade, number});
  };
  for_each_line(path, read, stop);
  if (qrels.empty()) fail(ErrorKind::kInput, concat(path, ": holds no judgement"));
  return qrels;
}

}  // namespace sbert
