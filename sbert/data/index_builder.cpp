#include "sbert/data/index_builder.h"

#include <algorithm>
#include <utility>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/progress.h"
#include "sbert/base/random.h"
#include "sbert/data/example_builder.h"
#include "sbert/data/record_scanner.h"
#include "sbert/data/text_key.h"
#include "sbert/data/unread_keys.h"

namespace sbert {
namespace {

constexpr std::size_t kMaxBadRecords = 100'000;
constexpr std::size_t kHashBlock = 1 << 20;
constexpr std::size_t kBytesWorthProgress = 256 << 20;

/// The hash of a file, taken while its records are read, so that it is read once.
class ContentKey {
 public:
  explicit ContentKey(std::string_view bytes) : rest_(bytes) {}
  /// True if a block of what lies before this place was hashed.
  bool advance(const char* place) {
    const std::string_view before = rest_;
    while (place - rest_.data() > static_cast<std::ptrdiff_t>(kHashBlock))
      take(kHashBlock);
    return rest_.size() != before.size();
  }
  std::uint64_t finish() {
    while (!rest_.empty())
      take(kHashBlock);
    return key_;
  }

 private:
  void take(std::size_t bytes) {
    key_ = derive_key(key_, bytes_key(rest_.substr(0, bytes)));
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }
  std::string_view rest_;
  std::uint64_t key_ = 0;
};

void parse_record(JsonRecordParser& parser,
                  const TsvTable* table,
                  std::string_view record,
                  ExampleBuilder& builder) {
  const auto add = [&](std::string_view key, RecordValue& value) { builder.add(key, value); };
  if (table != nullptr) {
    table->parse(record, add);
  } else {
    parser.parse(record, add);
  }
}

class IndexBuilder {
 public:
  IndexBuilder(const RecordBytes& file,
               bool skips_bad_records,
               RecordIndexWriter& writer,
               const StopToken& stop)
      : file_(file), skips_(skips_bad_records), writer_(writer), stop_(stop), content_(file.bytes) {
    if (file.bytes.size() >= kBytesWorthProgress) {
      progress_.emplace("indexing", static_cast<std::int64_t>(file.bytes.size() >> 20), "MiB");
    }
  }

  void build(const FileStamp& stamp) {
    if (file_.bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      fail(ErrorKind::kInput, "the file is empty");
    }
    file_.table != nullptr ? read_table() : read_json();
    progress_.reset();
    if (writer_.size() == 0) {
      if (!bad_.empty()) fail_bad(bad_.front());
      fail(ErrorKind::kInput, "the file has no records");
    }
    traits_.unread_keys = unread_.keys();
    writer_.finish(stamp, traits_, content_.finish(), bad_);
  }

 private:
  void read_table() {
    std::size_t at = file_.table->first_row();
    for (const std::string& name : file_.table->columns()) {
      if (!form_) form_ = form_of_key(name);
    }
    while (const auto line = next_line(file_.bytes, at))
      take(*line);
  }

  void read_json() {
    RecordScanner scanner(file_.bytes);
    while (true) {
      std::optional<std::string_view> record;
      try {
        record = scanner.next();
      } catch (const Error& error) {
        if (scanner.is_array()) fail_bad({number_ + 1, scanner.place(), error.what()});
        add_bad(scanner.place(), error.what());
        scanner.skip_to_next_line();
        continue;
      }
      if (!record) return;
      if (!take(*record) && !scanner.is_array()) scanner.skip_to_next_line();
    }
  }

  /// False if it is not an example.
  bool take(std::string_view record) {
    ++number_;
    try {
      if (!form_ && file_.table == nullptr) form_ = find_form(record);
      const RecordForm form = form_.value_or(RecordForm::kQuestion);
      ExampleBuilder builder(form);
      parse_record(parser_, file_.table, record, builder);
      unread_.add(form, builder);
      const Example example = builder.finish();
      check_same_form(example);
      note_label(example, builder.label_key());
      writer_.add(place_of(record), example.pos_doc.size(), text_key(example.question));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) throw;
      --number_;
      add_bad(place_of(record), error.what());
      return false;
    }
    if (content_.advance(record.data())) {
      stop_.throw_if_stopped();
      if (progress_) progress_->advance(1);
    }
    return true;
  }

  std::optional<RecordForm> find_form(std::string_view record) {
    std::optional<RecordForm> form;
    parser_.parse(record, [&](std::string_view key, RecordValue&) {
      if (!form) form = form_of_key(key);
    });
    return form;
  }

  /// The first good record says what the others have to have.
  void check_same_form(const Example& example) {
    const auto check = [&](std::string_view key, bool has, bool others) {
      if (has == others) return;
      fail(ErrorKind::kInput, has ? concat(key, " is here, but not in the records before")
                                  : concat(key, " is missing; the records before have one"));
    };
    const bool has_label = example.label.has_value();
    const bool has_scores = !example.pos_scores.empty();
    if (writer_.size() == 0) {
      traits_.form = example.form;
      traits_.has_labels = has_label;
      traits_.has_positive_scores = has_scores;
    }
    check("label", has_label, traits_.has_labels);
    check("pos_scores", has_scores, traits_.has_positive_scores);
    if (example.neg_doc.empty()) return;
    const bool has_negative_scores = !example.neg_scores.empty();
    if (!traits_.has_negatives) traits_.has_negative_scores = has_negative_scores;
    traits_.has_negatives = true;
    check("neg_scores", has_negative_scores, traits_.has_negative_scores);
  }

  void note_label(const Example& example, std::string_view key) {
    if (!example.label) return;
    const bool is_first = writer_.size() == 0;
    traits_.has_label_as_score = key == "score";
    traits_.min_label = is_first ? *example.label : std::min(traits_.min_label, *example.label);
    traits_.max_label = is_first ? *example.label : std::max(traits_.max_label, *example.label);
  }

  std::uint64_t place_of(std::string_view record) const {
    return static_cast<std::uint64_t>(record.data() - file_.bytes.data());
  }

  void add_bad(std::uint64_t byte, std::string_view message) {
    constexpr std::size_t kMaxMessage = 500;
    BadRecord bad{++number_, byte, std::string(message.substr(0, kMaxMessage))};
    if (!skips_) fail_bad(bad);
    if (bad_.size() == kMaxBadRecords) {
      fail(ErrorKind::kInput, concat("more than ", kMaxBadRecords, " bad records, the last is ",
                                     number_, ", byte ", byte, ": ", message));
    }
    bad_.push_back(std::move(bad));
  }

  [[noreturn]] static void fail_bad(const BadRecord& bad) {
    fail(ErrorKind::kInput, concat("record ", bad.number, ", byte ", bad.byte, ": ", bad.message));
  }

  const RecordBytes& file_;
  bool skips_;
  RecordIndexWriter& writer_;
  const StopToken& stop_;
  ContentKey content_;
  std::optional<Progress> progress_;
  JsonRecordParser parser_;
  std::optional<RecordForm> form_;
  FileTraits traits_;
  UnreadKeys unread_;
  std::int64_t number_ = 0;  // of the last record, from 1
  std::vector<BadRecord> bad_;
};

}  // namespace

Example parse_example(JsonRecordParser& parser,
                      const TsvTable* table,
                      RecordForm form,
                      std::string_view record) {
  ExampleBuilder builder(form);
  parse_record(parser, table, record, builder);
  return builder.finish();
}

void build_index(const RecordBytes& file,
                 const FileStamp& stamp,
                 bool skips_bad_records,
                 RecordIndexWriter& writer,
                 const StopToken& stop) {
  IndexBuilder(file, skips_bad_records, writer, stop).build(stamp);
}

}  // namespace sbert
