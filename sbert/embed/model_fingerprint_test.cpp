#include "sbert/embed/model_fingerprint.h"

#include <chrono>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "sbert/base/files.h"
#include "sbert/base/message_of.h"

namespace sbert {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(ContentHash, IsXxh3) {
  // xxhsum -H2 of the same bytes.
  EXPECT_EQ(content_hash("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(content_hash("abc").hex(), "06b05ab6733a618578af5f94892f3950");
}

TEST(ContentHash, ReadsItsOwnDigits) {
  const ContentHash hash = content_hash("a");
  EXPECT_EQ(content_hash_of_hex(hash.hex()), hash);
  for (const std::string& wrong :
       {std::string(), std::string(31, 'a'), std::string(33, 'a'), std::string(31, 'a').append("g"),
        std::string("g").append(31, 'a')}) {
    EXPECT_EQ(content_hash_of_hex(wrong), ContentHash{}) << wrong;
  }
}

class ModelFingerprintTest : public testing::Test {
 protected:
  ModelFingerprintTest()
      : root_(fs::path(testing::TempDir()) /
              (std::string("fingerprint_") +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(root_);
    write("model/config.json", "{}");
    write("model/1_Pooling/config.json", "{}");
    write("model/weights", std::string(100'000, 'w'));
  }
  ~ModelFingerprintTest() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  ContentHash fingerprint(const std::string& name = "model") const {
    return model_fingerprint(root_ / name, root_ / "memory");
  }

  fs::path root_;
};

TEST_F(ModelFingerprintTest, IsTheSameForACopy) {
  fs::copy(root_ / "model", root_ / "copy", fs::copy_options::recursive);
  EXPECT_EQ(fingerprint(), fingerprint("copy"));
  EXPECT_EQ(fingerprint(), fingerprint("model/"));
}

TEST_F(ModelFingerprintTest, ChangesWithAnyContentOrName) {
  const ContentHash before = fingerprint();
  std::string changed(100'000, 'w');
  changed.back() = 'v';
  write("model/weights", changed);
  const ContentHash weights = fingerprint();
  EXPECT_NE(weights, before);
  write("model/1_Pooling/config.json", "{ }");
  const ContentHash pooling = fingerprint();
  EXPECT_NE(pooling, weights);
  fs::rename(root_ / "model/weights", root_ / "model/weight");
  EXPECT_NE(fingerprint(), pooling);
}

TEST_F(ModelFingerprintTest, HiddenFilesDoNotCount) {
  const ContentHash before = fingerprint();
  write("model/.git/HEAD", "ref: refs/heads/main");
  write("model/.cache", "x");
  EXPECT_EQ(fingerprint(), before);
}

TEST_F(ModelFingerprintTest, OfOneFileIsByItsContent) {
  write("a.nemo", "nemo");
  write("b.nemo", "nemo");
  write("c.nemo", "NeMo");
  EXPECT_EQ(fingerprint("a.nemo"), fingerprint("b.nemo"));
  EXPECT_NE(fingerprint("a.nemo"), fingerprint("c.nemo"));
}

TEST_F(ModelFingerprintTest, AFileJustWrittenIsReadAgain) {
  // Same size, and perhaps the same time: only its content tells.
  const ContentHash before = fingerprint();
  EXPECT_FALSE(fs::exists(root_ / "memory"));
  write("model/weights", std::string(100'000, 'v'));
  EXPECT_NE(fingerprint(), before);
}

TEST_F(ModelFingerprintTest, AMissingOrEmptyModelIsSaid) {
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { fingerprint("nothing"); }),
              HasSubstr("nothing: No such file or directory"));
  fs::create_directories(root_ / "empty");
  EXPECT_THAT(message_of(ErrorKind::kInput, [&] { fingerprint("empty"); }),
              HasSubstr("empty: the folder has no files"));
}

// The model of another test program's data, whose files are settled.
TEST_F(ModelFingerprintTest, AModelThatStayedIsRememberedNotReadAgain) {
  const fs::path model = SBERT_GOLDEN "/comparison";
  const ContentHash first = model_fingerprint(model, root_ / "memory");
  const auto entry = fs::directory_iterator(root_ / "memory");
  ASSERT_NE(entry, fs::directory_iterator());
  const fs::path memory = entry->path();
  EXPECT_EQ(model_fingerprint(model, root_ / "memory"), first);
  // A memory that says otherwise is believed: so the files are not read.
  std::string bytes = read_file(memory);
  const std::size_t digit = bytes.find('\n') + 1;
  bytes[digit] = bytes[digit] == '0' ? '1' : '0';
  std::ofstream(memory, std::ios::binary) << bytes;
  EXPECT_NE(model_fingerprint(model, root_ / "memory"), first);
  std::ofstream(memory, std::ios::binary) << "something else";
  EXPECT_EQ(model_fingerprint(model, root_ / "memory"), first);
  EXPECT_EQ(model_fingerprint(model, {}), first);  // the same without a memory
}

}  // namespace
}  // namespace sbert
