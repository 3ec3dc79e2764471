#include <memory>
#include <string>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>

#include "sbert/base/concat.h"
#include "sbert/checkpoint/tar_archive.h"
#include "sbert/checkpoint/tar_writer.h"
#include "sbert/checkpoint/test_files.h"

namespace sbert {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class TarTest : public FolderTest {
 protected:
  // An archive with one entry, written by libarchive.
  void write_entry(const std::string& name, unsigned type, const std::string& link) {
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                             archive_write_free);
    archive_write_set_format_pax_restricted(writer.get());
    archive_write_open_filename(writer.get(), file_.c_str());
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), type);
    archive_entry_set_size(entry.get(), 0);
    if (type == AE_IFLNK) archive_entry_set_symlink(entry.get(), link.c_str());
    if (type == AE_IFREG && !link.empty()) archive_entry_set_hardlink(entry.get(), link.c_str());
    archive_write_header(writer.get(), entry.get());
  }

  std::string refusal() {
    return input_error([&] { const TarArchive archive(file_); });
  }

  void SetUp() override {
    FolderTest::SetUp();
    file_ = folder_ / "x.nemo";
  }

  std::filesystem::path file_;
};

TEST_F(TarTest, ReadsWhatItWrites) {
  const std::string block(513, 'x');
  AtomicFile output(file_);
  TarWriter writer(output);
  writer.add("./a", "hello");
  writer.begin_member("./b");
  writer.write(block.substr(0, 500));
  writer.write(block.substr(500));
  writer.end_member();
  writer.add("./empty", "");
  writer.finish();
  output.commit();
  EXPECT_EQ(std::filesystem::file_size(file_) % 512, 0U);
  const TarArchive archive(file_);
  EXPECT_THAT(archive.members(),
              ElementsAre(Pair("a", "hello"), Pair("b", block), Pair("empty", "")));
}

TEST_F(TarTest, SameMembersGiveTheSameBytes) {
  std::string files[2];
  for (std::string& bytes : files) {
    AtomicFile output(file_);
    TarWriter writer(output);
    writer.add("./a", "hello");
    writer.finish();
    output.commit();
    bytes = read_file(file_);
  }
  EXPECT_EQ(files[0], files[1]);
}

TEST_F(TarTest, MembersOfAPlainArchiveAreAlignedViews) {
  const TarArchive archive(golden("legacy.nemo"));
  const std::string_view weights = archive.members().at("model_weights.ckpt");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(weights.data()) % 512, 0U);
}

TEST_F(TarTest, PlainAndCompressedHoldTheSame) {
  const TarArchive plain(golden("legacy.nemo"));
  const TarArchive compressed(golden("legacy_gzip.nemo"));
  EXPECT_EQ(plain.members(), compressed.members());
  EXPECT_EQ(plain.members().size(), 2U);
}

TEST_F(TarTest, RefusesNamesThatLeaveTheArchive) {
  write_entry("a/../../b", AE_IFREG, "");
  EXPECT_THAT(refusal(), HasSubstr("x.nemo: member name leaves the archive: a/../../b"));
  write_entry("/etc/passwd", AE_IFREG, "");
  EXPECT_THAT(refusal(), HasSubstr("member name is absolute: /etc/passwd"));
}

TEST_F(TarTest, RefusesLinksAndDevices) {
  write_entry("a", AE_IFLNK, "/etc/passwd");
  EXPECT_THAT(refusal(), HasSubstr("member is not a regular file: a"));
  write_entry("b", AE_IFREG, "c");
  EXPECT_THAT(refusal(), HasSubstr("member is not a regular file: b"));
  write_entry("d", AE_IFIFO, "");
  EXPECT_THAT(refusal(), HasSubstr("member is not a regular file: d"));
}

TEST_F(TarTest, RefusesANameThatStandsTwice) {
  AtomicFile output(file_);
  TarWriter writer(output);
  writer.add("./a", "1");
  writer.add("a", "2");
  writer.finish();
  output.commit();
  EXPECT_THAT(refusal(), HasSubstr("duplicate member: a"));
}

TEST_F(TarTest, RefusesTooManyMembers) {
  AtomicFile output(file_);
  TarWriter writer(output);
  for (int i = 0; i <= 100'000; ++i)
    writer.add(concat("m", i), "");
  writer.finish();
  output.commit();
  EXPECT_THAT(refusal(), HasSubstr("more than 100000 members"));
}

TEST_F(TarTest, RefusesWhatUnpacksToFarMoreThanItsSize) {
  {
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                             archive_write_free);
    archive_write_add_filter_gzip(writer.get());
    archive_write_set_format_ustar(writer.get());
    archive_write_open_filename(writer.get(), file_.c_str());
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), "bomb");
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_size(entry.get(), 300LL << 20);
    archive_write_header(writer.get(), entry.get());
    const std::string zeros(1 << 20, '\0');
    for (int i = 0; i < 300; ++i)
      archive_write_data(writer.get(), zeros.data(), zeros.size());
  }
  EXPECT_LT(std::filesystem::file_size(file_), 400'000U);
  EXPECT_THAT(refusal(), HasSubstr("at member bomb"));
}

TEST_F(TarTest, RefusesWhatIsNoArchive) {
  write_bytes(file_, "hello, this is not an archive");
  EXPECT_THAT(refusal(), HasSubstr("not a tar archive, or damaged"));
}

TEST_F(TarTest, SurvivesAnyCutAndAnyFlippedByte) {
  AtomicFile output(file_);
  TarWriter writer(output);
  writer.add("./a", "hello");
  writer.add("./b", std::string(700, 'x'));
  writer.finish();
  output.commit();
  // A tar that ends between two members is whole; only what it holds tells that some are missing.
  const std::string whole = read_file(file_);
  const auto read = [&](const std::string& bytes) {
    write_bytes(file_, bytes);
    const TarArchive archive(file_);
    if (archive.members().size() < 2) fail(ErrorKind::kInput, "members are missing");
  };
  expect_survives_damage(whole.substr(0, 512 * 5), 7, 300, read);
  expect_survives_damage(read_file(golden("legacy_gzip.nemo")), 997, 100, read);
}

}  // namespace
}  // namespace sbert
