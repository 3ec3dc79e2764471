"""What the program says about itself, and to words that it does not know."""
import json
import subprocess

from program import ENVIRONMENT, HF_MODEL, IO, PROGRAM, SECONDS, TORCH_PROGRAM, USAGE, ProgramTest

OPTIONS = {
    "convert": "--input --output --format --tokenizer --precision --overwrite --hparams-file --input_name_or_path --output_path",
    "train": "--config-path --config-name --cfg --resolve restore_from_path= trainer.max_steps= model.data.data_prefix="
             " model.global_batch_size= model.optim.sched.constant_steps= exp_manager.explicit_log_dir=",
    "evaluate": "--model --data --split --mode --k --query-prompt-name --document-prompt-name --prompt-name --max-length --threads"
                " --seed --restarts --neighbours --run-file --output --format",
    "cluster": "--model --input --clusters --linkage --threshold --min-size --seed --restarts --prompt-name --max-length --threads"
               " --format",
    "paraphrases": "--model --input --pairs --neighbours --threshold --prompt-name --max-length --threads --format",
    "embed": "--model --input --output --format --prompt-name --prompt --max-length --batch-tokens --threads --device",
    "similarity": "--model --prompt-name --format --precision --devices a b",
    "search": "query --model --corpus --queries --embeddings --k --query-prompt-name --document-prompt-name --max-length --threads"
              " --format",
    "mine": "--model --data --output --corpus --split --candidates --teacher --query-prompt-name --document-prompt-name --max-length"
            " --with-scores --with-ids --report --vectors --memory --seed --threads --num-negatives --range-min --range-max --sampling"
            " --max-score --min-score --absolute-margin --relative-margin --topk-percpos --topk-abs --near-duplicate",
    "tokenize": "--model --input --max-length --pieces",
    "info": "model --format",
}


class Help(ProgramTest):
    def test_lists_the_commands_and_exit_codes(self):
        told = self.succeed("--help")
        for command in OPTIONS:
            self.assertRegex(told, rf"(?m)^  {command} +\S")
        for code in (0, 2, 3, 4, 70, 130):
            self.assertRegex(told, rf"\b{code} \w")
        listed = [line.split()[0] for line in told.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertEqual(set(listed), set(OPTIONS), "a command without a test here")

    def test_of_each_command_names_its_options(self):
        for command, names in OPTIONS.items():
            if command == "train" and not TORCH_PROGRAM:
                continue  # see programs_test.py
            told = self.succeed(command, "--help")
            for name in names.split():
                self.assertRegex(told, rf"(?m)(^|[\s,(\[]){name}", command)

    def test_version(self):
        self.assertRegex(self.succeed("--version"), r"\Asbert \d+\.\d+\.\d+\n\Z")


class UnknownWords(ProgramTest):
    def test_are_named(self):
        self.refuse(USAGE, ["frobnicate", "--help"], "frobnicate")
        self.refuse(USAGE, ["--no-such-option"], "embed", "--model", HF_MODEL, "--no-such-option")
        self.refuse(USAGE, ["--threads", "many"], "embed", "--model", HF_MODEL, "--threads", "many")
        self.refuse(USAGE, ["--model"], "tokenize")
        self.refuse(USAGE, ["--k must be at least 1: 0"], "search", "--model", HF_MODEL, "--corpus", "c.txt", "--k", "0", "q")

    def test_numbers_out_of_range_are_refused(self):
        self.write("texts.txt", "the cat\n")
        for option in ("--threads", "--max-length", "--batch-tokens"):
            self.refuse(USAGE, [option, "-1"], "embed", "--model", HF_MODEL, "--input", "texts.txt", f"{option}=-1")
        self.refuse(USAGE, ["max_length", "41"], "embed", "--model", HF_MODEL, "--input", "texts.txt", "--max-length", 41)
        self.refuse(USAGE, ["--max-length", "-1"], "tokenize", "--model", HF_MODEL, "--input", "texts.txt", "--max-length=-1")

    def test_no_command_prints_help_and_fails(self):
        done = self.sbert()
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"Commands:", done.stdout + done.stderr)


class ClosedStreams(ProgramTest):
    def test_files_are_whole_when_nothing_is_open(self):
        # The first file that is opened must not become stdout or stderr.
        self.write("texts.txt", "the cat\n")
        command = 'exec "$0" "$@" <&- >&- 2>&-'
        for code, words in ((IO, ["convert", "--input", HF_MODEL, "--output", "closed.nemo"]),  # its line on stdout is lost
                            (0, ["embed", "--model", HF_MODEL, "--input", "texts.txt", "--output", "closed.jsonl"])):
            done = subprocess.run(["sh", "-c", command, PROGRAM, *map(str, words)], cwd=self.folder, env=ENVIRONMENT, timeout=SECONDS)
            self.assertEqual(done.returncode, code)
        self.succeed("convert", "--input", HF_MODEL, "--output", "open.nemo")
        self.assertEqual((self.folder / "closed.nemo").read_bytes(), (self.folder / "open.nemo").read_bytes())
        self.assertEqual(len(json.loads((self.folder / "closed.jsonl").read_bytes())["embedding"]), 32)

    def test_help_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            for words in (["--help"], ["--version"], ["embed", "--help"], *([["train", "--help"]] if TORCH_PROGRAM else [])):
                done = subprocess.run([PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=SECONDS)
                self.assertEqual((done.returncode, done.stderr.count(b"sbert: ")), (4, 1), words)
