#include "sbert/train/negative_refresh.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "sbert/base/random.h"
#include "sbert/mine/miner.h"
#include "sbert/train/training_batch.h"

namespace sbert {
namespace {

constexpr std::uint64_t kPoolDraw = 0x706f6f6c;
constexpr std::uint64_t kFilterDraw = 0x66696c74;
constexpr std::size_t kRowsPerBlock = 65'536;  // of the pool: its texts and embeddings

std::uint64_t draw_key(const RefreshTask& task, std::uint64_t purpose) {
  return derive_key(static_cast<std::uint64_t>(task.options.seed), purpose, task.step);
}

// Those of the records that train, in their order.
class TrainingQuestions final : public Questions {
 public:
  explicit TrainingQuestions(const RefreshTask& task) : task_(task) {}

  std::int64_t size() const override { return std::ssize(task_.records); }
  std::string text(std::int64_t question) const override {
    return task_.examples.read(record(question)).question;
  }
  std::vector<std::int64_t> positives(std::int64_t question) const override {
    const auto rows = task_.pool.positives(record(question));
    return {rows.begin(), rows.end()};
  }
  std::uint64_t id_key(std::int64_t) const override { return 0; }
  std::uint64_t random_key(std::int64_t question) const override {
    return derive_key(draw_key(task_, kFilterDraw), record(question));
  }

 private:
  RowNumber record(std::int64_t question) const {
    return task_.records[static_cast<std::size_t>(question)];
  }

  const RefreshTask& task_;
};

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
        questions_(task),
        miner_(questions_, task.pool, task.options.mining, context) {}

  RefreshOutcome run() {
    const std::vector<std::int64_t> candidates = draw_candidates();
    const std::vector<std::int64_t> others = positives_beside(candidates);
    total_ = questions_.size() + std::ssize(candidates) + std::ssize(others);
    const FloatMatrix questions = embed_questions();
    CandidateSearch search = miner_.search(0, questions);
    for_each_block(candidates, [&](std::span<const std::int64_t> rows) {
      search.add(rows, embed_documents(rows));
    });
    for_each_block(others, [&](std::span<const std::int64_t> rows) {
      search.add_positives(rows, embed_documents(rows));
    });
    return put_together(miner_.choose(0, search.take()));
  }

 private:
  std::vector<std::int64_t> draw_candidates() const {
    const auto count = static_cast<RowNumber>(task_.pool.num_candidates());
    const auto most = static_cast<std::size_t>(task_.options.mining.max_pool);
    if (most == 0 || most >= count) {
      std::vector<std::int64_t> rows(count);
      std::iota(rows.begin(), rows.end(), std::int64_t{0});
      return rows;
    }
    const std::vector<RowNumber> drawn = permutation(count, draw_key(task_, kPoolDraw));
    std::vector<std::int64_t> rows(drawn.begin(), drawn.begin() + task_.options.mining.max_pool);
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  // What has to be embedded only for the positives' scores.
  std::vector<std::int64_t> positives_beside(const std::vector<std::int64_t>& candidates) const {
    std::vector<std::int64_t> positives;
    for (const RowNumber record : task_.records) {
      const auto rows = task_.pool.positives(record);
      positives.insert(positives.end(), rows.begin(), rows.end());
    }
    std::sort(positives.begin(), positives.end());
    positives.erase(std::unique(positives.begin(), positives.end()), positives.end());
    std::vector<std::int64_t> others;
    std::ranges::set_difference(positives, candidates, std::back_inserter(others));
    return others;
  }

  template <typename Row, typename Visit>
  static void for_each_block(std::span<const Row> rows, Visit&& visit) {
    for (std::size_t first = 0; first < rows.size(); first += kRowsPerBlock)
      visit(rows.subspan(first, std::min(kRowsPerBlock, rows.size() - first)));
  }
  template <typename Visit>
  static void for_each_block(const std::vector<std::int64_t>& rows, Visit&& visit) {
    for_each_block(std::span(rows), visit);
  }

  FloatMatrix embed(const std::vector<std::string>& texts) {
    const std::int64_t before = done_;
    std::atomic<std::int64_t> done = 0;
    FloatMatrix rows = embedder_.embed(texts, {.max_length = task_.options.encoder_seq_length,
                                               .stop = context_.stop,
                                               .on_progress = [&](std::int64_t count) {
                                                 on_progress_(before + (done += count), total_);
                                               }});
    done_ += std::ssize(texts);
    return rows;
  }

  FloatMatrix embed_documents(std::span<const std::int64_t> rows) {
    std::vector<std::string> texts;
    texts.reserve(rows.size());
    for (const std::int64_t row : rows)
      texts.push_back(document_text(task_.pool.text(row), task_.options, is_pairs_));
    return embed(texts);
  }

  FloatMatrix embed_questions() {
    FloatMatrix questions;
    questions.columns = embedder_.width();
    for_each_block(task_.records, [&](std::span<const RowNumber> records) {
      std::vector<std::string> texts;
      texts.reserve(records.size());
      for (const RowNumber record : records) {
        texts.push_back(
            question_text(task_.examples.read(record).question, task_.options, is_pairs_));
      }
      const FloatMatrix block = embed(texts);
      questions.rows += block.rows;
      questions.values.insert(questions.values.end(), block.values.begin(), block.values.end());
    });
    return questions;
  }

  RefreshOutcome put_together(const std::vector<MinedQuestion>& chosen) const {
    RefreshOutcome outcome;
    MinedNegatives& mined = outcome.negatives;
    mined.step = task_.step;
    std::vector<const MinedQuestion*> by_record(static_cast<std::size_t>(task_.examples.size()));
    double margins = 0;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      by_record[task_.records[i]] = &chosen[i];
      float lowest = std::numeric_limits<float>::infinity();
      for (const float score : chosen[i].positive_scores)
        lowest = std::min(lowest, score);
      for (const Candidate& each : chosen[i].negatives)
        margins += static_cast<double>(lowest - each.score);
    }
    for (const MinedQuestion* question : by_record) {
      if (question != nullptr) {
        for (const Candidate& each : question->negatives)
          mined.rows.push_back(static_cast<RowNumber>(each.row));
      }
      mined.first.push_back(std::ssize(mined.rows));
    }
    outcome.mean_margin = margins / static_cast<double>(mined.rows.size());
    return outcome;
  }

  const TextEmbedder& embedder_;
  const RefreshTask& task_;
  const std::function<void(std::int64_t, std::int64_t)>& on_progress_;
  const ComputeContext& context_;
  const bool is_pairs_;
  TrainingQuestions questions_;
  Miner miner_;
  std::int64_t total_ = 0;  // texts to embed
  std::int64_t done_ = 0;
};

}  // namespace

RefreshOutcome refresh_negatives(const TextEmbedder& embedder,
                                 const RefreshTask& task,
                                 const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                                 const ComputeContext& context) {
  return Refresh(embedder, task, on_progress, context).run();
}

}  // namespace sbert
