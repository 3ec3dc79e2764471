#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sbert/data/text_lines.h"

namespace sbert {

/// read_text_records() without the texts that are blank, which a warning counts: they would be near
/// to each other.
/// @throws what read_text_records() throws; Error(kInput) if no text is left
std::vector<TextRecord> read_filled_texts(const std::string& path,
                                          std::optional<InputFormat> format);

}  // namespace sbert
