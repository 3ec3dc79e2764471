#include "sbert/mine/corpus_file.h"

#include <gmock/gmock.h>

#include "sbert/base/message_of.h"
#include "sbert/mine/test_folder.h"

namespace sbert {
namespace {

using testing::HasSubstr;

class CorpusFiles : public FolderTest {
 protected:
  std::string error_of(const std::string& name, std::string_view text) {
    try {
      const CorpusFile corpus(write(name, text));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(CorpusFiles, OfJsonLinesPutTitlesFirst) {
  const CorpusFile corpus(
      write("c.jsonl",
            "\xEF\xBB\xBF{\"_id\": \"a\", \"title\": \"T\", \"text\": \"x\\ny\"}\r\n"
            "\n{\"id\": 7, \"title\": \"\", \"text\": \"z\"}"));
  ASSERT_EQ(corpus.size(), 2);
  EXPECT_EQ(corpus.text(0), "T x\ny");
  EXPECT_EQ(corpus.id(0), "a");
  EXPECT_EQ(corpus.text(1), "z");
  EXPECT_EQ(corpus.id(1), "7");
  EXPECT_EQ(corpus.id_key(1), bytes_key("7"));
}

TEST_F(CorpusFiles, OfTsvReadNamedColumns) {
  const CorpusFile corpus(write("c.tsv", "id\ttext\ttitle\nd1\tone\t\nd2\ttwo\tTitle\n"));
  ASSERT_EQ(corpus.size(), 2);
  EXPECT_EQ(corpus.text(0), "one");
  EXPECT_EQ(corpus.text(1), "Title two");
  EXPECT_EQ(corpus.id(1), "d2");
}

TEST_F(CorpusFiles, OfEachFormGiveTheSameDocuments) {
  const std::pair<const char*, const char*> files[] = {
      {"c.ndjson",
       "{\"_id\": \"a\", \"text\": \"x\\ny\"}\n{\"_id\": \"b\", \"title\": \"T\", "
       "\"text\": \"z\"}\n"},
      {"c.json",
       "[{\"_id\": \"a\", \"text\": \"x\\ny\"}, {\"_id\": \"b\", \"title\": \"T\", "
       "\"text\": \"z\"}]"},
      {"c.CSV", "_id,title,text\na,,\"x\ny\"\nb,T,z\n"},
  };
  for (const auto& [name, bytes] : files) {
    const CorpusFile corpus(write(name, bytes));
    ASSERT_EQ(corpus.size(), 2) << name;
    EXPECT_EQ(corpus.text(1), "T z");
    EXPECT_EQ(corpus.text(0), "x\ny");
    EXPECT_EQ(corpus.id(1), "b");
  }
}

TEST_F(CorpusFiles, OfBeirMustHaveIds) {
  const auto error = [&](std::string_view text) {
    return message_of(ErrorKind::kInput, [&] {
      const CorpusFile corpus(write("c.jsonl", text), DocumentIds::kRequired);
    });
  };
  EXPECT_THAT(error("{\"id\": \"a\", \"text\": \"x\"}\n{\"text\": \"y\"}\n"),
              HasSubstr("c.jsonl: line 2: _id is missing"));
  EXPECT_THAT(error("{\"_id\": \"\", \"text\": \"x\"}\n"), HasSubstr("line 1: _id is empty"));
}

TEST_F(CorpusFiles, KnowTheLinesOfTheirDocuments) {
  const CorpusFile corpus(write("c.txt", "one\n\n\ntwo\n"));
  EXPECT_EQ(corpus.line(0), 1);
  EXPECT_EQ(corpus.line(1), 4);
}

TEST_F(CorpusFiles, OfTextHaveALineADocument) {
  const CorpusFile corpus(write("c.txt", "one\r\n  \ntwo {\n"));
  ASSERT_EQ(corpus.size(), 2);
  EXPECT_EQ(corpus.text(0), "one");
  EXPECT_EQ(corpus.text(1), "two {");
  EXPECT_EQ(corpus.id(1), "");
  EXPECT_EQ(corpus.id_key(1), 0);
}

TEST_F(CorpusFiles, NameFileAndLineOfWhatIsWrong) {
  EXPECT_THAT(error_of("c.jsonl", "{\"text\": \"a\"}\n\n{\"title\": \"b\"}\n"),
              HasSubstr("c.jsonl: line 3: text is missing"));
  EXPECT_THAT(error_of("c.jsonl", "{\"text\": 5}\n"), HasSubstr("line 1: text: must be a string"));
  EXPECT_THAT(error_of("c.jsonl", "\n"), HasSubstr("c.jsonl: holds no document"));
  EXPECT_THAT(error_of("c.tsv", "a\tb\n1\t2\n"), HasSubstr("must name the columns"));
  EXPECT_THAT(error_of("c.txt", "a\ncaf\xE9\n"), HasSubstr("c.txt: line 2: not UTF-8: byte 4"));
  EXPECT_THAT(error_of("c.tsv", "id\ttext\n1\n"), HasSubstr("line 2: "));
}

}  // namespace
}  // namespace sbert
