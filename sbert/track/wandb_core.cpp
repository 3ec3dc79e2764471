#include "sbert/track/wandb_core.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/files.h"
#include "sbert/track/little_endian.h"
#include "sbert/track/protobuf.h"

namespace sbert {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kPatience{1000};
constexpr std::uint32_t kMaxResponseBytes = 16 << 20;

// Field numbers of wandb's wandb_server.proto.
constexpr int kRequestId = 10;
constexpr int kTeardown = 7;
constexpr int kTeardownExitCode = 1;
constexpr int kErrorResponse = 200;
constexpr int kErrorMessage = 1;

// A frame is 'W', the length in four bytes, and a message.
constexpr char kFrameMagic = 'W';
constexpr std::size_t kFrameHeadBytes = 5;

[[noreturn]] void fail_io(std::string_view what, int error) {
  fail(ErrorKind::kIo, concat("wandb-core: ", what, ": ", std::strerror(error)));
}

std::filesystem::path make_private_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "sbert-wandb-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail_io("cannot make a temporary folder", errno);
  return name;
}

// The socket that a complete port file names; empty if it is not complete yet.
std::string socket_in(std::string_view port_file) {
  constexpr std::string_view kUnix = "unix=";
  std::string socket;
  while (!port_file.empty()) {
    const std::size_t end = port_file.find('\n');
    const std::string_view line = port_file.substr(0, end);
    if (line == "EOF") return socket;
    if (line.starts_with(kUnix)) socket = line.substr(kUnix.size());
    if (end == std::string_view::npos) break;
    port_file.remove_prefix(end + 1);
  }
  return {};
}

pid_t spawn(const std::filesystem::path& program,
            const std::filesystem::path& output,
            const std::filesystem::path& port_file) {
  std::vector<std::string> words{program, "--no-observability", "--port-filename", port_file,
                                 "--pid", concat(::getpid())};
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t process = -1;
  const int error =
      ::posix_spawn(&process, program.c_str(), &files, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    fail(ErrorKind::kIo, concat(program, ": cannot start: ", std::strerror(error)));
  }
  return process;
}

}  // namespace

WandbCore::WandbCore(const std::filesystem::path& program,
                     const std::filesystem::path& output,
                     std::function<bool()> is_stopped)
    : is_stopped_(std::move(is_stopped)), folder_(make_private_folder()) {
  try {
    process_ = spawn(program, output, folder_ / "port");
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    throw;
  }
}

WandbCore::~WandbCore() {
  if (socket_ >= 0) ::close(socket_);
  if (!has_ended()) ::kill(process_, SIGTERM);
  for (const auto end = Clock::now() + kPatience; !has_ended();) {
    if (Clock::now() > end) ::kill(process_, SIGKILL);
    std::this_thread::sleep_for(kTick / 10);
  }
  std::error_code ignored;  // a temporary folder that stays does no harm
  std::filesystem::remove_all(folder_, ignored);
}

bool WandbCore::has_ended() {
  if (process_ < 0) return true;
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) == 0) return false;
  process_ = -1;
  return true;
}

std::string WandbCore::read_socket_path(std::chrono::milliseconds longest) {
  const std::filesystem::path port_file = folder_ / "port";
  for (const auto end = Clock::now() + longest; Clock::now() < end;) {
    if (is_stopped_()) fail(ErrorKind::kCancelled, "interrupted");
    if (has_ended()) fail(ErrorKind::kIo, "wandb-core ended at once");
    if (std::filesystem::exists(port_file)) {
      const std::string socket = socket_in(read_file(port_file, 1 << 16));
      if (!socket.empty()) return socket;
    }
    std::this_thread::sleep_for(kTick / 10);
  }
  fail(ErrorKind::kIo, "wandb-core does not listen");
}

void WandbCore::connect(std::chrono::milliseconds longest) {
  const std::string path = read_socket_path(longest);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail_io("name of its socket", ENAMETOOLONG);
  path.copy(address.sun_path, path.size());
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) fail_io("cannot make a socket", errno);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail_io("cannot connect", errno);
  }
}

std::string WandbCore::ask(int number, const ProtobufWriter& content) {
  const std::string id = concat(++num_requests_);
  ProtobufWriter request;
  request.add_bytes(kRequestId, id).add_message(number, content);
  send(request);
  for (;;) {
    const std::string response = receive();
    if (find_field(response, kRequestId) != id) continue;
    const std::string_view error = find_field(response, kErrorResponse);
    if (!error.empty()) {
      fail(ErrorKind::kIo, concat("wandb-core: ", find_field(error, kErrorMessage)));
    }
    return std::string(find_field(response, number));
  }
}

void WandbCore::tear_down() {
  send(ProtobufWriter().add_message(kTeardown, ProtobufWriter().add_integer(kTeardownExitCode, 0)));
  for (const auto end = Clock::now() + kPatience; !has_ended() && Clock::now() < end;)
    std::this_thread::sleep_for(kTick / 10);
}

void WandbCore::send(const ProtobufWriter& request) {
  std::string frame(1, kFrameMagic);
  append_little_endian(frame, static_cast<std::uint32_t>(request.bytes().size()));
  frame += request.bytes();
  // Requests are smaller than a socket's buffer, so this does not wait.
  const ssize_t sent = ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(frame.size())) fail_io("cannot send", sent < 0 ? errno : EIO);
}

std::string WandbCore::receive() {
  char head[kFrameHeadBytes];
  receive_exactly(head, sizeof head);
  const auto size = read_little_endian<std::uint32_t>(head + 1);
  if (head[0] != kFrameMagic || size > kMaxResponseBytes) {
    fail(ErrorKind::kInput, "wandb-core speaks another protocol; wandb 0.31 is known");
  }
  std::string response(size, '\0');
  receive_exactly(response.data(), size);
  return response;
}

void WandbCore::receive_exactly(char* bytes, std::size_t size) {
  while (size > 0) {
    if (is_stopped_()) fail(ErrorKind::kCancelled, "interrupted");
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(kTick.count())) <= 0) continue;
    const ssize_t received = ::recv(socket_, bytes, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) fail_io("cannot receive", errno);
    if (received == 0) fail(ErrorKind::kIo, "wandb-core has ended");
    bytes += received;
    size -= static_cast<std::size_t>(received);
  }
}

}  // namespace sbert
