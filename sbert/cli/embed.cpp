#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/base/progress.h"
#include "sbert/cli/backend.h"
#include "sbert/cli/input_help.h"
#include "sbert/cli/option_parser.h"
#include "sbert/cli/output_check.h"
#include "sbert/data/text_lines.h"
#include "sbert/embed/npy.h"

namespace sbert {
namespace {

enum class Format { kNpy, kJsonLines, kText };
constexpr auto enum_names(Format) {
  return std::to_array<EnumName<Format>>(
      {{"npy", Format::kNpy}, {"jsonl", Format::kJsonLines}, {"text", Format::kText}});
}

struct EmbedCommandOptions {
  std::string model;
  std::string input = "-";
  std::optional<InputFormat> input_format;
  std::string output = "-";
  std::optional<Format> format;
  std::string prompt_name;
  std::optional<std::string> prompt;
  EncodingOptions encoding{.shares_under_launcher = true};

  static constexpr auto fields() {
    using Self = EmbedCommandOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("input", &Self::input, kInputHelp),
        field("input_format", &Self::input_format, kInputFormatHelp),
        field("output", &Self::output, "file to write, or - for stdout"),
        field("format", &Self::format,
              "npy, jsonl or text; default: by the output's name, else jsonl"),
        field("prompt_name", &Self::prompt_name, "the model's prompt to put before each text"),
        field("prompt", &Self::prompt, "a text to put before each text"),
    };
  }
};

// What is in memory of a file of any length; sorted by length, enough to fill batches of texts
// alike.
constexpr std::size_t kTextsAtOnce = 16'384;  // for each process

constexpr CommandHelp kHelp{
    "embed",
    "Embeds texts, one vector a text, in their order. The vector of a text does not depend on the\n"
    "texts beside it, nor on the number of threads.",
    "  sbert embed --model MiniLM/ --input texts.txt --output vectors.npy\n"
    "  echo '{\"text\": \"Hello, world\"}' | sbert embed --model MiniLM/ > vectors.jsonl\n"};

Format output_format(const EmbedCommandOptions& options) {
  if (options.format) return *options.format;
  if (options.output.ends_with(".npy")) return Format::kNpy;
  if (options.output.ends_with(".txt")) return Format::kText;
  return Format::kJsonLines;
}

std::string line_of(std::span<const float> row, Format format) {
  std::string line = format == Format::kJsonLines ? "{\"embedding\":[" : "";
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) line += format == Format::kJsonLines ? ',' : ' ';
    line += concat(row[i]);
  }
  return line + (format == Format::kJsonLines ? "]}\n" : "\n");
}

// Where the vectors go, some rows at a time: a .npy file, or lines to a file or stdout.
class VectorOutput {
 public:
  VectorOutput(const std::string& output, Format format, std::int64_t columns) : format_(format) {
    if (format == Format::kNpy) {
      npy_.emplace(output, columns);
    } else if (output != "-") {
      lines_.emplace(output);
    }
  }

  void append(const FloatMatrix& rows) {
    if (npy_) return npy_->append(rows);
    for (std::int64_t i = 0; i < rows.rows; ++i) {
      const std::string line = line_of(rows.row(i), format_);
      if (lines_) {
        lines_->write(line);
      } else {
        std::fputs(line.c_str(), stdout);
      }
    }
  }

  void commit() {
    if (npy_) npy_->commit();
    if (lines_) lines_->commit();
  }

 private:
  Format format_;
  std::optional<NpyWriter> npy_;
  std::optional<AtomicFile> lines_;
};

void embed(const EmbedCommandOptions& options, Format format, Models& models) {
  const std::unique_ptr<TextEmbedder> embedder =
      open_model(models, options.model, options.encoding);
  const TextSource texts(options.input, options.input_format);
  Progress progress("embedding", texts.count(), "texts");
  const EmbedCall call{.prompt = options.prompt
                                     ? *options.prompt
                                     : prompt_text(embedder->card(), options.prompt_name),
                       .max_length = options.encoding.max_length,
                       .stop = models.context().stop,
                       .on_progress = [&](std::int64_t count) { progress.advance(count); }};
  VectorOutput output(options.output, format, embedder->width());
  texts.for_each_chunk(
      kTextsAtOnce * static_cast<std::size_t>(embedder->num_processes()),
      [&](const std::vector<std::string>& chunk) { output.append(embedder->embed(chunk, call)); });
  output.commit();
}

}  // namespace

void run_embed(const Arguments& arguments, Backend& backend) {
  EmbedCommandOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  add_fields(parser, options.encoding);
  parser.require("model");
  if (!parser.parse(arguments)) return;
  const Format format = output_format(options);
  if (format == Format::kNpy && options.output == "-") {
    fail(ErrorKind::kUsage, "npy needs a file: --output vectors.npy");
  }
  if (options.prompt && !options.prompt_name.empty()) {
    fail(ErrorKind::kUsage, "give either --prompt or --prompt-name");
  }
  refuse_output_over_input(options.output, std::vector{options.input});
  backend.run(options.encoding, [&](Models& models) { embed(options, format, models); });
}

}  // namespace sbert
