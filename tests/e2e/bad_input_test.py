"""Wrong files, wrong words, a full disk: one clear line, the right exit code, nothing half-written."""
import gzip
import json
import os
import subprocess
import unittest

from program import ENVIRONMENT, HF_MODEL, INPUT, IO, PROGRAM, SECONDS, USAGE, ProgramTest, needs_torch

GOOD = {"question": "the cat", "pos_doc": ["a mat"], "neg_doc": ["hello"]}


def training_words(folder="run", model=HF_MODEL, data="train.json", *more):
    return ["train", f"restore_from_path={model}", f"model.data.data_prefix={data}", f"exp_manager.explicit_log_dir={folder}",
            "model.data.evaluation_sample_size=0", "model.encoder_seq_length=32", "model.global_batch_size=2",
            "model.micro_batch_size=2", "model.optim.sched.constant_steps=0", "trainer.max_steps=2", *more]


# Where the second and third record of an array of such begin.
SECOND = 1 + len(json.dumps(GOOD)) + 2
THIRD = SECOND + SECOND - 1


@needs_torch
class BadTrainingData(ProgramTest):
    def refuse_data(self, content, *parts):
        self.write("train.json", content if isinstance(content, (str, bytes)) else json.dumps(content))
        self.refuse(INPUT, ["train.json", *parts], *training_words(), may_write=["run"])
        self.assertEqual(list((self.folder / "run").rglob("*.nemo")), [])

    def test_missing_file(self):
        self.refuse(IO, ["train.json", "No such file"], *training_words(), may_write=["run"])

    def test_empty_file(self):
        self.refuse_data("", "the file is empty")
        self.refuse_data("[]", "no records")

    def test_truncated_json(self):
        whole = json.dumps([GOOD, GOOD])
        self.refuse_data(whole[:-1], "")
        self.refuse_data(whole[:-10], "record 2")

    def test_wrong_types(self):
        self.refuse_data([GOOD, dict(GOOD, question=7)], f"record 2, byte {SECOND}: question: must be a string: found a number")
        self.refuse_data([GOOD, dict(GOOD, pos_doc=[None])], f"record 2, byte {SECOND}: pos_doc: must be a list of strings: found null")
        self.refuse_data([GOOD, dict(GOOD, neg_doc={})], f"record 2, byte {SECOND}: neg_doc: must be")
        self.refuse_data([GOOD, "text"], "record 2")
        self.refuse_data("{\"a\": 1", "record 1")
        self.refuse_data(b"\x93NUMPY\x00\xff", "")

    def test_missing_keys_and_no_positives(self):
        self.refuse_data([{"pos_doc": ["a"]}], "record 1, byte 1: question is missing")
        self.refuse_data([GOOD, {"question": "a"}], f"record 2, byte {SECOND}: pos_doc is missing")
        self.refuse_data([GOOD, GOOD, dict(GOOD, pos_doc=[])], f"record 3, byte {THIRD}: pos_doc: must not be an empty list")

    def test_too_few_rows_for_a_batch(self):
        self.write("train.json", json.dumps([GOOD]))
        self.refuse(USAGE, ["train.json", "model.global_batch_size: 2"], *training_words(), may_write=["run"])


class OddButGoodInput(ProgramTest):
    @needs_torch
    def test_trains_without_negatives_and_with_pieces_it_does_not_know(self):
        self.write_lines("train.jsonl", [{"question": "\u4e16\u754c \U0001f600", "pos_doc": "\u0645\u0631\u062d"},
                                         {"query": "", "pos_doc": [""]}, dict(GOOD, neg_doc=[])])
        self.succeed(*training_words(data="train.jsonl"))
        self.assertTrue((self.folder / "run/checkpoints/megatron_bert.nemo").is_file())

    def test_text_of_ten_megabytes(self):
        long = "the cat sat on a mat " * 500_000
        self.write_lines("long.jsonl", [{"text": long}])
        printed = self.succeed("tokenize", "--model", HF_MODEL, "--input", "long.jsonl")
        self.assertEqual(len(json.loads(printed)["ids"]), 32)

    @needs_torch
    def test_training_text_of_ten_megabytes(self):
        long = "the cat sat on a mat " * 500_000
        self.write("train.json", json.dumps([dict(GOOD, pos_doc=[long]), GOOD]))
        self.succeed(*training_words())

    def test_pieces_that_the_vocabulary_lacks_become_unknown(self):
        vocabulary = (HF_MODEL / "vocab.txt").read_text().split("\n")
        printed = self.succeed("tokenize", "--model", HF_MODEL, stdin="{\"text\": \"\u4e16 cat\"}".encode())
        self.assertEqual([vocabulary[each] for each in json.loads(printed)["ids"]], ["[CLS]", "[UNK]", "cat", "[SEP]"])


class TextForms(ProgramTest):
    TEXTS = ["the cat", "a mat, a dog"]
    LINES = "the cat\na mat, a dog\n"
    TABLE = 'id,text\n1,the cat\n2,"a mat, a dog"\n'

    def ids(self, *words, stdin=b""):
        return self.succeed("tokenize", "--model", HF_MODEL, *words, stdin=stdin)

    def test_are_told_by_name_and_content(self):
        wanted = self.ids(stdin=self.LINES.encode())
        objects = [{"id": i, "text": text} for i, text in enumerate(self.TEXTS)]
        forms = {"lines": "".join(json.dumps(each) + "\n" for each in objects), "array": json.dumps(objects, indent=1),
                 "csv": self.TABLE, "tsv": "id\ttext\n1\tthe cat\n2\ta mat, a dog\n", "text": self.LINES}
        names = {"lines": ["a.jsonl", "a.JSONL", "a.ndjson", "a.json", "a"], "array": ["a.json", "a.jsonl", "a"],
                 "csv": ["a.csv", "a.CSV", "a"], "tsv": ["a.tsv", "a"], "text": ["a.txt", "a.md", "a"]}
        for form, content in forms.items():
            for name in names[form]:
                self.write(name, content)
                self.assertEqual(self.ids("--input", name), wanted, (form, name))
            self.write("a.gz", gzip.compress(content.encode()))
            self.assertEqual(self.ids("--input", "a.gz"), wanted, form)
            self.assertEqual(self.ids(stdin=gzip.compress(content.encode())), wanted, form)
            self.assertEqual(self.ids("--input", "/dev/stdin", stdin=content.encode()), wanted, form)

    def test_pipes_and_the_format_by_name(self):
        self.write("table.csv", self.TABLE)
        words = f"{PROGRAM} tokenize --model {HF_MODEL} --input <(cat table.csv)"
        done = subprocess.run(["bash", "-c", words], capture_output=True, timeout=SECONDS, cwd=self.folder, env=ENVIRONMENT)
        self.assertEqual(done.stdout.decode(), self.ids("--input", "table.csv"), done.stderr)
        self.assertEqual(len(self.ids("--input", "table.csv", "--input-format", "text").splitlines()), 3)

    def test_search_and_cluster_read_them_too(self):
        self.write("corpus.csv", self.TABLE)
        self.write("queries.csv", "text\nthe cat\n")
        found = self.succeed("search", "--model", HF_MODEL, "--corpus", "corpus.csv", "--queries", "queries.csv", "--format", "json")
        self.assertEqual(json.loads(found)["results"][0]["id"], "1")
        self.write("blank.txt", "the cat\n\nthe cat\n \na dog\n")
        done = self.sbert("cluster", "--model", HF_MODEL, "--input", "blank.txt", "--clusters", "3", "--format", "jsonl")
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()], ["1", "3", "5"])
        for part in (b"blank.txt: blank texts, left out: 2", b"no more than 2 texts have embeddings of their own"):
            self.assertIn(part, done.stderr)
        pairs = self.succeed("paraphrases", "--model", HF_MODEL, "--input", "blank.txt", "--format", "jsonl").splitlines()
        self.assertEqual(len(pairs), 3)

    def test_other_encodings_are_refused(self):
        for content, part in [("caf\u00e9\n".encode("latin-1"), "a.txt: line 1: not UTF-8: byte 4 of the line is 0xE9"),
                              ("cat\n".encode("utf-16"), "it is UTF-16"),
                              ("cat\n".encode("utf-16-le"), "line 1: not text: byte 2 of the line is 0x00")]:
            self.write("a.txt", content)
            for command in (["embed"], ["tokenize"], ["cluster", "--clusters", "1"], ["paraphrases"]):
                self.refuse(INPUT, [part], *command, "--model", HF_MODEL, "--input", "a.txt")
            self.refuse(INPUT, [part], "search", "--model", HF_MODEL, "--corpus", "a.txt", "cat")

    def test_texts_that_look_like_options_stand_after_two_hyphens(self):
        self.refuse(USAGE, ["-a is no option: a text that begins with - stands after --"],
                    "similarity", "--model", HF_MODEL, "-a", "b")
        self.succeed("similarity", "--model", HF_MODEL, "--", "-a", "b")


class BadTexts(ProgramTest):
    def test_lines_are_named(self):
        words = ("embed", "--model", HF_MODEL, "--output", "out.npy", "--input", "texts.jsonl")
        for line, part in [('{"text": 7}', "line 2: text: must be a string: found a number"), ('{"txt": "a"}', "line 2: text is missing"),
                           ('{"text": "a"', "line 2"), ("[]", "line 2"), ('{"text": "\\ud800"}', "line 2")]:
            self.write("texts.jsonl", '{"text": "a"}\n' + line + "\n")
            self.refuse(INPUT, ["texts.jsonl: " + part], *words)
        self.refuse(IO, ["none.jsonl", "No such file"], *words[:-1], "none.jsonl")
        self.refuse(IO, ["folder", "is a folder"], *words[:-1], self.write("folder/x", "").parent)
        self.refuse(INPUT, ["stdin: line 1: text is missing"], "tokenize", "--model", HF_MODEL, stdin=b"{}")

    def test_what_is_read_is_not_written_over(self):
        texts = self.write("texts.txt", "a\n")
        (self.folder / "link.txt").symlink_to(texts)
        for output in ("texts.txt", "./texts.txt", "link.txt"):
            self.refuse(USAGE, ["would replace the file that is read", output], "embed", "--model", HF_MODEL, "--input", "texts.txt",
                        "--output", output, "--format", "jsonl")
        self.assertEqual(texts.read_text(), "a\n")
        data = self.write("train.jsonl", json.dumps(GOOD) + "\n")
        self.refuse(USAGE, ["would replace the file that is read"], "mine", "--model", HF_MODEL, "--data", "train.jsonl",
                    "--output", "train.jsonl")
        self.refuse(USAGE, ["would replace the file that is read"], "mine", "--model", HF_MODEL, "--data", "train.jsonl",
                    "--corpus", "texts.txt", "--output", "texts.txt")
        self.assertEqual((texts.read_text(), data.read_text()), ("a\n", json.dumps(GOOD) + "\n"))
        self.refuse(USAGE, ["either --prompt or --prompt-name"], "embed", "--model", HF_MODEL, "--input", "texts.txt", "--prompt", "x",
                    "--prompt-name", "y")
        self.refuse(USAGE, ["--queries-format needs --queries"], "search", "--model", HF_MODEL, "--corpus", "texts.txt",
                    "--queries-format", "jsonl", "hello")
        self.refuse(USAGE, ["--output is empty"], "convert", "--input", HF_MODEL, "--output", "")

    def test_output_that_cannot_be_written(self):
        self.write("texts.txt", "a\n")
        words = ("embed", "--model", HF_MODEL, "--input", "texts.txt", "--output")
        self.refuse(IO, ["none/out.npy"], *words, "none/out.npy")
        self.refuse(IO, ["folder"], *words, self.write("folder/x", "").parent)


class BadNumbers(ProgramTest):
    def test_a_number_that_is_none_or_too_large_is_named(self):
        words = ("similarity", "--model", HF_MODEL, "a", "b")
        for option, number in [("--max-length", "99999999999999999999"), ("--max-length", "9223372036854775808"),
                               ("--max-length", "-1"), ("--max-length", "1e3"), ("--max-length", "0x10"), ("--max-length", "5 "),
                               ("--batch-tokens", "1.5"), ("--threads", "2147483648"), ("--devices", "99999999999"),
                               ("--threads", "")]:
            self.refuse(USAGE, [f"{option} must be an integer from 0 to ", number], *words, option, number)
        words = ("paraphrases", "--model", HF_MODEL, "--input", "none.txt", "--threshold")
        for number in ("1e999", "nan", "inf", "0.5x", ""):
            self.refuse(USAGE, [f"--threshold must be a finite number: {number}"], *words, number)

    @needs_torch
    def test_in_a_configuration_too(self):
        self.write("train.json", json.dumps([GOOD, GOOD]))
        for word in ("trainer.max_steps=99999999999999999999", "model.optim.lr=1e999", "model.optim.lr=nan"):
            self.refuse(USAGE, [word.split("=")[0]], *training_words(), word, may_write=["run"])


class BadModel(ProgramTest):
    def refuse_model(self, code, model, *parts):
        self.refuse(code, parts, "info", model)

    def test_nothing_there_or_no_model(self):
        self.refuse_model(IO, "none", "none", "no such file")
        self.refuse_model(INPUT, self.write("empty/x", "").parent, "empty", "modules.json", "config.json")
        self.refuse_model(INPUT, self.write("text.nemo", "this is no archive\n"), "text.nemo")
        self.refuse_model(INPUT, self.write("zero.nemo", ""), "zero.nemo")

    def test_files_that_are_missing_or_empty(self):
        for number, name in enumerate(["vocab.txt", "model.safetensors"]):
            folder = self.copy_model(f"model{number}")
            (folder / name).unlink()
            self.refuse_model(INPUT, folder, f"model{number}")
        for name in ["vocab.txt", "model.safetensors", "config.json"]:
            folder = self.copy_model("empty")
            (folder / name).write_bytes(b"")
            self.refuse_model(INPUT, folder, name)

    def test_safetensors_cut_in_the_middle(self):
        folder = self.copy_model()
        whole = (folder / "model.safetensors").read_bytes()
        for length in (4, 100, len(whole) // 2, len(whole) - 1):
            (folder / "model.safetensors").write_bytes(whole[:length])
            self.refuse_model(INPUT, folder, "model.safetensors")
        (folder / "model.safetensors").write_bytes(b"\xff" * 7 + b"\x7f" + whole[8:])
        self.refuse_model(INPUT, folder, "model.safetensors")

    def test_nemo_cut_in_the_middle(self):
        self.succeed("convert", "--input", HF_MODEL, "--output", "a.nemo")
        whole = (self.folder / "a.nemo").read_bytes()
        for length in (600, len(whole) // 2):
            self.refuse_model(INPUT, self.write("cut.nemo", whole[:length]), "cut.nemo")

    def test_weights_of_wrong_shape_or_missing(self):
        name = "encoder.layer.1.intermediate.dense.weight"

        def turn(tensors):
            dtype, (rows, columns), data = tensors[name]
            tensors[name] = (dtype, [columns, rows], data)
        self.refuse_model(INPUT, self.copy_model("turned", change_tensors=turn), "turned", name, "[32, 40]", "[40, 32]")
        self.refuse_model(INPUT, self.copy_model("less", change_tensors=lambda tensors: tensors.pop(name)), "less", name)

    def test_configuration_that_makes_no_sense(self):
        for change, part in [({"hidden_size": "wide"}, "hidden_size"), ({"hidden_size": -1}, "hidden_size"),
                             ({"num_attention_heads": 5}, "num_attention_heads"), ({"hidden_act": "swish"}, "hidden_act"),
                             ({"num_hidden_layers": 10**9}, "layers"), ({"model_type": "gpt2"}, "model_type"),
                             ({"vocab_size": 10**15}, "vocab_size")]:
            self.refuse_model(INPUT, self.copy_model(change_config=lambda config: config.update(change)), "config.json", part)
        folder = self.copy_model()
        (folder / "config.json").write_text('{"hidden_size": 32,')
        self.refuse_model(INPUT, folder, "config.json")

    def test_vocabulary_larger_than_the_embedding(self):
        folder = self.copy_model()
        with open(folder / "vocab.txt", "a") as vocabulary:
            vocabulary.write("another\nword\n")
        self.refuse_model(INPUT, folder, "model: ", "tokenizer", "109", "107")

    def test_convert_leaves_nothing_behind(self):
        folder = self.copy_model()
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:5000])
        for target in ("out.nemo", "out"):
            self.refuse(INPUT, ["model.safetensors"], "convert", "--input", folder, "--output", target)


@needs_torch
class BadWords(ProgramTest):
    def refuse_override(self, word, *parts):
        self.refuse(USAGE, parts, *training_words(), word)

    def test_overrides_with_a_mistake(self):
        self.write("train.json", json.dumps([GOOD, GOOD]))
        self.refuse_override("trainer.max_step=3", "trainer.max_step", "trainer.max_steps")
        self.refuse_override("+model.data.hard_negative_to_train=3", "hard_negative_to_train", "hard_negatives_to_train")
        self.refuse_override("trainer.max_steps=many", "trainer.max_steps")
        self.refuse_override("trainer.max_steps=0", "trainer.max_steps", "at least 1")
        self.refuse_override("model.micro_batch_size=3", "model.micro_batch_size")
        self.refuse_override("max_steps", "max_steps", "key=value")
        self.refuse_override("model.optim.betas=[0.9", "model.optim.betas")
        self.refuse_override("trainer.devices=0", "trainer.devices")
        self.refuse(USAGE, ["trainer.num_nodes", "launcher"], *training_words(), "trainer.num_nodes=2", "model.global_batch_size=4")
        self.refuse_override("--no-such-flag", "--no-such-flag")

    def test_what_training_needs(self):
        self.refuse(USAGE, ["restore_from_path"], "train", "model.data.data_prefix=train.json")
        self.refuse(USAGE, ["model.data.data_prefix"], "train", f"restore_from_path={HF_MODEL}")


class FullDisk(ProgramTest):
    """On a file system of 4 MB that is nearly full."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(self.disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            raise unittest.SkipTest("mounting a small file system needs root")
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.disk)], check=True)

    def fill(self, free):
        """Leaves so many bytes free."""
        (self.disk / "filler").unlink(missing_ok=True)
        space = os.statvfs(self.disk)
        (self.disk / "filler").write_bytes(b"x" * (space.f_bavail * space.f_frsize - free))

    def test_models_and_vectors_are_whole_or_not_there(self):
        self.fill(40_000)
        for target in ("a.nemo", "st"):
            self.refuse(IO, [f"disk/{target}", "No space left"], "convert", "--input", HF_MODEL, "--output", f"disk/{target}")
        self.write("texts.txt", "a\n" * 1000)
        for target in ("out.npy", "out.jsonl"):
            self.refuse(IO, [f"disk/{target}", "No space left"], "embed", "--model", HF_MODEL, "--input", "texts.txt",
                        "--output", f"disk/{target}")

    @needs_torch
    def test_training_goes_on_when_there_is_space_again(self):
        self.write("train.json", json.dumps([GOOD, GOOD]))
        long = ("trainer.max_steps=4", "trainer.val_check_interval=2", "model.optim.sched.warmup_steps=1", "model.optim.sched.constant_steps=0")
        self.succeed(*training_words("whole", HF_MODEL, "train.json", *long))
        words = training_words("disk/run", HF_MODEL, "train.json", *long)
        self.fill(300_000)  # for one state, not for two
        self.refuse(IO, ["disk/run/checkpoints/", "No space left"], *words, may_write=["disk/run"])
        self.assertEqual(list(self.disk.rglob("*.nemo")), [])
        (self.disk / "filler").unlink()
        self.succeed(*words)
        name = "checkpoints/megatron_bert.nemo"
        self.assertEqual((self.disk / "run" / name).read_bytes(), (self.folder / "whole" / name).read_bytes())
