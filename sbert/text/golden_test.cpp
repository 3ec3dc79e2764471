// Every vector of tests/golden/tokenizer/vectors.bin.gz; make_vectors.py documents the format.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <zlib.h>

#include "sbert/base/concat.h"
#include "sbert/text/tokenizer.h"

namespace sbert {
namespace {

using nlohmann::json;
using testing::ElementsAreArray;

std::string read_gzip(const std::string& name) {
  const std::string path = concat(SBERT_GOLDEN, "/tokenizer/", name);
  gzFile file = gzopen(path.c_str(), "rb");
  std::string out;
  char buffer[1 << 16];
  int count = 0;
  while (file != nullptr && (count = gzread(file, buffer, sizeof buffer)) > 0) {
    out.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_NE(file, nullptr) << path;
  EXPECT_EQ(count, 0) << path;
  if (file != nullptr) gzclose(file);
  return out;
}

class VectorReader {
 public:
  explicit VectorReader(std::string_view bytes) : bytes_(bytes) {}

  bool is_at_end() const { return bytes_.empty(); }

  std::string_view take(std::size_t length) {
    EXPECT_LE(length, bytes_.size());
    const std::string_view taken = bytes_.substr(0, length);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::size_t number() {
    std::size_t value = 0;
    for (int shift = 0; !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::size_t{byte & 0x7FU} << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string_view string() { return take(number()); }

  std::vector<std::int32_t> ids() {
    const std::size_t count = number();
    std::vector<std::int32_t> ids;
    while (ids.size() < count && !is_at_end())
      ids.push_back(static_cast<std::int32_t>(number()));
    return ids;
  }

 private:
  std::string_view bytes_;
};

json vocabulary() {
  json vocabulary;
  const std::string lines = read_gzip("vocab.txt.gz");
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = lines.find('\n', begin)) != std::string::npos; begin = end + 1) {
    vocabulary[lines.substr(begin, end - begin)] = vocabulary.size();
  }
  return vocabulary;
}

// One group: each text is encoded with the settings of its header. Returns how many there were.
std::size_t check_group(VectorReader& reader, const json& pieces) {
  json header = json::parse(reader.string());
  header["tokenizer"]["model"]["vocab"] = pieces;
  const Tokenizer tokenizer({{"tokenizer.json", header["tokenizer"].dump()}});
  const auto max_length = header["max_length"].get<std::int64_t>();
  const std::size_t num_vectors = reader.number();
  for (std::size_t i = 0; i < num_vectors; ++i) {
    const std::string_view text = reader.string();
    const std::vector<std::int32_t> expected = reader.ids();
    EXPECT_THAT(tokenizer.encode(text, max_length), ElementsAreArray(expected))
        << header["name"] << ": vector " << i << ": " << testing::PrintToString(text);
    if (header["decodes"].get<bool>()) {
      EXPECT_EQ(tokenizer.decode(expected), reader.string()) << header["name"] << ": vector " << i;
    }
  }
  return num_vectors;
}

TEST(Golden, EveryVectorHasTheIdsOfTheWheel) {
  const std::string bytes = read_gzip("vectors.bin.gz");
  const json pieces = vocabulary();
  ASSERT_EQ(pieces.size(), 30'522U);
  VectorReader reader(bytes);
  ASSERT_EQ(reader.take(6), "SBTV1\n");
  const std::size_t num_groups = reader.number();
  std::size_t num_vectors = 0;
  for (std::size_t group = 0; group < num_groups; ++group) {
    num_vectors += check_group(reader, pieces);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_TRUE(reader.is_at_end());
  EXPECT_GT(num_vectors, 20'000U);
}

TEST(Golden, VocabTxtGivesTheIdsOfTokenizerJson) {
  const std::string bytes = read_gzip("vectors.bin.gz");
  const Tokenizer tokenizer({{"vocab.txt", read_gzip("vocab.txt.gz")}});
  VectorReader reader(bytes);
  reader.take(6);
  reader.number();
  const json header = json::parse(reader.string());
  ASSERT_EQ(header["name"], "default");
  const std::size_t num_vectors = reader.number();
  for (std::size_t i = 0; i < num_vectors; ++i) {
    const std::string_view text = reader.string();
    const std::vector<std::int32_t> expected = reader.ids();
    EXPECT_THAT(tokenizer.encode(text, header["max_length"].get<std::int64_t>()),
                ElementsAreArray(expected));
  }
}

}  // namespace
}  // namespace sbert
