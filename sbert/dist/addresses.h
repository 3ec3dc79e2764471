#pragma once

#include <chrono>
#include <string>

#include "sbert/base/stop_token.h"

namespace sbert {

/// The address by which this machine reaches a host, and so the one at which that one reaches it.
/// Sends nothing.
/// @throws Error(kIo) if the host is unknown or there is no way to it
std::string own_address(const std::string& host);

/// Waits until somebody listens at a port of a host, whose name need not be known yet.
/// @return whether somebody does before the time is up
/// @throws Error(kCancelled) once a stop is requested
bool wait_for_listener(const std::string& host,
                       int port,
                       std::chrono::milliseconds timeout,
                       const StopToken& stop = {});

}  // namespace sbert
