#include "sbert/data/example_pool.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "sbert/base/concat.h"
#include "sbert/data/example_file.h"

namespace sbert {
namespace {

// The row of a text, which is added if it is not there.
std::int64_t row_of(std::unordered_map<std::string, std::int64_t>& rows,
                    std::vector<std::string>& texts,
                    std::vector<std::string>& ids,
                    std::string_view prefix,
                    const std::string& text) {
  const auto [found, is_new] = rows.emplace(text, static_cast<std::int64_t>(texts.size()));
  if (is_new) {
    texts.push_back(text);
    ids.push_back(concat(prefix, texts.size()));
  }
  return found->second;
}

}  // namespace

void ExamplePool::add(const Example& example) {
  const auto query = static_cast<std::size_t>(
      row_of(queries_, data_.queries, data_.query_ids, "q", example.question));
  data_.judgements.resize(data_.queries.size());
  for (const std::string& text : example.pos_doc) {
    const Judgement judgement{document(text), 1};
    std::vector<Judgement>& known = data_.judgements[query];
    if (std::find(known.begin(), known.end(), judgement) == known.end()) known.push_back(judgement);
  }
  for (const std::string& text : example.neg_doc)
    document(text);
}

std::int64_t ExamplePool::document(const std::string& text) {
  return row_of(documents_, data_.documents, data_.document_ids, "d", text);
}

RetrievalData read_example_pool(const std::filesystem::path& path, const StopToken& stop) {
  // An evaluation leaves no index beside the user's file.
  const ExampleFile file = ExampleFile::open(
      path, {.least_bytes_for_index = std::numeric_limits<std::uint64_t>::max()}, stop);
  ExamplePool pool;
  for (std::int64_t i = 0; i < file.size(); ++i)
    pool.add(file.read(i));
  return pool.take();
}

}  // namespace sbert
