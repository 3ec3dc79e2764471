#pragma once

#include <string_view>

namespace sbert {

/// @param what that the bytes are: "line", "record", "argument"
/// @throws Error(kInput) "not UTF-8: byte 4 of the line is 0xE9; ..." for the first byte, from 1,
///         that is not UTF-8, and for a zero byte, which text files do not have but UTF-16 and
///         binary ones do
void check_utf8(std::string_view bytes, std::string_view what);

}  // namespace sbert
