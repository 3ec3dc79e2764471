#pragma once

#include <filesystem>
#include <string_view>

namespace sbert {

extern const std::string_view kVersion;  ///< of both programs: "0.1.0"

/// Where the program with libtorch is looked for: ../libexec/sbert/sbert-torch from the folder of
/// this one, links resolved. The same in the build tree and where it is installed.
std::filesystem::path torch_program();

/// Whether there is such a program that may be started.
bool is_torch_program_installed();

/// Goes on as that program, in this process: with the same words, streams and environment. A stop
/// signal that came before is not lost.
/// @param argv of main()
/// @param need what cannot be done without it: "sbert train"
/// @throws Error(kUsage) saying what to install, Error(kIo) if it cannot be started,
///         Error(kCancelled)
[[noreturn]] void become_torch_program(char** argv, std::string_view need);

/// In that program: whether this one became it, and is of the same version. One that was started
/// by itself may do as it likes.
/// @throws Error(kUsage) with both versions
void check_version_of_starter();

}  // namespace sbert
