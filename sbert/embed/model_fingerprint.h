#pragma once

#include <filesystem>

#include "sbert/base/stop_token.h"
#include "sbert/embed/content_hash.h"

namespace sbert {

/// The hash of a model by the content of its files: of a .nemo, or of the names and contents of all
/// files of a folder and its folders, those whose names begin with a dot left out. Two copies of a
/// model have the same.
///
/// @param memory_folder holds what the files hashed to when they were last read, by size, inode and
///        time of change, so that a model that stayed as it was is not read again. Made if it is
///        not there; what cannot be written there is left out. Empty: nothing is kept.
/// @throws Error(kIo) if there is no such file or folder, or one cannot be read; Error(kCancelled)
///         once a stop is requested
ContentHash model_fingerprint(const std::filesystem::path& model,
                              const std::filesystem::path& memory_folder,
                              const StopToken& stop = {});

}  // namespace sbert
