#include "sbert/dist/launcher.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/base/log.h"
#include "sbert/config/membership.h"
#include "sbert/dist/free_port.h"

namespace sbert {
namespace {

constexpr std::size_t kLinesKept = 20;
constexpr int kPollMilliseconds = 20;
constexpr int kGraceMilliseconds = 20'000;

// The last lines of a process's stderr.
class Lines {
 public:
  void add(const char* text, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      if (text[i] != '\n' && text[i] != '\r') {
        open_ += text[i];
        continue;
      }
      if (!open_.empty()) lines_.push_back(std::move(open_));
      open_.clear();
      if (lines_.size() > kLinesKept) lines_.pop_front();
    }
  }

  std::string text() const {
    std::string all;
    for (const std::string& line : lines_)
      all += concat("\n  ", line);
    return open_.empty() ? all : concat(all, "\n  ", open_);
  }

 private:
  std::deque<std::string> lines_;
  std::string open_;
};

struct Process {
  pid_t pid = -1;
  int output = -1;  // the reading end of its stderr; -1: not ours
  Lines lines;
  std::optional<int> status;  // as waitpid() gives it
};

bool has_exit_code(const Process& process, int code) {
  return process.status && WIFEXITED(*process.status) && WEXITSTATUS(*process.status) == code;
}

// And said so.
bool has_stopped(const Process& process) {
  return has_exit_code(process, exit_code(ErrorKind::kCancelled));
}

// By SIGTERM, before it could catch it or with a second one.
bool was_terminated(const Process& process) {
  return has_exit_code(process, 128 + SIGTERM) ||
         (process.status && WIFSIGNALED(*process.status) && WTERMSIG(*process.status) == SIGTERM);
}

// Because it was asked to.
bool has_left(const Process& process) {
  return has_stopped(process) || was_terminated(process);
}

bool has_failed(const Process& process) {
  return process.status && !has_exit_code(process, 0) && !has_stopped(process);
}

std::string end_text(int status) {
  if (WIFSIGNALED(status)) {
    return concat("was ended by signal ", WTERMSIG(status), " (", ::strsignal(WTERMSIG(status)),
                  ")");
  }
  return concat("ended with exit code ", WEXITSTATUS(status));
}

ErrorKind kind_of(int status) {
  for (const ErrorKind kind : {ErrorKind::kUsage, ErrorKind::kInput, ErrorKind::kIo,
                               ErrorKind::kInternal, ErrorKind::kCancelled}) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_code(kind)) return kind;
  }
  return ErrorKind::kIo;  // killed: by a person, or for want of memory
}

// The cores of one of `count` processes, if there is one for each: threads of several processes on
// the same cores would wait for each other.
cpu_set_t cores_of(int rank, int count) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
  const int total = CPU_COUNT(&allowed);
  if (total < count) return allowed;
  cpu_set_t own;
  CPU_ZERO(&own);
  int place = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    if (place * count / total == rank) CPU_SET(core, &own);
    ++place;
  }
  return own;
}

// In the child, from here to execve() only calls that are safe after fork().
[[noreturn]] void become(
    char* const* words, char* const* variables, const cpu_set_t& cores, int output, pid_t parent) {
  ::setpgid(0, 0);  // a terminal's Ctrl-C comes by way of the parent, once
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sched_setaffinity(0, sizeof cores, &cores);
  if (::getppid() != parent) ::_exit(exit_code(ErrorKind::kCancelled));
  if (output >= 0) {
    ::dup2(output, STDERR_FILENO);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
  }
  ::execve("/proc/self/exe", words, variables);
  ::_exit(exit_code(ErrorKind::kInternal));
}

std::vector<std::string> environment_with(const Membership& membership) {
  const auto added = to_variables(membership);
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string variable(*each);
    const bool is_replaced = std::ranges::any_of(
        added, [&](const auto& pair) { return variable.starts_with(pair.first + "="); });
    if (!is_replaced) all.push_back(variable);
  }
  for (const auto& [name, value] : added)
    all.push_back(concat(name, "=", value));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Process start(const Membership& membership, const std::vector<std::string>& words) {
  std::vector<std::string> line{"sbert"};
  line.insert(line.end(), words.begin(), words.end());
  std::vector<std::string> variables = environment_with(membership);
  const std::vector<char*> word_pointers = pointers_to(line);
  const std::vector<char*> variable_pointers = pointers_to(variables);
  Process process;
  int ends[2] = {-1, -1};
  if (membership.rank > 0 && ::pipe2(ends, O_CLOEXEC) != 0) {
    fail(ErrorKind::kIo, concat("cannot make a pipe: ", std::strerror(errno)));
  }
  const pid_t parent = ::getpid();
  const cpu_set_t cores = cores_of(membership.rank, membership.size);
  process.pid = ::fork();
  if (process.pid < 0) {
    fail(ErrorKind::kIo, concat("cannot start a process: ", std::strerror(errno)));
  }
  if (process.pid == 0) {
    become(word_pointers.data(), variable_pointers.data(), cores, ends[1], parent);
  }
  if (ends[1] >= 0) ::close(ends[1]);
  process.output = ends[0];
  return process;
}

class LocalProcesses {
 public:
  LocalProcesses(int count, const std::vector<std::string>& words) {
    // Whoever takes it before rank 0 does makes the start fail, with its number in the error.
    const int port = free_port();
    for (int rank = 0; rank < count; ++rank) {
      processes_.push_back(start({.rank = rank,
                                  .size = count,
                                  .local_rank = rank,
                                  .master_address = "127.0.0.1",
                                  .master_port = port},
                                 words));
    }
  }
  ~LocalProcesses() {
    signal_all(SIGKILL);
    for (Process& process : processes_) {
      if (!process.status) ::waitpid(process.pid, nullptr, 0);
      if (process.output >= 0) ::close(process.output);
    }
  }
  LocalProcesses(const LocalProcesses&) = delete;
  LocalProcesses& operator=(const LocalProcesses&) = delete;

  void wait(const StopToken& stop) {
    int milliseconds_left = kGraceMilliseconds;
    while (std::ranges::any_of(processes_, [](const Process& each) { return !each.status; })) {
      read_output(kPollMilliseconds);
      collect();
      const bool is_asked_to_stop =
          stop.stop_requested() || (first_failed_ == nullptr && any_left());
      if (is_asked_to_stop && !is_stopped_) {
        is_stopped_ = true;
        signal_all(SIGTERM);
      }
      if (first_failed_ == nullptr) continue;
      // A second signal would end at once one that saves its state.
      if (milliseconds_left == kGraceMilliseconds && !is_stopped_) signal_all(SIGTERM);
      milliseconds_left -= kPollMilliseconds;
      if (milliseconds_left <= 0) signal_all(SIGKILL);
    }
    read_output(0);
    // Unless the leader, whose work it is, came to its end or to an error of its own all the same.
    if (is_stopped_ && has_left(processes_.front())) report_stop();
    if (first_failed_ != nullptr) report_failure();
  }

 private:
  void signal_all(int signal) {
    for (const Process& process : processes_) {
      if (!process.status) ::kill(process.pid, signal);
    }
  }

  bool any_left() const { return std::ranges::any_of(processes_, has_left); }

  void read_output(int milliseconds) {
    std::vector<pollfd> polled;
    std::vector<Process*> owners;
    for (Process& process : processes_) {
      if (process.output < 0) continue;
      polled.push_back({process.output, POLLIN, 0});
      owners.push_back(&process);
    }
    if (::poll(polled.data(), polled.size(), milliseconds) <= 0) return;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      char text[4096];
      const ssize_t size = ::read(polled[i].fd, text, sizeof text);
      if (size > 0) {
        owners[i]->lines.add(text, static_cast<std::size_t>(size));
      } else if (size == 0) {
        ::close(owners[i]->output);
        owners[i]->output = -1;
      }
    }
  }

  // Of those that end between two looks, one that was killed is the cause, not its followers.
  void collect() {
    for (Process& process : processes_) {
      int status = 0;
      if (process.status || ::waitpid(process.pid, &status, WNOHANG) != process.pid) continue;
      process.status = status;
      if (!has_failed(process) || (is_stopped_ && has_left(process))) continue;
      const bool is_first = first_failed_ == nullptr;
      const bool is_cause =
          !is_first && !is_settled_ && WIFSIGNALED(status) && !WIFSIGNALED(*first_failed_->status);
      if (is_first || is_cause) first_failed_ = &process;
    }
    is_settled_ = first_failed_ != nullptr;
  }

  [[noreturn]] void report_stop() const {
    // What rank 0 says stands on the terminal; an Error without a message is its exit code alone.
    fail(ErrorKind::kCancelled, has_stopped(processes_.front()) ? "" : "interrupted");
  }

  [[noreturn]] void report_failure() const {
    const auto rank = first_failed_ - processes_.data();
    const std::string lines = first_failed_->lines.text();
    fail(kind_of(*first_failed_->status),
         concat("process ", rank, " of ", processes_.size(), " ", end_text(*first_failed_->status),
                ", so all were stopped",
                rank == 0       ? std::string("; see its messages above")
                : lines.empty() ? std::string("; it said nothing")
                                : concat("; its last lines:", lines)));
  }

  std::vector<Process> processes_;
  const Process* first_failed_ = nullptr;
  bool is_settled_ = false;
  bool is_stopped_ = false;  // all were asked to
};

}  // namespace

void run_local_processes(int count, const std::vector<std::string>& words, const StopToken& stop) {
  log_info(concat("starting ", count, " processes on this machine"));
  LocalProcesses(count, words).wait(stop);
}

}  // namespace sbert
