#include "sbert/data/input_file.h"

#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "sbert/base/concat.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::HasSubstr;

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class InputFiles : public testing::Test {
 protected:
  InputFiles() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~InputFiles() override { fs::remove_all(folder_); }
  std::string file(const std::string& name, std::string_view bytes) {
    write_file_atomically(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string error_of(std::string_view bytes) {
    const std::string path = file("a.txt", bytes);
    return message_of(ErrorKind::kInput, [&] { InputFile input(path); }).substr(path.size() + 2);
  }
  fs::path folder_ = fs::path(testing::TempDir()) / concat("input_file_test-", ::getpid());
};

TEST_F(InputFiles, AreMappedWithoutTheByteOrderMark) {
  const InputFile input(file("A.b.JSONL", "\xEF\xBB\xBFone\n"));
  EXPECT_EQ(input.bytes(), "one\n");
  EXPECT_EQ(input.suffix(), ".jsonl");
  EXPECT_EQ(input.name(), (folder_ / "A.b.JSONL").native());
  EXPECT_EQ(InputFile(file("empty", "")).bytes(), "");
}

TEST_F(InputFiles, ThatGzipMadeAreDecompressedWhateverTheirName) {
  const std::string packed = gzip("one\n");
  for (const char* name : {"a.csv.gz", "a.csv", "a.CSV.GZ"}) {
    const InputFile input(file(name, packed));
    EXPECT_EQ(input.bytes(), "one\n");
    EXPECT_EQ(input.suffix(), ".csv");
  }
  EXPECT_EQ(InputFile(file("a.gz", packed)).suffix(), "");
  EXPECT_EQ(InputFile(file("two.gz", packed + gzip("\xEF\xBB\xBFtwo\n"))).bytes(),
            "one\n\xEF\xBB\xBFtwo\n");
  EXPECT_EQ(InputFile(file("zeros.gz", packed + std::string(512, '\0'))).bytes(), "one\n");
  EXPECT_EQ(InputFile(file("plain.txt.gz", "one\n")).bytes(), "one\n");
}

TEST_F(InputFiles, OfMoreThanTheMemoryMayTakeAreInATemporaryFileWithoutAName) {
  const std::string text(std::size_t{65} << 20, 'a');
  const InputFile input(file("long.gz", gzip(text)));
  EXPECT_TRUE(input.bytes() == text);
  input.drop_pages();
  EXPECT_TRUE(input.bytes() == text);
  for (const fs::directory_entry& each : fs::directory_iterator(fs::temp_directory_path()))
    EXPECT_THAT(each.path().filename().native(),
                testing::Not(testing::StartsWith(concat("sbert-input.tmp-", ::getpid(), "-"))));
}

TEST_F(InputFiles, MayBePipes) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& bytes : {"one\n"s, gzip("one\n")}) {
    std::thread writer([&] {
      const int descriptor = ::open(pipe.c_str(), O_WRONLY);
      EXPECT_EQ(::write(descriptor, bytes.data(), bytes.size()),
                static_cast<ssize_t>(bytes.size()));
      ::close(descriptor);
    });
    EXPECT_EQ(InputFile(pipe).bytes(), "one\n");
    writer.join();
  }
}

TEST_F(InputFiles, OfOtherEncodingsAndKindsAreRefusedByName) {
  EXPECT_EQ(error_of("\xFF\xFE"
                     "a\0"s),
            "must be UTF-8, plain or compressed by gzip; it is UTF-16; convert it, as with: iconv "
            "-f UTF-16 -t UTF-8");
  EXPECT_THAT(error_of("\xFE\xFF\0a"s), HasSubstr("it is UTF-16;"));
  EXPECT_THAT(error_of("\xFF\xFE\0\0a\0\0\0"s), HasSubstr("it is UTF-32;"));
  EXPECT_THAT(error_of("PK\x03\x04..."), HasSubstr("it is a ZIP archive"));
  EXPECT_THAT(error_of("PAR1..."), HasSubstr("it is a Parquet file"));
  EXPECT_THAT(error_of("\x28\xB5\x2F\xFD..."), HasSubstr("it is compressed by zstd"));
  EXPECT_THAT(error_of("BZh91AY&SY"), HasSubstr("it is compressed by bzip2"));
  EXPECT_THAT(error_of(gzip("PAR1...")), HasSubstr("it is a Parquet file"));
}

TEST_F(InputFiles, OfDamagedGzipAreRefused) {
  const std::string packed = gzip(std::string(1'000, 'a'));
  EXPECT_EQ(error_of(packed.substr(0, packed.size() - 4)), "the gzip data ends early: cut short");
  std::string changed = packed;
  changed[packed.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(error_of(changed), "the gzip data is damaged");
  EXPECT_EQ(error_of(packed + "more"), "there are other bytes after the gzip data");
}

TEST_F(InputFiles, ThatCannotBeReadAreNamedOnce) {
  const std::string path = folder_ / "absent.txt";
  EXPECT_EQ(message_of(ErrorKind::kIo, [&] { InputFile input(path); }),
            concat(path, ": cannot open: No such file or directory"));
  EXPECT_EQ(message_of(ErrorKind::kIo, [&] { InputFile input(folder_.native()); }),
            concat(folder_, ": is a folder, not a file"));
}

}  // namespace
}  // namespace sbert
