#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include <sys/types.h>

namespace sbert {

class ProtobufWriter;

/// A wandb-core process and a connection to it. Each call that waits looks at `is_stopped` ten
/// times a second and ends with Error(kCancelled) when it is true.
class WandbCore {
 public:
  /// Starts the program in a session of its own, so that Ctrl-C does not reach it. It ends when
  /// this process does. What it prints goes to `output`.
  /// @throws Error(kIo)
  WandbCore(const std::filesystem::path& program,
            const std::filesystem::path& output,
            std::function<bool()> is_stopped);
  /// Ends the process, by force if it does not end by itself within a second.
  ~WandbCore();
  WandbCore(const WandbCore&) = delete;
  WandbCore& operator=(const WandbCore&) = delete;

  /// Waits until the process listens, and connects.
  /// @throws Error(kIo) if it ends, or takes more than `longest`
  void connect(std::chrono::milliseconds longest);

  /// Sends a ServerRequest that holds `content` as field `number`, and waits for the response.
  /// @return the field `number` of the response
  /// @throws Error(kIo) if the process ends or refuses, Error(kInput) if the response is malformed
  std::string ask(int number, const ProtobufWriter& content);

  /// Asks the process to end.
  void tear_down();

 private:
  bool has_ended();
  std::string read_socket_path(std::chrono::milliseconds longest);
  void send(const ProtobufWriter& request);
  std::string receive();
  void receive_exactly(char* bytes, std::size_t size);

  std::function<bool()> is_stopped_;
  std::filesystem::path folder_;  // of the file that says where the process listens
  pid_t process_ = -1;
  int socket_ = -1;
  int num_requests_ = 0;
};

}  // namespace sbert
