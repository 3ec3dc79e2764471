#pragma once

namespace sbert {

// Help of --input and --input-format, the same for every command that reads texts.

inline constexpr const char* kInputHelp =
    "texts: JSON with \"text\" (.jsonl, .json), a table (.csv, .tsv), or a text a line, also in "
    ".gz; "
    "- for stdin";
inline constexpr const char* kInputFormatHelp =
    "jsonl (JSON Lines or an array), csv, tsv or text; default: by the input's name and content";

}  // namespace sbert
