#pragma once

// One exception type for the whole program. Its kind says who has to act; the file, record or key
// being read is put in front of the message on the way up, with within().

#include <exception>
#include <source_location>
#include <string>
#include <string_view>

namespace sbert {

/// Who has to act. The command line turns a kind into an exit code.
enum class ErrorKind {
  kUsage,      ///< an option or a setting is wrong: exit 2
  kInput,      ///< a data, model or tokenizer file has the wrong form: exit 3
  kIo,         ///< the file system or the network refused: exit 4
  kInternal,   ///< an internal invariant does not hold, a bug: exit 70
  kCancelled,  ///< someone asked for a stop: exit 130
};

/// The exit code of the program for an error of this kind.
int exit_code(ErrorKind kind);

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::source_location where);

  ErrorKind kind() const noexcept { return kind_; }
  /// Outermost context first: "train.json: record 17: pos_doc is missing".
  const char* what() const noexcept override { return message_.c_str(); }
  /// The source line that threw; shown to a user only for kInternal.
  const std::source_location& where() const noexcept { return where_; }

  /// Puts "context: " before the message. Call in a catch block, then `throw;`.
  void within(std::string_view context);

 private:
  ErrorKind kind_;
  std::string message_;
  std::source_location where_;
};

/// Throws. At the call: if (rows == 0) fail(ErrorKind::kInput, concat("no rows in ", path));
[[noreturn]] void fail(ErrorKind kind,
                       std::string message,
                       std::source_location where = std::source_location::current());

/// Runs `work` and puts "context: " before the message of an Error that leaves it.
template <typename Work>
auto within(std::string_view context, Work&& work) {
  try {
    return work();
  } catch (Error& error) {
    error.within(context);
    throw;
  }
}

}  // namespace sbert
