"""Embed, tokenize, similarity, search and info: what a user does with a model that is there."""
import json
import math
import struct
import subprocess

from program import ENVIRONMENT, HF_MODEL, INPUT, IO, PROGRAM, SECONDS, USAGE, WIDTH, ProgramTest, read_npy

TEXTS = ["the cat sat on the mat", "", "a vector search model", "hello world", "query " * 60]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


class Embed(ProgramTest):
    def embed(self, *words):
        self.succeed("embed", "--model", HF_MODEL, "--output", "out.npy", *words)
        return read_npy(self.folder / "out.npy")

    def test_rows_are_unit_vectors_in_the_order_of_the_texts(self):
        self.write_lines("texts.jsonl", [{"text": text} for text in TEXTS])
        rows = self.embed("--input", "texts.jsonl")
        self.assertEqual([len(row) for row in rows], [WIDTH] * len(TEXTS))
        for row in rows:
            self.assertAlmostEqual(math.sqrt(dot(row, row)), 1, places=5)
        self.write_lines("texts.jsonl", [{"text": text} for text in reversed(TEXTS)])
        self.assertEqual(self.embed("--input", "texts.jsonl"), rows[::-1])

    def test_jsonl_and_text_and_stdin_give_the_same_bits_with_any_threads(self):
        self.write_lines("texts.jsonl", [{"text": text} for text in TEXTS])
        self.write("texts.txt", "\n".join(TEXTS) + "\n")
        rows = self.embed("--input", "texts.jsonl", "--threads", 1)
        self.assertEqual(self.embed("--input", "texts.txt", "--threads", 2, "--device", "cpu"), rows)
        printed = self.succeed("embed", "--model", HF_MODEL, "--input", "-",
                               stdin=(self.folder / "texts.jsonl").read_bytes())
        for line, row in zip(printed.splitlines(), rows, strict=True):
            self.assertEqual(struct.pack("<32f", *json.loads(line)["embedding"]), struct.pack("<32f", *row))

    def test_int8_is_close_and_does_not_depend_on_the_batch(self):
        self.write("texts.txt", "\n".join(TEXTS) + "\n")
        exact = self.embed("--input", "texts.txt")
        rows = self.embed("--input", "texts.txt", "--precision", "int8")
        self.assertNotEqual(rows, exact)
        for row, other in zip(rows, exact, strict=True):
            self.assertGreater(dot(row, other), 0.99)
        self.assertEqual(self.embed("--input", "texts.txt", "--precision", "int8", "--batch-tokens", 1, "--threads", 1), rows)
        self.refuse(USAGE, ["precision"], "embed", "--model", HF_MODEL, "--input", "texts.txt", "--precision", "int4",
                    "--output", "b.npy")

    def test_prompt_is_put_before_each_text_and_max_length_cuts(self):
        self.write("plain.txt", "the cat\n")
        self.write("prompted.txt", "query the cat\n")
        self.write("long.txt", "the cat sat on\n")
        self.assertEqual(self.embed("--input", "plain.txt", "--prompt", "query "), self.embed("--input", "prompted.txt"))
        self.assertEqual(self.embed("--input", "long.txt", "--max-length", 4), self.embed("--input", "plain.txt"))
        self.assertNotEqual(self.embed("--input", "long.txt"), self.embed("--input", "plain.txt"))

    def test_prompt_of_a_name_comes_from_the_model(self):
        self.succeed("convert", "--input", HF_MODEL, "--output", "st")
        settings = self.folder / "st/config_sentence_transformers.json"
        settings.write_text(json.dumps(dict(json.loads(settings.read_text()), prompts={"query": "query "})))
        self.write("plain.txt", "the cat\n")
        self.write("prompted.txt", "query the cat\n")
        self.succeed("embed", "--model", "st", "--input", "plain.txt", "--prompt-name", "query", "--output", "a.npy")
        self.assertEqual(read_npy(self.folder / "a.npy"), self.embed("--input", "prompted.txt"))
        self.refuse(USAGE, ["nosuch", "query"], "embed", "--model", "st", "--input", "plain.txt", "--prompt-name", "nosuch",
                    "--output", "b.npy")

    def test_no_texts_give_a_matrix_of_no_rows(self):
        self.write("none.txt", "")
        self.assertEqual(self.embed("--input", "none.txt"), [])

    def test_npy_needs_a_file(self):
        self.refuse(USAGE, ["--output vectors.npy"], "embed", "--model", HF_MODEL, "--format", "npy")


class Tokenize(ProgramTest):
    VOCABULARY = (HF_MODEL / "vocab.txt").read_text().split("\n")

    def test_each_line_has_the_ids_of_one_text(self):
        printed = self.succeed("tokenize", "--model", HF_MODEL,
                               stdin=b'{"text": "Hello CAT mats"}\n\n{"id": 7, "text": "\\u00e9"}\n{"text": ""}\n')
        pieces = [[self.VOCABULARY[each] for each in json.loads(line)["ids"]] for line in printed.splitlines()]
        self.assertEqual(pieces, [["[CLS]", "hello", "cat", "mat", "##s", "[SEP]"], ["[CLS]", "e", "[SEP]"],
                                  ["[CLS]", "[SEP]"]])

    def test_max_length_counts_the_special_tokens(self):
        for length in (2, 3, 5):
            printed = self.succeed("tokenize", "--model", HF_MODEL, "--max-length", length, stdin=b'{"text": "the cat sat"}')
            self.assertEqual(len(json.loads(printed)["ids"]), length)

    def test_reader_that_goes_away_ends_the_program_without_a_word(self):
        lines = self.write("many.txt", "the cat sat on the mat\n" * 20_000)
        with subprocess.Popen([PROGRAM, "tokenize", "--model", HF_MODEL, "--input", lines], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
            json.loads(process.stdout.readline())
            process.stdout.close()
            self.assertNotIn(b"sbert:", process.stderr.read())
            process.wait(SECONDS)

    def test_full_output_is_an_error(self):
        for text in ("the cat\n", "the cat sat on the mat\n" * 2_000):  # below and above a buffer
            with open("/dev/full", "wb") as full:
                done = subprocess.run([PROGRAM, "tokenize", "--quiet", "--model", HF_MODEL], input=text.encode(), stdout=full,
                                      stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=SECONDS)
            self.assertEqual(done.returncode, IO)
            self.assertRegex(done.stderr, rb"\Asbert: [^\n]*stdout[^\n]*\n\Z")


class LongTexts(ProgramTest):
    """Of three texts two have more than three tokens beside the special ones."""

    def setUp(self):
        super().setUp()
        self.write("texts.txt", "the cat\nthe cat sat on\nthe cat sat on the mat\n")

    COUNT = b"2 of 3 texts were cut at 5 tokens\n"

    def commands(self):
        words = ("--model", HF_MODEL, "--max-length", 5)
        yield ("embed", *words, "--input", "texts.txt")
        yield ("tokenize", *words, "--input", "texts.txt")
        yield ("paraphrases", *words, "--input", "texts.txt")
        yield ("cluster", *words, "--input", "texts.txt", "--clusters", 2)

    def test_are_counted_once_a_run(self):
        for words in self.commands():
            done = self.sbert(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr.count(self.COUNT), 1, f"{words}: {done.stderr}")
        self.write("corpus.txt", "the cat sat on\n")
        done = self.sbert("search", "--model", HF_MODEL, "--max-length", 5, "--corpus", "corpus.txt", "--queries", "texts.txt")
        self.assertIn(b"3 of 4 texts were cut at 5 tokens\n", done.stderr)

    def test_end_the_run_where_that_is_wanted(self):
        for words in self.commands():
            done = self.sbert(*words, "--on-long", "error")
            self.assertEqual(done.returncode, INPUT, words)
            self.assertIn('a text has more than 5 tokens, the special ones counted: "the cat sat on"\n', done.stderr.decode())
        self.succeed("embed", "--model", HF_MODEL, "--input", "texts.txt", "--on-long", "error")
        self.refuse(USAGE, ["--on-long", "cut", "error", "drop"], *next(self.commands()), "--on-long", "drop")


class NotFinite(ProgramTest):
    """A model in which the word "cat" makes each embedding NaN."""

    def setUp(self):
        super().setUp()
        cat = (HF_MODEL / "vocab.txt").read_text().split("\n").index("cat")

        def spoil(tensors):
            name = "embeddings.word_embeddings.weight"
            dtype, shape, data = tensors[name]
            begin = cat * shape[1] * 4
            tensors[name] = (dtype, shape, data[:begin] + struct.pack("<f", math.nan) + data[begin + 4:])
        self.model = self.copy_model("model", change_tensors=spoil)

    def test_text_is_named_by_every_command(self):
        self.write("texts.txt", "hello world\nthe cat sat\n")
        part = 'embedding of a text is not finite: "the cat sat"'
        words = ("--model", self.model, "--input", "texts.txt")
        for command in (("embed", *words), ("embed", *words, "--output", "out.npy"), ("embed", *words, "--precision", "int8"),
                        ("paraphrases", *words), ("cluster", *words, "--clusters", 2),
                        ("similarity", "--model", self.model, "hello", "the cat sat"),
                        ("search", "--model", self.model, "--corpus", "texts.txt", "hello"),
                        ("search", "--model", self.model, "--corpus", "texts.txt", "hello", "--embeddings", "out.npy")):
            done = self.sbert(*command)
            self.assertEqual(done.returncode, INPUT, command)
            self.assertIn(part, done.stderr.decode())
            self.assertEqual(done.stdout, b"")
        self.assertFalse((self.folder / "out.npy").exists())
        self.write("texts.txt", "hello world\n")
        self.succeed("embed", *words)


class Similarity(ProgramTest):
    def test_prints_the_cosine_of_the_embeddings(self):
        self.write("two.txt", "the cat\na search model\n")
        self.succeed("embed", "--model", HF_MODEL, "--input", "two.txt", "--output", "two.npy")
        expected = dot(*read_npy(self.folder / "two.npy"))
        words = ("similarity", "--model", HF_MODEL, "the cat", "a search model")
        self.assertAlmostEqual(float(self.succeed(*words)), expected, delta=6e-5)
        self.assertAlmostEqual(json.loads(self.succeed(*words, "--format", "json"))["similarity"], expected, places=6)


class Search(ProgramTest):
    CORPUS = [{"_id": "d1", "title": "the cat", "text": "sat on the mat"}, {"_id": "d2", "title": "", "text": "hello world"},
              {"_id": "d3", "text": "a vector search model"}]

    def search(self, *words):
        return [json.loads(line) for line in
                self.succeed("search", "--model", HF_MODEL, "--corpus", "corpus.jsonl", "--format", "json", *words).splitlines()]

    def test_a_document_is_nearest_to_itself(self):
        self.write_lines("corpus.jsonl", self.CORPUS)
        self.write("queries.txt", "hello world\nthe cat sat on the mat\n")
        first, second = self.search("--queries", "queries.txt", "--k", 2)
        self.assertEqual([len(each["results"]) for each in (first, second)], [2, 2])
        self.assertEqual([each["results"][0]["id"] for each in (first, second)], ["d2", "d1"])
        self.assertAlmostEqual(first["results"][0]["score"], 1, places=5)
        self.assertGreaterEqual(first["results"][0]["score"], first["results"][1]["score"])

    def test_stored_vectors_give_the_same_results_and_must_fit(self):
        self.write_lines("corpus.jsonl", self.CORPUS)
        made = self.search("hello cat", "--embeddings", "corpus.npy")
        self.assertTrue((self.folder / "corpus.npy").is_file())
        self.assertEqual(self.search("hello cat", "--embeddings", "corpus.npy"), made)
        self.write_lines("corpus.jsonl", self.CORPUS[:2])
        self.refuse(3, ["corpus.npy", "3 x 32, not 2 x 32"], "search", "--model", HF_MODEL, "--corpus", "corpus.jsonl",
                    "--embeddings", "corpus.npy", "hello")

    def test_text_output_names_each_document(self):
        self.write_lines("corpus.jsonl", self.CORPUS)
        printed = self.succeed("search", "--model", HF_MODEL, "--corpus", "corpus.jsonl", "hello")
        for document in self.CORPUS:
            self.assertIn(document["_id"], printed)


class Info(ProgramTest):
    def test_tells_form_and_architecture(self):
        told = json.loads(self.succeed("info", HF_MODEL, "--format", "json"))
        expected = {"format": "Hugging Face folder", "layers": 2, "hidden_size": WIDTH, "attention_heads": 4, "vocabulary": 107,
                    "positions": 40, "max_seq_length": 32, "pooling": "mean", "normalize": True}
        self.assertEqual({key: told[key] for key in expected}, expected)
        self.assertIn("hidden_size      32", self.succeed("info", HF_MODEL))
