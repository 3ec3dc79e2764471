#pragma once

namespace sbert {

/// From here on SIGINT and SIGTERM ask for a stop instead of ending the process; a second one ends
/// it at once. Call once, from the main thread.
void catch_stop_signals();

/// True after such a signal. Long work looks at this between steps.
bool stop_requested();

/// @throws Error(kCancelled) after such a signal
void throw_if_stopped();

}  // namespace sbert
