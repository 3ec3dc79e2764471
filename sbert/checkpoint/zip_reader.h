#pragma once

#include <map>
#include <string>
#include <string_view>

namespace sbert {

/// The members of a zip file by name, as views of its bytes. Only what torch.save writes is read:
/// stored members, not compressed, not encrypted, in one volume; zip64 where sizes need it.
/// Every offset and length is checked against the file, and members may not overlap the directory.
/// @param bytes the whole zip file
/// @throws Error(kInput)
std::map<std::string, std::string_view> read_zip(std::string_view bytes);

}  // namespace sbert
