#include "sbert/mine/mining.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/log.h"
#include "sbert/base/memory.h"
#include "sbert/base/option_checks.h"
#include "sbert/base/random.h"
#include "sbert/data/text_key.h"
#include "sbert/mine/dense_search.h"
#include "sbert/mine/document_pool.h"
#include "sbert/mine/miner.h"
#include "sbert/mine/rank_fusion.h"
#include "sbert/mine/text_vectors.h"
#include "sbert/search/bm25.h"
#include "sbert/search/row_products.h"
#include "sbert/search/topk.h"

namespace sbert {
namespace {

constexpr std::uint64_t kMegabyte = 1ULL << 20;

// Of the two files of a model, the second one's with a prefix.
constexpr std::string_view kQuestionVectors = "questions.vectors";
constexpr std::string_view kDocumentVectors = "documents.vectors";
constexpr std::string_view kTeacher = "teacher-";

/// How the memory that is left is parted.
struct MemoryPlan {
  std::uint64_t chunk_bytes = 0;     // of texts to embed, and of their vectors
  std::uint64_t document_bytes = 0;  // of document vectors that are mapped
  std::uint64_t question_bytes = 0;  // of a block of questions with their candidates
  std::uint64_t graph_bytes = 0;     // of graphs and the vectors under them, in their place
  std::uint64_t index_bytes = 0;     // of BM25's index
};

MemoryPlan plan_memory(std::uint64_t limit) {
  // A half is left to activations, token ids and what the allocator keeps; graphs, which are built
  // when all is embedded, have more of it.
  const std::uint64_t share = memory_left(limit) / 8;
  return {.chunk_bytes = std::min(share / 2, 64 * kMegabyte),
          .document_bytes = std::min(share, 256 * kMegabyte),
          .question_bytes = share,
          .graph_bytes = 4 * share,
          .index_bytes = share};
}

/// The vectors of questions and documents by one model.
struct Vectors {
  VectorFile questions;
  VectorFile documents;

  /// Of documents of these rows for a question.
  std::vector<float> scores(std::int64_t question, std::span<const std::int64_t> rows) const {
    std::vector<float> asked(static_cast<std::size_t>(questions.columns()));
    questions.read(question, asked);
    FloatMatrix found(std::ssize(rows), documents.columns());
    for (std::int64_t i = 0; i < found.rows; ++i)
      documents.read(rows[static_cast<std::size_t>(i)], found.row(i));
    return pair_scores(found, asked);
  }
};

class InputQuestions final : public Questions {
 public:
  InputQuestions(const MiningInput& input, std::uint64_t seed) : input_(input), seed_(seed) {}

  std::int64_t size() const override { return std::ssize(input_.questions); }
  std::string text(std::int64_t question) const override { return at(question).text; }
  std::vector<std::int64_t> positives(std::int64_t question) const override {
    return at(question).positives;
  }
  std::uint64_t id_key(std::int64_t question) const override {
    return input_.has_ids ? bytes_key(at(question).id) : 0;
  }
  std::uint64_t random_key(std::int64_t question) const override {
    return derive_key(seed_, bytes_key(at(question).text));
  }

 private:
  const MiningQuestion& at(std::int64_t question) const {
    return input_.questions[static_cast<std::size_t>(question)];
  }

  const MiningInput& input_;
  std::uint64_t seed_;
};

/// Mines with vectors in files.
class FileMining {
 public:
  FileMining(const MiningInput& input, const MiningOptions& options, const ComputeContext& context)
      : input_(input),
        options_(options),
        context_(context),
        plan_(plan_memory(options.memory_bytes)),
        questions_(input, options.seed),
        miner_(questions_, *input.documents, options.filter, context),
        is_approximate_(options.approximate_above > 0 &&
                        input.documents->size() > options.approximate_above) {}

  void embed(const TextEmbedder& embedder, const Teacher& teacher) {
    make_folder(options_.vectors_folder);
    std::uint64_t documents_key = 0;
    for_each_text_key(
        *input_.documents,
        [&](std::int64_t, std::uint64_t key) { documents_key = derive_key(documents_key, key); },
        context_);
    const Teacher model{&embedder, options_.query_prompt, options_.document_prompt,
                        options_.model_key};
    vectors_.emplace(embed_both(model, "", documents_key));
    if (teacher.embedder == nullptr) return;
    teacher_vectors_.emplace(embed_both(teacher, kTeacher, documents_key));
  }

  void mine(const TakeMined& take) {
    const auto per_question =
        static_cast<std::uint64_t>(vectors_->questions.columns()) * sizeof(float) +
        static_cast<std::uint64_t>(miner_.depth()) * 6 * sizeof(Hit) + 256;
    const auto step =
        static_cast<std::int64_t>(std::max(plan_.question_bytes / per_question, std::uint64_t{1}));
    const auto count = static_cast<std::int64_t>(input_.questions.size());
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t end = std::min(begin + step, count);
      const std::vector<MinedQuestion> mined = miner_.choose(begin, find(begin, end));
      for (std::int64_t question = begin; question < end; ++question)
        take(static_cast<std::size_t>(question), mined[static_cast<std::size_t>(question - begin)]);
    }
  }

 private:
  Vectors embed_both(const Teacher& model, std::string_view name, std::uint64_t documents_key) {
    std::uint64_t questions_key = 0;
    for (const MiningQuestion& question : input_.questions)
      questions_key = derive_key(questions_key, bytes_key(question.text));
    TextVectorOptions embedding{.label = "embedding questions",
                                .prompt = model.query_prompt,
                                .max_length = options_.max_length,
                                .chunk_bytes = plan_.chunk_bytes,
                                .model_key = model.model_key,
                                .stop = context_.stop};
    const auto& folder = options_.vectors_folder;
    VectorFile questions = embed_into_file(
        folder / concat(name, kQuestionVectors), *model.embedder,
        static_cast<std::int64_t>(input_.questions.size()),
        [&](std::int64_t i) { return input_.questions[static_cast<std::size_t>(i)].text; },
        questions_key, embedding);
    embedding.label = "embedding documents";
    embedding.prompt = model.document_prompt;
    VectorFile documents = embed_into_file(
        folder / concat(name, kDocumentVectors), *model.embedder, input_.documents->size(),
        [&](std::int64_t row) { return input_.documents->text(row); }, documents_key, embedding);
    return {std::move(questions), std::move(documents)};
  }

  std::vector<std::vector<Hit>> dense_hits(std::int64_t begin, std::int64_t end) {
    const DenseSearchOptions search{
        .depth = miner_.depth(),
        .memory_bytes = is_approximate_ ? plan_.graph_bytes : plan_.document_bytes,
        .is_approximate = is_approximate_,
        .graph_documents = options_.graph_documents};
    auto hits =
        nearest_documents(vectors_->questions, begin, end, vectors_->documents, search, context_);
    if (is_approximate_ && begin == 0) {
      const double recall =
          measured_recall(vectors_->questions, begin, vectors_->documents, hits, search, context_);
      log_info(concat("approximate search found ", fixed(100 * recall, 1),
                      "% of the candidates of an exact one"));
    }
    return hits;
  }

  std::vector<std::vector<Hit>> bm25_hits(std::int64_t begin, std::int64_t end) {
    std::vector<std::string> texts;
    for (std::int64_t i = begin; i < end; ++i)
      texts.push_back(input_.questions[static_cast<std::size_t>(i)].text);
    return bm25_topk(
        texts, input_.documents->size(),
        [&](std::int64_t row) { return input_.documents->text(row); }, miner_.depth(),
        {.index_bytes = plan_.index_bytes}, context_);
  }

  std::vector<ScoredCandidates> find(std::int64_t begin, std::int64_t end) {
    const bool is_dense = options_.candidates != CandidateSource::kBm25;
    const bool is_lexical = options_.candidates != CandidateSource::kDense;
    if (!is_lexical && !is_approximate_ && !teacher_vectors_) return find_exactly(begin, end);
    std::vector<std::vector<Hit>> dense;
    std::vector<std::vector<Hit>> lexical;
    if (is_dense) dense = dense_hits(begin, end);
    if (is_lexical) lexical = bm25_hits(begin, end);
    std::vector<ScoredCandidates> found(static_cast<std::size_t>(end - begin));
    const auto score_for = [&](std::size_t i) {
      const std::int64_t question = begin + static_cast<std::int64_t>(i);
      if (is_dense && is_lexical) {
        found[i] = scored(question, fuse_ranks(dense[i], lexical[i], miner_.depth()));
      } else {
        found[i] = scored(question, is_dense ? dense[i] : lexical[i]);
      }
    };
    context_.pool.for_each(found.size(), score_for, context_.stop);
    return found;
  }

  std::vector<ScoredCandidates> find_exactly(std::int64_t begin, std::int64_t end) const {
    const MappedRows questions(vectors_->questions, begin, end - begin);
    CandidateSearch search = miner_.search(begin, questions.view());
    std::vector<std::int64_t> rows;
    for_each_piece(vectors_->documents, plan_.document_bytes, "searching",
                   [&](std::int64_t first, MatrixView piece) {
                     rows.resize(static_cast<std::size_t>(piece.rows));
                     std::iota(rows.begin(), rows.end(), first);
                     search.add(rows, piece);
                   });
    return search.take();
  }

  // By the teacher, if there is one, and then in its order.
  ScoredCandidates scored(std::int64_t question, const std::vector<Hit>& hits) const {
    const Vectors& scoring = teacher_vectors_ ? *teacher_vectors_ : *vectors_;
    ScoredCandidates found{{}, scoring.scores(question, questions_.positives(question))};
    std::vector<std::int64_t> rows;
    for (const Hit& hit : hits)
      rows.push_back(hit.row);
    const std::vector<float> scores = scoring.scores(question, rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      found.candidates.push_back({rows[i], scores[i]});
    if (teacher_vectors_) {
      std::ranges::stable_sort(found.candidates, std::greater(), &Candidate::score);
    }
    return found;
  }

  const MiningInput& input_;
  const MiningOptions& options_;
  const ComputeContext& context_;
  MemoryPlan plan_;
  InputQuestions questions_;
  Miner miner_;
  bool is_approximate_;
  std::optional<Vectors> vectors_;
  std::optional<Vectors> teacher_vectors_;
};

}  // namespace

void MiningOptions::validate() const {
  filter.validate();
  check_at_least("approximate_above", approximate_above, 0);
  check_at_least("graph_documents", graph_documents, 1);
}

void mine_hard_negatives(const TextEmbedder& embedder,
                         const Teacher& teacher,
                         const MiningInput& input,
                         const MiningOptions& options,
                         const TakeMined& take,
                         const ComputeContext& context) {
  options.validate();
  if (input.questions.empty()) return;
  FileMining mining(input, options, context);
  mining.embed(embedder, teacher);
  mining.mine(take);
}

void remove_vectors(const std::filesystem::path& folder) {
  std::error_code ignored;  // what stays is used again, or removed by its owner
  for (const std::string_view model : {std::string_view(), kTeacher}) {
    for (const std::string_view name : {kQuestionVectors, kDocumentVectors})
      std::filesystem::remove(folder / concat(model, name), ignored);
  }
  std::filesystem::remove(folder, ignored);
}

}  // namespace sbert
