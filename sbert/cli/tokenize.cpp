#include <cstdio>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "sbert/base/log.h"
#include "sbert/checkpoint/model_files.h"
#include "sbert/cli/commands.h"
#include "sbert/cli/input_help.h"
#include "sbert/cli/option_parser.h"
#include "sbert/data/text_lines.h"
#include "sbert/embed/long_texts.h"

namespace sbert {
namespace {

struct TokenizeOptions {
  std::string model;
  std::string input = "-";
  std::optional<InputFormat> input_format;
  std::int64_t max_length = 0;
  OnLong on_long = OnLong::kCut;
  bool pieces = false;

  static constexpr auto fields() {
    using Self = TokenizeOptions;
    return std::tuple{
        field("model", &Self::model, "model folder or .nemo"),
        field("input", &Self::input, kInputHelp),
        field("input_format", &Self::input_format, kInputFormatHelp),
        field("max_length", &Self::max_length, "most ids of a text; 0: the model's"),
        field("on_long", &Self::on_long,
              "a text of more ids: cut (they are counted) or error, which ends the run"),
        field("pieces", &Self::pieces, "also print the word pieces"),
    };
  }
};

constexpr CommandHelp kHelp{
    "tokenize",
    "Prints the token ids of each text as a JSON object a line, id for id as Hugging Face's\n"
    "tokenizers does it.",
    "  echo '{\"text\": \"Hello, world\"}' | sbert tokenize --model MiniLM/\n"};

}  // namespace

void run_tokenize(const Arguments& arguments, Backend&) {
  TokenizeOptions options;
  OptionParser parser(kHelp, {});
  add_fields(parser, options);
  parser.require("model");
  if (!parser.parse(arguments)) return;

  const TextModel model = load_model(options.model);
  const Tokenizer& tokenizer = model.tokenizer;
  const std::int64_t max_length =
      options.max_length > 0 ? options.max_length : model.card.max_length;
  TokenizedTexts count;
  for (const std::string& text : read_texts(options.input, options.input_format)) {
    const auto [ids, is_cut] = tokenizer.tokenize(text, max_length);
    if (is_cut && options.on_long == OnLong::kError) refuse_long_text(text, max_length);
    ++count.texts;
    count.cut += is_cut ? 1 : 0;
    nlohmann::json line{{"ids", ids}};
    if (options.pieces) {
      for (const auto id : ids)
        line["pieces"].push_back(tokenizer.piece(id));
    }
    std::puts(line.dump().c_str());
  }
  if (count.cut > 0) log_info(cut_texts_line(count.cut, count.texts, max_length));
}

}  // namespace sbert
