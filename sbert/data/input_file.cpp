#include "sbert/data/input_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <vector>

#include <unistd.h>
#include <zlib.h>

#include "sbert/base/concat.h"
#include "sbert/base/error.h"
#include "sbert/data/byte_order_mark.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr std::size_t kMostInMemory = 64U << 20;
constexpr std::size_t kReadBytes = 1U << 16;

// In TMPDIR, or /tmp.
fs::path name_of_temporary_file() {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);
  if (error) fail(ErrorKind::kIo, concat("TMPDIR is no folder for temporary files: ", folder));
  return folder / "sbert-input";
}

using TakeBytes = std::function<void(std::string_view bytes)>;

bool is_stdin(const std::string& path) {
  const auto names =
      std::to_array<std::string_view>({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"});
  return std::find(names.begin(), names.end(), path) != names.end();
}

void read_all(int descriptor, const TakeBytes& take) {
  std::vector<char> buffer(kReadBytes);
  while (true) {
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorKind::kIo, concat("cannot read: ", std::strerror(errno)));
    if (count == 0) return;
    take({buffer.data(), static_cast<std::size_t>(count)});
  }
}

void read_pipe(const std::string& path, const TakeBytes& take) {
  if (is_stdin(path)) return read_all(STDIN_FILENO, take);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             std::fclose);
  if (!file) fail(ErrorKind::kIo, concat("cannot open: ", std::strerror(errno)));
  read_all(::fileno(file.get()), take);
}

// One member of gzip after another, as `cat a.gz b.gz` makes them.
class Inflater {
 public:
  Inflater() {
    constexpr int kWithGzipHeader = 16 + MAX_WBITS;
    if (::inflateInit2(&stream_, kWithGzipHeader) != Z_OK) {
      fail(ErrorKind::kInternal, "zlib cannot be initialized");
    }
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  void inflate_all(std::string_view bytes, const TakeBytes& take) {
    while (is_gzip(bytes)) {
      bytes.remove_prefix(inflate_member(bytes, take));
      ::inflateReset(&stream_);
    }
    // Tapes and block devices fill up with zeros.
    if (bytes.find_first_not_of('\0') != std::string_view::npos) {
      fail(ErrorKind::kInput, "there are other bytes after the gzip data");
    }
  }

 private:
  // Gives the length of the member.
  std::size_t inflate_member(std::string_view bytes, const TakeBytes& take) {
    constexpr std::size_t kMostAtOnce = 1U << 30;  // zlib counts in 32 bits
    std::vector<unsigned char> out(kReadBytes);
    std::size_t at = 0;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
      const std::string_view part = bytes.substr(at, kMostAtOnce);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
      stream_.avail_in = static_cast<uInt>(part.size());
      stream_.next_out = out.data();
      stream_.avail_out = static_cast<uInt>(out.size());
      result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_BUF_ERROR) fail(ErrorKind::kInput, "the gzip data ends early: cut short");
      if (result != Z_OK && result != Z_STREAM_END) {
        fail(ErrorKind::kInput, "the gzip data is damaged");
      }
      at += part.size() - stream_.avail_in;
      take({reinterpret_cast<const char*>(out.data()), out.size() - stream_.avail_out});
    }
    return at;
  }

  z_stream stream_{};
};

struct Signature {
  std::string_view begin;
  std::string_view kind;
};

constexpr std::string_view kToUtf8 = "; convert it, as with: iconv -f ";
constexpr Signature kOtherKinds[] = {
    {"\xFF\xFE\0\0"sv, "UTF-32"},
    {"\0\0\xFE\xFF"sv, "UTF-32"},
    {"\xFF\xFE"sv, "UTF-16"},
    {"\xFE\xFF"sv, "UTF-16"},
    {"PAR1"sv, "a Parquet file"},
    {"ARROW1"sv, "an Arrow file"},
    {"PK\x03\x04"sv, "a ZIP archive (so are .xlsx and .docx)"},
    {"\x28\xB5\x2F\xFD"sv, "compressed by zstd"},
    {"\xFD"
     "7zXZ\0"sv,
     "compressed by xz"},
    {"BZh91AY&SY"sv, "compressed by bzip2"},
    {"%PDF-"sv, "a PDF"},
    {"\x93NUMPY"sv, "a NumPy array"},
};

}  // namespace

std::string suffix_of(const fs::path& path) {
  fs::path name = path.filename();
  const auto lower_suffix = [&] {
    std::string suffix = name.extension().native();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return suffix;
  };
  if (lower_suffix() == ".gz") name = name.stem();
  return lower_suffix();
}

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B");
}

void check_kind(std::string_view bytes) {
  for (const auto& [begin, kind] : kOtherKinds) {
    if (!bytes.starts_with(begin)) continue;
    const bool is_encoding = kind.starts_with("UTF");
    fail(ErrorKind::kInput,
         concat("must be UTF-8, plain or compressed by gzip; it is ", kind,
                is_encoding ? concat(kToUtf8, kind, " -t UTF-8") : std::string()));
  }
}

// Takes any number of bytes.
class InputFile::Store {
 public:
  void append(std::string_view bytes) {
    if (!output_ && memory_.size() + bytes.size() <= kMostInMemory) {
      memory_ += bytes;
      return;
    }
    if (!output_) {
      output_ = std::make_unique<AtomicFile>(name_of_temporary_file());
      output_->write(memory_);
      memory_ = {};
    }
    output_->write(bytes);
  }

  // The file loses its name; the map keeps it.
  void finish() {
    if (output_) file_.emplace(output_->temporary());
    output_.reset();
  }

  std::string_view bytes() const { return file_ ? file_->bytes() : std::string_view(memory_); }
  void drop_pages() const {
    if (file_) file_->drop_pages();
  }

 private:
  std::string memory_;
  std::unique_ptr<AtomicFile> output_;
  std::optional<MappedFile> file_;
};

InputFile::InputFile(const std::string& path) : name_(path == "-" ? "stdin" : path) {
  if (!is_stdin(path)) suffix_ = suffix_of(path);
  const auto keep = [&](const auto& read) {
    auto store = std::make_unique<Store>();
    std::size_t since_drop = 0;
    read([&](std::string_view bytes) {
      store->append(bytes);
      since_drop += bytes.size();
      if (since_drop < kMostInMemory) return;
      since_drop = 0;
      drop_pages();  // of what is decompressed
    });
    store->finish();
    return store;
  };
  std::error_code error;
  const fs::file_type type = is_stdin(path) ? fs::file_type::fifo : fs::status(path, error).type();
  const bool is_stream = type == fs::file_type::fifo || type == fs::file_type::socket ||
                         type == fs::file_type::character;
  if (!is_stream) file_.emplace(path);
  within(name_, [&] {
    if (is_stream) store_ = keep([&](const TakeBytes& take) { read_pipe(path, take); });
    if (is_gzip(bytes())) {
      auto inflated = keep([&](const TakeBytes& take) { Inflater().inflate_all(bytes(), take); });
      store_ = std::move(inflated);
      file_.reset();
    }
    check_kind(bytes());
  });
}

InputFile::~InputFile() = default;

std::string_view InputFile::bytes() const {
  std::string_view all = file_ ? file_->bytes() : store_->bytes();
  all.remove_prefix(byte_order_mark_size(all));
  return all;
}

void InputFile::drop_pages() const {
  if (file_) file_->drop_pages();
  if (store_) store_->drop_pages();
}

}  // namespace sbert
