#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sbert/base/concat.h"
#include "sbert/base/files.h"
#include "sbert/base/message_of.h"
#include "tests/support/folder_test.h"

namespace sbert {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

class AtomicFileTest : public FolderTest {};

TEST_F(AtomicFileTest, AppearsOnCommit) {
  write(folder_ / "a", "old");
  AtomicFile file(folder_ / "a");
  file.write("new ");
  file.write("bytes");
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  file.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "new bytes");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(AtomicFileTest, WithoutCommitLeavesNothing) {
  write(folder_ / "a", "old");
  {
    AtomicFile(folder_ / "a").write("new");
  }
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(AtomicFileTest, TwoAtomicFilesOfOneNameDoNotMix) {
  AtomicFile first(folder_ / "a");
  AtomicFile second(folder_ / "a");
  first.write("first, longer");
  second.write("second");
  first.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "first, longer");
  second.commit();
  EXPECT_EQ(read_file(folder_ / "a"), "second");
  EXPECT_THAT(names(), UnorderedElementsAre("a"));
}

TEST_F(AtomicFileTest, NeedsAFolderAndNoFolderInItsPlace) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(folder_ / "no" / "a"); }),
              HasSubstr("no/a: cannot write"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(folder_); }),
              HasSubstr("is a folder"));
}

TEST_F(AtomicFileTest, LinksAreFollowedAndStay) {
  make_folder(folder_ / "elsewhere");
  write(folder_ / "elsewhere" / "a", "old");
  fs::create_symlink("elsewhere/a", folder_ / "link");
  fs::create_symlink("link", folder_ / "link to link");
  write_file_atomically(folder_ / "link to link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link to link"));
  EXPECT_EQ(read_file(folder_ / "elsewhere" / "a"), "new");

  fs::create_symlink(folder_ / "elsewhere" / "b", folder_ / "to nothing yet");
  write_file_atomically(folder_ / "to nothing yet", "made");
  EXPECT_TRUE(fs::is_symlink(folder_ / "to nothing yet"));
  EXPECT_EQ(read_file(folder_ / "elsewhere" / "b"), "made");

  fs::create_symlink("circle", folder_ / "circle");
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { write_file_atomically(folder_ / "circle", "x"); }),
              HasSubstr("circle: cannot write"));
}

TEST_F(AtomicFileTest, PermissionsOfWhatIsReplacedStay) {
  write(folder_ / "a", "secret");
  ASSERT_EQ(::chmod((folder_ / "a").c_str(), 0640), 0);
  write_file_atomically(folder_ / "a", "new secret");
  EXPECT_EQ(fs::status(folder_ / "a").permissions(), fs::perms(0640));
}

TEST_F(AtomicFileTest, AFifoGetsTheBytesAndStays) {
  const fs::path fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] {
    std::ifstream in(fifo);
    received.assign(std::istreambuf_iterator<char>(in), {});
  });
  AtomicFile file(fifo);
  file.write("header? rows");
  file.write_at(0, "header!");
  EXPECT_EQ(read_file(file.temporary()), "header! rows");
  file.commit();
  reader.join();
  EXPECT_EQ(received, "header! rows");
  EXPECT_TRUE(fs::is_fifo(fifo));
  EXPECT_THAT(names(), UnorderedElementsAre("fifo"));
}

TEST_F(AtomicFileTest, DevicesStay) {
  fs::create_symlink("/dev/null", folder_ / "null");
  for (const fs::path& path : {fs::path("/dev/null"), folder_ / "null"}) {
    write_file_atomically(path, "bytes");
    EXPECT_TRUE(fs::is_character_file(path));
  }
  EXPECT_TRUE(fs::is_symlink(folder_ / "null"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { write_file_atomically("/dev/full", "x"); }),
              HasSubstr("/dev/full: cannot write"));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(AtomicFileTest, ASocketIsRefusedAndStays) {
  const fs::path path = folder_ / "socket";
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(path); }),
              HasSubstr("socket: cannot write"));
  EXPECT_TRUE(fs::is_socket(path));
  ::close(socket);
}

TEST_F(AtomicFileTest, AnOpenFileIsWrittenFromWhereItStands) {
  write(folder_ / "log", "before\n");
  std::FILE* log = std::fopen((folder_ / "log").c_str(), "a");
  fs::create_symlink(concat("/dev/fd/", ::fileno(log)), folder_ / "link");
  write_file_atomically(concat("/proc/self/fd/", ::fileno(log)), "first\n");
  write_file_atomically(folder_ / "link", "second\n");
  std::fclose(log);
  EXPECT_EQ(read_file(folder_ / "log"), "before\nfirst\nsecond\n");

  std::FILE* read_only = std::fopen((folder_ / "log").c_str(), "r");
  const std::string name = concat("/dev/fd/", ::fileno(read_only));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile file(name); }),
              HasSubstr("cannot write"));
  std::fclose(read_only);
}

}  // namespace
}  // namespace sbert
