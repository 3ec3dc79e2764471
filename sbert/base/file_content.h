#pragma once

#include <string_view>

namespace sbert {

/// Refuses what often stands where a file was to be downloaded.
/// @param bytes of the file, or its beginning
/// @throws Error(kInput) if that is a pointer of Git LFS, or an HTML or XML page
void refuse_stand_in(std::string_view bytes);

/// What a file is, told by how it begins, for messages: "an HDF5 file", "a zip file", "text", ...
std::string_view content_name(std::string_view bytes);

}  // namespace sbert
