#include "sbert/mine/mined_file.h"

#include <nlohmann/json.hpp>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"

namespace sbert {
namespace {

using Json = nlohmann::ordered_json;

// Rounded as a score of single precision is printed, not as the double that it becomes.
Json number(float score) {
  return Json::parse(concat(score));
}

}  // namespace

MinedFile::MinedFile(const std::filesystem::path& path,
                     const MiningInput& input,
                     const MinedFileOptions& options)
    : input_(input), options_(options), is_lines_(path.extension() == ".jsonl"), file_(path) {
  if (options.with_ids && !input.has_ids) {
    fail(ErrorKind::kUsage, "training files have no ids to write; they come with a BEIR folder");
  }
  if (!is_lines_) file_.write("[");
}

void MinedFile::add(std::size_t question, const MinedQuestion& mined) {
  const MiningQuestion& source = input_.questions.at(question);
  Json record;
  if (options_.with_ids) record["question_id"] = source.id;
  record["question"] = source.text;
  for (const char* list : {"pos_doc", "neg_doc"})
    record[list] = Json::array();
  for (const std::int64_t row : source.positives)
    record["pos_doc"].push_back(input_.documents->text(row));
  for (const Candidate& negative : mined.negatives)
    record["neg_doc"].push_back(input_.documents->text(negative.row));
  if (options_.with_ids) {
    for (const char* list : {"pos_doc_id", "neg_doc_id"})
      record[list] = Json::array();
    for (const std::int64_t row : source.positives)
      record["pos_doc_id"].push_back(input_.documents->id(row));
    for (const Candidate& negative : mined.negatives)
      record["neg_doc_id"].push_back(input_.documents->id(negative.row));
  }
  if (options_.with_scores) {
    for (const char* list : {"pos_scores", "neg_scores"})
      record[list] = Json::array();
    for (const float score : mined.positive_scores)
      record["pos_scores"].push_back(number(score));
    for (const Candidate& negative : mined.negatives)
      record["neg_scores"].push_back(number(negative.score));
  }
  const std::string text = record.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (is_lines_) {
    file_.write(text + "\n");
  } else {
    file_.write(concat(is_empty_ ? "\n" : ",\n", text));
  }
  is_empty_ = false;
}

void MinedFile::commit() {
  if (!is_lines_) file_.write(is_empty_ ? "]\n" : "\n]\n");
  file_.commit();
}

}  // namespace sbert
