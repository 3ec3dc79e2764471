#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "sbert/base/stop_token.h"

namespace sbert {

/// Longer lines are refused: they are not records: the file is of another kind.
inline constexpr std::size_t kMaxLineBytes = 256U << 20;

/// Whether a line has nothing but white space.
bool is_blank(std::string_view line);

/// The text without white space at both ends.
std::string_view stripped(std::string_view text);

/// @throws Error(kInput) if a line is longer than kMaxLineBytes
void check_line_length(std::string_view line);

/// Calls read(line, number) for each line of a file that is not blank, numbers from 1. Lines end
/// with \n or \r\n, which are left out; a byte order mark is skipped, gzip decompressed.
/// @throws Error(kIo) if the file cannot be read; Error(kCancelled); Error(kInput) of a line that
///         is too long or not UTF-8; errors of read() with "file: line 17" in front
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(std::string_view line, std::int64_t number)>& read,
                   const StopToken& stop);

}  // namespace sbert
