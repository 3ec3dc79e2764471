#include "sbert/search/bm25.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/search/words.h"

namespace sbert {
namespace {

constexpr std::int64_t kDocumentsPerTask = 256;
constexpr std::int64_t kTasksPerRound = 64;
// A segment's scores, one float a document, stay in a core's cache.
constexpr std::int64_t kMaxSegmentDocuments = 1 << 19;

template <typename Visit>
void for_each_word(std::string_view form, Visit visit) {
  while (!form.empty()) {
    const std::size_t length = std::min(form.find(' '), form.size());
    visit(form.substr(0, length));
    form.remove_prefix(std::min(length + 1, form.size()));
  }
}

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

/// The words of all queries, numbered; no other word is indexed.
class QueryWords {
 public:
  explicit QueryWords(const std::vector<std::string>& queries) {
    for (const std::string& query : queries) {
      std::vector<std::uint32_t>& numbers = numbers_.emplace_back();
      for_each_word(word_form(query), [&](std::string_view word) {
        const auto next = static_cast<std::uint32_t>(number_of_.size());
        numbers.push_back(number_of_.emplace(word, next).first->second);
      });
    }
  }

  std::size_t size() const { return number_of_.size(); }
  /// Of a query, in order, repeated words again.
  const std::vector<std::uint32_t>& of_query(std::size_t query) const { return numbers_[query]; }
  const std::uint32_t* find(std::string_view word) const {
    const auto found = number_of_.find(word);
    return found == number_of_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> number_of_;
  std::vector<std::vector<std::uint32_t>> numbers_;
};

/// A document's words that are in queries, with how often they occur, and its length in words.
struct CountedWords {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> counts;  // by word
  std::int64_t length = 0;
};

CountedWords count_words(const QueryWords& words, const std::string& text) {
  CountedWords result;
  std::vector<std::uint32_t> found;
  for_each_word(word_form(text), [&](std::string_view word) {
    ++result.length;
    if (const std::uint32_t* number = words.find(word)) found.push_back(*number);
  });
  std::sort(found.begin(), found.end());
  for (const std::uint32_t word : found) {
    if (result.counts.empty() || result.counts.back().first != word)
      result.counts.emplace_back(word, 0);
    ++result.counts.back().second;
  }
  return result;
}

/// What the weights need to know of the whole corpus.
struct CorpusStatistics {
  std::vector<double> idf;  // by word
  double average_length = 0;
};

struct Posting {
  std::uint32_t word = 0;
  std::uint32_t document = 0;  // from the segment's first
  float weight = 0;
};

class Search {
 public:
  Search(const QueryWords& words,
         std::int64_t num_documents,
         const std::function<std::string(std::int64_t)>& text_of,
         std::size_t k,
         const Bm25Options& options,
         const ComputeContext& context)
      : words_(words),
        num_documents_(num_documents),
        text_of_(text_of),
        k_(k),
        options_(options),
        context_(context) {}

  std::vector<std::vector<Hit>> run(std::size_t num_queries) {
    std::vector<std::vector<Hit>> found(num_queries);
    const CorpusStatistics statistics = count_corpus();
    // Each posting is held twice while it is sorted.
    const auto max_postings =
        std::max<std::size_t>(options_.index_bytes / (2 * sizeof(Posting)), 1);
    std::vector<Posting> postings;
    std::int64_t first = 0;
    const std::int64_t step = kDocumentsPerTask * kTasksPerRound;
    for (std::int64_t begin = 0; begin < num_documents_; begin += step) {
      const std::int64_t end = std::min(begin + step, num_documents_);
      for (std::vector<Posting>& part : postings_of(begin, end, first, statistics))
        postings.insert(postings.end(), part.begin(), part.end());
      const bool is_full = postings.size() >= max_postings || end - first >= kMaxSegmentDocuments;
      if (end < num_documents_ && !is_full) continue;
      search_segment(postings, first, end - first, found);
      postings.clear();
      first = end;
    }
    return found;
  }

 private:
  template <typename Work>
  void for_each_part(std::int64_t begin, std::int64_t end, Work work) {
    const std::int64_t tasks = (end - begin + kDocumentsPerTask - 1) / kDocumentsPerTask;
    const auto count_part = [&](std::size_t task) {
      const std::int64_t first = begin + static_cast<std::int64_t>(task) * kDocumentsPerTask;
      for (std::int64_t row = first; row < std::min(first + kDocumentsPerTask, end); ++row)
        work(task, row, count_words(words_, text_of_(row)));
    };
    context_.pool.for_each(static_cast<std::size_t>(tasks), count_part, context_.stop);
  }

  CorpusStatistics count_corpus() {
    const auto documents_with = std::make_unique<std::atomic<std::int64_t>[]>(words_.size());
    std::atomic<std::int64_t> total_length = 0;
    for_each_part(0, num_documents_, [&](std::size_t, std::int64_t, const CountedWords& counted) {
      total_length += counted.length;
      for (const auto& [word, count] : counted.counts)
        ++documents_with[word];
    });
    CorpusStatistics statistics;
    const auto documents = static_cast<double>(num_documents_);
    for (std::size_t word = 0; word < words_.size(); ++word) {
      const auto with = static_cast<double>(documents_with[word]);
      statistics.idf.push_back(std::log1p((documents - with + 0.5) / (with + 0.5)));
    }
    statistics.average_length = static_cast<double>(total_length) / documents;
    return statistics;
  }

  // In parts that follow each other, documents ascending.
  std::vector<std::vector<Posting>> postings_of(std::int64_t begin,
                                                std::int64_t end,
                                                std::int64_t segment_first,
                                                const CorpusStatistics& statistics) {
    std::vector<std::vector<Posting>> parts(kTasksPerRound);
    for_each_part(begin, end, [&](std::size_t task, std::int64_t row, const CountedWords& counted) {
      const double length = static_cast<double>(counted.length) / statistics.average_length;
      const double norm = options_.k1 * (1 - options_.b + options_.b * length);
      for (const auto& [word, count] : counted.counts) {
        const double weight = statistics.idf[word] * count / (count + norm);
        parts[task].push_back(
            {word, static_cast<std::uint32_t>(row - segment_first), static_cast<float>(weight)});
      }
    });
    return parts;
  }

  void search_segment(const std::vector<Posting>& postings,
                      std::int64_t first,
                      std::int64_t num_documents,
                      std::vector<std::vector<Hit>>& found) {
    // A counting sort by word keeps the documents of a word ascending.
    std::vector<std::size_t> starts(words_.size() + 1);
    for (const Posting& each : postings)
      ++starts[each.word + 1];
    for (std::size_t word = 0; word < words_.size(); ++word)
      starts[word + 1] += starts[word];
    std::vector<Posting> sorted(postings.size());
    std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
    for (const Posting& each : postings)
      sorted[next[each.word]++] = each;

    constexpr std::size_t kQueriesPerTask = 64;
    const std::size_t tasks = (found.size() + kQueriesPerTask - 1) / kQueriesPerTask;
    const auto search_some = [&](std::size_t task) {
      std::vector<float> scores(static_cast<std::size_t>(num_documents));
      const std::size_t end = std::min(found.size(), (task + 1) * kQueriesPerTask);
      for (std::size_t query = task * kQueriesPerTask; query < end; ++query)
        search_one(query, sorted, starts, first, scores, found[query]);
    };
    context_.pool.for_each(tasks, search_some, context_.stop);
  }

  // Leaves `scores` all zero, as it was.
  void search_one(std::size_t query,
                  const std::vector<Posting>& postings,
                  const std::vector<std::size_t>& starts,
                  std::int64_t first,
                  std::vector<float>& scores,
                  std::vector<Hit>& hits) const {
    std::vector<std::uint32_t> touched;
    for (const std::uint32_t word : words_.of_query(query)) {
      for (std::size_t i = starts[word]; i < starts[word + 1]; ++i) {
        float& score = scores[postings[i].document];
        if (score == 0) touched.push_back(postings[i].document);
        score += postings[i].weight;
      }
    }
    for (const std::uint32_t document : touched) {
      hits.push_back({first + document, scores[document]});
      scores[document] = 0;
    }
    const std::size_t kept = std::min(k_, hits.size());
    std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(kept), hits.end(),
                      is_better);
    hits.resize(kept);
    hits.shrink_to_fit();
  }

  const QueryWords& words_;
  std::int64_t num_documents_;
  const std::function<std::string(std::int64_t)>& text_of_;
  std::size_t k_;
  const Bm25Options& options_;
  const ComputeContext& context_;
};

}  // namespace

std::vector<std::vector<Hit>> bm25_topk(const std::vector<std::string>& queries,
                                        std::int64_t num_documents,
                                        const std::function<std::string(std::int64_t)>& text_of,
                                        std::int64_t k,
                                        const Bm25Options& options,
                                        const ComputeContext& context) {
  if (k < 1) fail(ErrorKind::kUsage, concat("k must be at least 1: ", k));
  if (!(options.k1 >= 0) || !(options.b >= 0 && options.b <= 1)) {
    fail(ErrorKind::kUsage,
         concat("BM25 needs k1 of 0 or more and b from 0 to 1: ", options.k1, " and ", options.b));
  }
  const QueryWords words(queries);
  Search search(words, num_documents, text_of, static_cast<std::size_t>(k), options, context);
  return search.run(queries.size());
}

}  // namespace sbert
