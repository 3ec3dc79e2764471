#include "sbert/train/negative_refresh.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "sbert/base/random.h"
#include "sbert/search/topk.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

constexpr std::uint64_t kPoolDraw = 0x706f6f6c;
constexpr std::uint64_t kFilterDraw = 0x66696c74;
constexpr std::size_t kRowsPerBlock = 65'536;       // of the pool: its texts and embeddings
constexpr std::int64_t kQuestionsPerBlock = 8'192;  // whose hits in a block are held at once

float dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

class Refresh {
 public:
  Refresh(const TextEmbedder& embedder,
          const RefreshTask& task,
          const std::function<void(std::int64_t, std::int64_t)>& on_progress,
          const ComputeContext& context)
      : embedder_(embedder),
        task_(task),
        on_progress_(on_progress),
        context_(context),
        is_pairs_(task.examples.is_pairs()),
        lowest_(task.records.size(), std::numeric_limits<float>::infinity()),
        best_(task.records.size()) {
    list_positives();
  }

  RefreshOutcome run() {
    const std::vector<RowNumber> candidates = draw_candidates();
    const std::vector<RowNumber> others = positives_beside(candidates);
    total_ = static_cast<std::int64_t>(task_.records.size() + candidates.size() + others.size());
    embed_questions();
    for_each_block(candidates, [&](std::span<const RowNumber> rows) {
      const FloatMatrix documents = embed_rows(rows);
      note_positives(rows, documents);
      search(rows, documents);
    });
    for_each_block(
        others, [&](std::span<const RowNumber> rows) { note_positives(rows, embed_rows(rows)); });
    return select();
  }

 private:
  struct Answer {
    RowNumber row;         // of the pool
    std::size_t question;  // place in the task's records
    friend auto operator<=>(const Answer&, const Answer&) = default;
  };

  void list_positives() {
    std::size_t most = 0;
    for (std::size_t i = 0; i < task_.records.size(); ++i) {
      const auto rows = task_.pool.positives(task_.records[i]);
      most = std::max(most, rows.size());
      for (const RowNumber row : rows)
        answers_.push_back({row, i});
    }
    std::sort(answers_.begin(), answers_.end());
    const auto most_positives = static_cast<std::int64_t>(most);
    last_rank_ = task_.options.mining.last_rank(most_positives);
    // Positives take up ranks, too, before they are dropped.
    num_hits_ = last_rank_ + most_positives;
  }

  std::vector<RowNumber> draw_candidates() const {
    const auto count = static_cast<RowNumber>(task_.pool.num_candidates());
    const auto most = static_cast<std::size_t>(task_.options.mining.max_pool);
    std::vector<RowNumber> rows;
    if (most == 0 || most >= count) {
      rows.resize(count);
      std::iota(rows.begin(), rows.end(), RowNumber{0});
      return rows;
    }
    rows = permutation(count, key(kPoolDraw));
    rows.resize(most);
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  // What has to be embedded only for the positives' scores.
  std::vector<RowNumber> positives_beside(const std::vector<RowNumber>& candidates) const {
    std::vector<RowNumber> positives;
    for (const Answer& answer : answers_) {
      if (positives.empty() || positives.back() != answer.row) positives.push_back(answer.row);
    }
    std::vector<RowNumber> others;
    std::set_difference(positives.begin(), positives.end(), candidates.begin(), candidates.end(),
                        std::back_inserter(others));
    return others;
  }

  template <typename Visit>
  static void for_each_block(const std::vector<RowNumber>& rows, Visit&& visit) {
    for (std::size_t first = 0; first < rows.size(); first += kRowsPerBlock) {
      visit(std::span(rows).subspan(first, std::min(kRowsPerBlock, rows.size() - first)));
    }
  }

  FloatMatrix embed(const std::vector<std::string>& texts) {
    const std::int64_t before = done_;
    std::atomic<std::int64_t> done = 0;
    FloatMatrix rows = embedder_.embed(texts, {.max_length = task_.options.encoder_seq_length,
                                               .stop = context_.stop,
                                               .on_progress = [&](std::int64_t count) {
                                                 on_progress_(before + (done += count), total_);
                                               }});
    done_ += static_cast<std::int64_t>(texts.size());
    return rows;
  }

  FloatMatrix embed_rows(std::span<const RowNumber> rows) {
    std::vector<std::string> texts;
    texts.reserve(rows.size());
    for (const RowNumber row : rows)
      texts.push_back(document_text(task_.pool.text(row), task_.options, is_pairs_));
    return embed(texts);
  }

  void embed_questions() {
    for_each_block(
        {task_.records.begin(), task_.records.end()}, [&](std::span<const RowNumber> records) {
          std::vector<std::string> texts;
          texts.reserve(records.size());
          for (const RowNumber record : records) {
            texts.push_back(
                question_text(task_.examples.read(record).question, task_.options, is_pairs_));
          }
          const FloatMatrix block = embed(texts);
          questions_.columns = block.columns;
          questions_.rows += block.rows;
          questions_.values.insert(questions_.values.end(), block.values.begin(),
                                   block.values.end());
        });
  }

  // The positives' scores that these documents give.
  void note_positives(std::span<const RowNumber> rows, const FloatMatrix& documents) {
    auto answer = std::lower_bound(answers_.begin(), answers_.end(), Answer{rows.front(), 0});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      while (answer != answers_.end() && answer->row < rows[i])
        ++answer;
      for (; answer != answers_.end() && answer->row == rows[i]; ++answer) {
        const float score = dot(questions_.row(static_cast<std::int64_t>(answer->question)),
                                documents.row(static_cast<std::int64_t>(i)));
        lowest_[answer->question] = std::min(lowest_[answer->question], score);
      }
    }
  }

  // Merges the best of these documents into each question's candidates.
  void search(std::span<const RowNumber> rows, const FloatMatrix& documents) {
    for (std::int64_t first = 0; first < questions_.rows; first += kQuestionsPerBlock) {
      context_.stop.throw_if_stopped();
      const std::int64_t count = std::min(kQuestionsPerBlock, questions_.rows - first);
      FloatMatrix block(count, questions_.columns);
      std::copy_n(questions_.values.begin() + first * questions_.columns,
                  count * questions_.columns, block.values.begin());
      const auto hits = exact_topk(block, documents, num_hits_, context_);
      for (std::size_t i = 0; i < hits.size(); ++i)
        merge(hits[i], rows, best_[static_cast<std::size_t>(first) + i]);
    }
  }

  void merge(const std::vector<Hit>& hits,
             std::span<const RowNumber> rows,
             std::vector<Candidate>& best) const {
    for (const Hit& hit : hits)
      best.push_back({rows[static_cast<std::size_t>(hit.row)], hit.score});
    std::sort(best.begin(), best.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.row < b.row;
    });
    if (best.size() > static_cast<std::size_t>(num_hits_)) {
      best.resize(static_cast<std::size_t>(num_hits_));
    }
    best.shrink_to_fit();
  }

  KnownAnswers known_answers(std::size_t question) const {
    const RowNumber record = task_.records[question];
    KnownAnswers known;
    for (const RowNumber row : task_.pool.positives(record)) {
      known.rows.push_back(row);
      known.texts.push_back(task_.pool.text(row));
      const std::uint64_t id = task_.pool.id_key(row);
      if (id != 0) known.id_keys.push_back(id);
    }
    known.question = task_.examples.read(record).question;
    known.lowest_score = lowest_[question];
    return known;
  }

  RefreshOutcome select() const {
    constexpr std::size_t kQuestionsPerTask = 256;
    std::vector<std::vector<Candidate>> chosen(best_.size());
    const std::size_t tasks = (best_.size() + kQuestionsPerTask - 1) / kQuestionsPerTask;
    const auto select_part = [&](std::size_t part) {
      const std::size_t end = std::min(best_.size(), (part + 1) * kQuestionsPerTask);
      for (std::size_t i = part * kQuestionsPerTask; i < end; ++i) {
        chosen[i] = select_negatives(best_[i], known_answers(i), task_.pool, task_.options.mining,
                                     last_rank_, derive_key(key(kFilterDraw), task_.records[i]))
                        .negatives;
      }
    };
    context_.pool.for_each(tasks, select_part, context_.stop);
    return put_together(chosen);
  }

  RefreshOutcome put_together(const std::vector<std::vector<Candidate>>& chosen) const {
    RefreshOutcome outcome;
    MinedNegatives& mined = outcome.negatives;
    mined.step = task_.step;
    std::vector<const std::vector<Candidate>*> by_record(
        static_cast<std::size_t>(task_.examples.size()));
    double margins = 0;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      by_record[task_.records[i]] = &chosen[i];
      for (const Candidate& each : chosen[i])
        margins += static_cast<double>(lowest_[i] - each.score);
    }
    for (const auto* list : by_record) {
      for (std::size_t i = 0; list && i < list->size(); ++i)
        mined.rows.push_back(static_cast<RowNumber>((*list)[i].row));
      mined.first.push_back(static_cast<std::int64_t>(mined.rows.size()));
    }
    outcome.mean_margin = margins / static_cast<double>(mined.rows.size());
    return outcome;
  }

  std::uint64_t key(std::uint64_t purpose) const {
    return derive_key(static_cast<std::uint64_t>(task_.options.seed), purpose, task_.step);
  }

  const TextEmbedder& embedder_;
  const RefreshTask& task_;
  const std::function<void(std::int64_t, std::int64_t)>& on_progress_;
  const ComputeContext& context_;
  const bool is_pairs_;
  std::vector<Answer> answers_;  // ascending
  std::int64_t last_rank_ = 0;
  std::int64_t num_hits_ = 0;
  std::int64_t total_ = 0;  // texts to embed
  std::int64_t done_ = 0;
  FloatMatrix questions_;                     // [questions, D]
  std::vector<float> lowest_;                 // [questions] of the positives' scores
  std::vector<std::vector<Candidate>> best_;  // [questions] best first
};

}  // namespace

RefreshOutcome refresh_negatives(const TextEmbedder& embedder,
                                 const RefreshTask& task,
                                 const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                                 const ComputeContext& context) {
  return Refresh(embedder, task, on_progress, context).run();
}

}  // namespace sbert
