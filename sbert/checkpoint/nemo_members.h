#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sbert {

/// The files of a NeMo checkpoint by name ("model_config.yaml", "model_weights/.metadata"), as
/// views: of the members of a .nemo archive, or of the mapped files of one that was unpacked.
struct NemoMembers {
  std::map<std::string, std::string_view> bytes;
  std::shared_ptr<const void> owner;  ///< holds the bytes
};

/// Of a folder, links are left out, so that nothing outside of it is read.
/// @param path a .nemo file, or a folder
/// @throws Error(kInput) naming the member that is wrong, Error(kIo)
NemoMembers read_nemo_members(const std::filesystem::path& path);

}  // namespace sbert
