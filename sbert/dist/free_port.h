#pragma once

namespace sbert {

/// A port of the loopback interface that nobody listens on now.
/// @throws Error(kIo) if there is none
int free_port();

}  // namespace sbert
