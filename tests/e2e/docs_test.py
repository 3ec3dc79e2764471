"""Runs every command line of the documents and of --help on a small model and small data under the names that they use. Of a line
with placeholders, or one that is only mentioned, the options must exist."""
import json
import pathlib
import re
import shutil
import subprocess

from program import ENVIRONMENT, PROGRAM, SECONDS, TORCH_PROGRAM, ProgramTest
from train_test import examples

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "bench/README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = "convert train evaluate cluster paraphrases embed similarity search mine tokenize info".split()
COMMAND = re.compile(rf"\bsbert (?:{'|'.join(COMMANDS)})\b.*")
SETTING = re.compile(r"(?:model|trainer|exp_manager)\.[\w.]+=\S+")
PLACEHOLDER = re.compile(r"(?<![\w.=/-])[A-Z]{2,}(?![\w.-])|KEY=VALUE|\[[^\]]* [^\]]*\]|\[-|…|\|table")
NEEDS_GPU = re.compile(r"cuda|gpu|--device\b")
LAYERS = 6  # as many as the models have that the documents speak of
# Sizes of real models, and what the small one has in their place.
SIZES = {"[384,128]": "[32,16]"}


def blocks(text):
    """-> the lines of each fenced block, those that end in a backslash joined"""
    for body in re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.S | re.M):
        yield re.sub(r"\\\n\s*", "", body).splitlines()


def inline_code(text):
    without_blocks = re.sub(r"^ *```.*?^ *```", "", text, flags=re.S | re.M)
    return [code.replace("\\|", "|").replace("\n", " ") for code in re.findall(r"`([^`]+)`", without_blocks)]


def command_lines(text):
    """-> (command, whether it is shown to fail) of every command of sbert in a block of the text, and of whole ones in its lines"""
    for lines in blocks(text):
        for line, after in zip(lines, [*lines[1:], ""]):
            if "sbert " in line and (shown := re.match(r"\$ (.*)", line)):
                yield shown.group(1), after.startswith("sbert: ")
            elif found := COMMAND.search(line):
                command = re.sub(r'[& ]*$|"\]$', "", found.group())
                yield command.replace("/data/", ""), False  # a folder of other machines
    for code in inline_code(text):
        if COMMAND.match(code) and "explicit_log_dir" in code:
            yield code, False


def mentions(text):
    """-> commands that cannot be run as they stand"""
    for line, _ in command_lines(text):
        if not is_runnable(line):
            yield line
    for code in inline_code(text):
        if COMMAND.match(code):
            yield code


def is_runnable(command):
    return not PLACEHOLDER.search(command) and not NEEDS_GPU.search(command) and (TORCH_PROGRAM or not re.search("sbert train", command))


class Documents(ProgramTest):
    def setUp(self):
        super().setUp()

        def enlarge(tensors):  # to the positions and the layers that the documents speak of
            dtype, (rows, width), data = tensors["embeddings.position_embeddings.weight"]
            tensors["embeddings.position_embeddings.weight"] = (dtype, [512, width], (data * (512 // rows + 1))[:512 * width * 4])
            for name in [name for name in tensors if ".layer.0." in name]:
                for layer in range(1, LAYERS):
                    tensors[name.replace(".layer.0.", f".layer.{layer}.")] = tensors[name]
        model = self.copy_model("MiniLM", lambda config: config.update(max_position_embeddings=512, num_hidden_layers=LAYERS), enlarge)
        (self.folder / "e5-large-unsupervised").symlink_to(model)
        self.succeed("convert", "--input", model, "--output", "minilm.nemo")
        for name in ("model.nemo", "tuned.nemo", "before.nemo", "after.nemo", "run/checkpoints/megatron_bert.nemo"):
            self.write(name, (self.folder / "minilm.nemo").read_bytes())
        records = examples(240)
        self.write("train.json", json.dumps(records))
        self.write_lines("train.jsonl", records)
        self.write_lines("mined.jsonl", records)
        texts = [{"text": each["question"]} for each in records[:40]]
        for name in ("texts.jsonl", "corpus.jsonl", "wiki.jsonl"):
            self.write_lines(name, texts)
        self.write("bad.jsonl", '{"text": 7}\n')
        for name in ("texts.txt", "questions.txt", "corpus.txt"):
            self.write(name, "".join(each["text"] + "\n" for each in texts))
        for folder in ("scifact", "packages"):
            self.write_lines(f"{folder}/corpus.jsonl",
                             [{"_id": f"d{i}", "title": "", "text": each["pos_doc"][0]} for i, each in enumerate(records[:30])])
            self.write_lines(f"{folder}/queries.jsonl", [{"_id": f"q{i}", "text": each["question"]} for i, each in enumerate(records[:5])])
            judgements = "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{i}\t1\n" for i in range(5))
            for split in ("train", "dev", "test"):
                self.write(f"{folder}/qrels/{split}.tsv", judgements)
        pairs = [(each["question"], each["pos_doc"][0]) for each in records[:40]]
        self.write("stsb-dev.tsv", "sentence1\tsentence2\tscore\n" + "".join(f"{a}\t{b}\t{i % 6}\n" for i, (a, b) in enumerate(pairs)))
        self.write("snli.tsv", "sentence1\tsentence2\tlabel\n" + "".join(f"{a}\t{b}\t{i % 2}\n" for i, (a, b) in enumerate(pairs)))
        for split in ("train", "test"):
            self.write(f"banking77/{split}.tsv", "text\tlabel\n" + "".join(f"{a}\t{i % 3}\n" for i, (a, _) in enumerate(pairs)))

    def run_line(self, line, fails=False):
        """Runs a line of a shell. A train command that would take long does one update."""
        if re.search("sbert train", line):
            if " ..." in line:
                given = ("restore_from_path=MiniLM/", "model.data.data_prefix=train.json", "exp_manager.explicit_log_dir=more")
                line = line.replace(" ...", "".join(f" {word}" for word in given if word.split("=")[0] not in line))
            if "max_" not in line:
                line += " trainer.max_steps=1"
            if "--config-path run" not in line:  # which goes on from the run before
                folder = re.search(r"explicit_log_dir=(\S+)", line).group(1)
                shutil.rmtree(self.folder / folder, ignore_errors=True)
        path = f"{pathlib.Path(PROGRAM).parent}:{ENVIRONMENT['PATH']}"
        done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=self.folder, env=dict(ENVIRONMENT, PATH=path),
                              capture_output=True, text=True, timeout=SECONDS)
        (self.assertNotEqual if fails else self.assertEqual)(done.returncode, 0, f"{line}\n{done.stderr}")

    def test_their_commands_run(self):
        count = 0
        for document in DOCUMENTS:
            for line, fails in command_lines(document.read_text()):
                if is_runnable(line):
                    count += 1
                    with self.subTest(document.name, line=line):
                        self.run_line(line, fails)
        self.assertGreater(count, 20)

    def test_options_that_they_mention_exist(self):
        told = {command: self.succeed(command, "--help") for command in COMMANDS if command != "train" or TORCH_PROGRAM}
        for document in DOCUMENTS:
            for line in mentions(document.read_text()):
                command = COMMAND.search(line).group().split()[1]
                for option in re.findall(r"(?<=\s)--[\w-]+", line):
                    if command in told:
                        with self.subTest(document.name, line=line):
                            self.assertRegex(told[command] + "--help", rf"{option}\b")

    def test_examples_of_help_run(self):
        for command in COMMANDS:
            if command == "train" and not TORCH_PROGRAM:
                continue
            told = re.sub(r"\\\n\s*", "", self.succeed(command, "--help"))
            for line in re.findall(rf"^\s*(sbert (?:{'|'.join(COMMANDS)}) .*)", told, re.M):
                if is_runnable(line):
                    with self.subTest(line):
                        self.run_line(line)

    def test_settings_of_training_are_understood(self):
        if not TORCH_PROGRAM:
            self.skipTest("this build is without libtorch")
        words = {}
        for document in DOCUMENTS:
            for code in inline_code(document.read_text()):
                if SETTING.match(code) and not NEEDS_GPU.search(code.split("|")[0]) and not PLACEHOLDER.search(code):
                    first, *others = code.split("|")
                    key = first.rpartition("=")[0]
                    for each in [first, *(f"{key}={other}" for other in others)]:
                        if not NEEDS_GPU.search(each):
                            words[each] = document.name
        self.assertGreater(len(words), 20)
        for number, (word, document) in enumerate(words.items()):
            for size, small in SIZES.items():
                word = word.replace(size, small)
            with self.subTest(document, setting=word):
                self.run_line(f"sbert train restore_from_path=MiniLM/ model.data.data_prefix=train.json model.global_batch_size=8"
                              f" model.micro_batch_size=2 exp_manager.explicit_log_dir=setting{number} {word} trainer.max_steps=1")
