"""The two programs: what bin/sbert does alone, and when and how it becomes sbert-torch."""
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import unittest

from bad_input_test import GOOD, training_words
from program import ENVIRONMENT, HF_MODEL, INTERRUPTED, IO, PROGRAM, SECONDS, TORCH_PROGRAM, USAGE, ProgramTest, needs_torch

# Folders: gpu/ with a libcuda.so.1; torch/ with libraries of torch's names, empty; other-torch/ with one of another version.
FAKES = pathlib.Path(os.environ["SBERT_FAKES"])
LAUNCHED = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
# Says how it was started, reads a line, and ends as it is told.
STAND_IN = """#!/bin/sh
echo "words: $*"
echo "started by: $SBERT_STARTED_BY_VERSION"
read -r line && echo "stdin: $line"
echo ready >&2
case "$*" in *wait*) while true; do sleep 0.05; done ;; esac
exit 42
"""


def without_sanitizer(test):
    return unittest.skipIf(re.search("lib[at]san", libraries(PROGRAM)), "a sanitizer takes its own time and memory")(test)


def libraries(program):
    """-> the shared objects that the loader finds for a program, as ldd lists them, without their addresses"""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, timeout=SECONDS, check=True).stdout
    return re.sub(r" \(0x[0-9a-f]+\)", "", listed)


def peak_kilobytes(*words):
    """-> the most memory that a process had. It is counted from the fork on: hence a small process to start from."""
    starter = "import os, sys; _, _, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0); print(usage.ru_maxrss)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", starter, *words], capture_output=True, text=True, timeout=SECONDS, check=True)
    return int(done.stdout.splitlines()[-1])


class Installed(ProgramTest):
    """A copy of bin/sbert in a folder of the test's own, where it looks for an sbert-torch."""

    def setUp(self):
        super().setUp()
        self.program = self.folder / "prefix/bin/sbert"
        self.torch_program = self.folder / "prefix/libexec/sbert/sbert-torch"
        self.program.parent.mkdir(parents=True)
        shutil.copy(PROGRAM, self.program)

    def stand_in(self, script=STAND_IN):
        self.torch_program.parent.mkdir(parents=True, exist_ok=True)
        self.torch_program.write_text(script)
        self.torch_program.chmod(self.torch_program.stat().st_mode | stat.S_IXUSR)

    def run_copy(self, *words, program=None, stdin=b"", **variables):
        return subprocess.run([program or self.program, *map(str, words)], input=stdin, capture_output=True, timeout=SECONDS,
                              cwd=self.folder, env={**ENVIRONMENT, **variables})

    def assert_refused(self, done, *parts):
        message = done.stderr.decode()
        self.assertEqual(done.returncode, USAGE, message)
        self.assertRegex(message, r"\Asbert: [^\n]+\n\Z")
        for part in parts:
            self.assertIn(str(part), message)
        self.assertEqual(done.stdout, b"")


class Alone(Installed):
    def test_it_has_nothing_of_torch_or_cuda(self):
        self.assertNotRegex(libraries(PROGRAM), r"torch|c10|cuda|gomp|mkl")

    @without_sanitizer
    def test_it_starts_in_little_memory(self):
        self.assertLess(peak_kilobytes(PROGRAM, "--version"), 15 * 1024)

    def test_it_embeds_without_the_other(self):
        done = self.run_copy("similarity", "--quiet", "--model", HF_MODEL, "the cat", "the cat")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"1.0000\n", b""))

    def test_what_needs_the_other_says_so_and_where_it_was_looked_for(self):
        texts = ["embed", "--model", HF_MODEL]
        for need, words, variables in (
                ("sbert train", ["train"], {}), ("sbert train", ["train", "--help"], {}),
                ("--device cuda", [*texts, "--device", "cuda"], {}), ("--device cuda:1", [*texts, "--device", "cuda:1"], {}),
                ("--device gpu", [*texts, "--device=gpu"], {}), ("--devices 2", [*texts, "--devices", 2], {}),
                ("2 processes of a launcher", texts, LAUNCHED)):
            done = self.run_copy(*words, stdin=b"the cat\n", **variables)
            self.assert_refused(done, f"{need} needs sbert-torch, which is not installed", self.torch_program, "./run build")

    def test_a_launcher_is_nothing_to_commands_that_share_no_work(self):
        for words in (["similarity", "the cat", "the cat"], ["cluster", "--input", "-", "--threshold", "0.5"], ["paraphrases", "--input", "-"]):
            done = self.run_copy(*words, "--quiet", "--model", HF_MODEL, stdin=b"the cat\nthe cat\n", **LAUNCHED)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertNotEqual(done.stdout, b"")

    def test_options_that_do_not_go_together_are_refused_before(self):
        for words, parts in ((["--device", "tpu"], ["--device", "auto, cpu, cuda or cuda:N: tpu"]),
                             (["--device", "cuda", "--precision", "int8"], ["--precision int8 is for the CPU", "cuda"]),
                             (["--device", "cpu", "--precision", "bf16"], ["--precision bf16 is for GPUs"]),
                             (["--devices", "0"], ["--devices must be at least 1: 0"])):
            self.assert_refused(self.run_copy("embed", "--model", HF_MODEL, *words), *parts)

    def test_a_gpu_is_noted_and_not_used(self):
        words = ["similarity", "--model", HF_MODEL, "the cat", "the cat"]
        gpu = {"LD_LIBRARY_PATH": str(FAKES / "gpu")}
        for more, variables, notes in (([], gpu, 1), (["--quiet"], gpu, 0), (["--device", "cpu"], gpu, 0),
                                       (["--precision", "int8"], gpu, 0), ([], {**gpu, "CUDA_VISIBLE_DEVICES": ""}, 0),
                                       ([], {**gpu, "CUDA_VISIBLE_DEVICES": "-1"}, 0)):
            done = self.run_copy(*words, *more, **variables)
            self.assertEqual((done.returncode, done.stdout), (0, b"1.0000\n"), done.stderr)
            self.assertEqual(done.stderr.count(b"the GPU needs sbert-torch, which is not installed"), notes, (more, variables))


class Becoming(Installed):
    """bin/sbert becomes whatever lies where sbert-torch is looked for."""

    def test_words_streams_and_exit_code_are_handed_on(self):
        self.stand_in()
        for words, variables in ((["train", "a=b c", "--quiet"], {}), (["--quiet", "train", "--help"], {}),
                                 (["embed", "--model", "m", "--device", "cuda"], {}),
                                 (["evaluate", "sts", "--model", "m", "--data", "d", "--devices", "3", "--quiet"], {}),
                                 (["embed", "--model", "m"], LAUNCHED),
                                 (["cluster", "--model", "m", "--clusters", "2"], {"LD_LIBRARY_PATH": str(FAKES / "gpu")})):
            done = self.run_copy(*words, stdin=b"first\nsecond\n", **variables)
            printed = done.stdout.decode().splitlines()
            self.assertEqual(done.returncode, 42, done.stderr)
            self.assertEqual(printed[0], "words: " + " ".join(words))
            self.assertRegex(printed[1], r"\Astarted by: \d+\.\d+\.\d+\Z")
            self.assertEqual(printed[2:], ["stdin: first"])

    def test_links_to_the_program_lead_to_the_same(self):
        self.stand_in()
        (self.folder / "links").mkdir()
        (self.folder / "links/sbert").symlink_to(self.program)
        (self.folder / "links/again").symlink_to("sbert")
        for link in ("links/sbert", "links/again"):
            self.assertEqual(self.run_copy("train", program=self.folder / link).returncode, 42)

    def test_signals_reach_it(self):
        self.stand_in()
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([self.program, "train", "wait"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
                process.stderr.readline()
                process.send_signal(number)
                # A shell that a signal ends, unlike sbert-torch, says so by its status.
                self.assertIn(process.wait(SECONDS), (-number, 128 + number))

    def test_one_that_cannot_be_started_is_an_error(self):
        self.stand_in("this is no program")
        self.torch_program.chmod(0o600)
        done = self.run_copy("train")
        self.assertEqual(done.returncode, IO, done.stderr)
        self.assertIn(f"cannot start {self.torch_program}: ", done.stderr.decode())


@needs_torch
class Both(ProgramTest):
    def test_versions_are_told_and_must_be_the_same(self):
        version = re.fullmatch(r"sbert (\S+)\n", self.succeed("--version"))[1]
        done = subprocess.run([TORCH_PROGRAM, "--version"], capture_output=True, text=True, env=ENVIRONMENT, timeout=SECONDS)
        self.assertRegex(done.stdout, rf"\Asbert-torch {re.escape(version)} \(libtorch \d+\.\d+\.\d+\)\n\Z")
        for starter, code in (("0.0.1", USAGE), (version, 0)):
            done = subprocess.run([TORCH_PROGRAM, "train", "--help"], capture_output=True, text=True, timeout=SECONDS,
                                  env={**ENVIRONMENT, "SBERT_STARTED_BY_VERSION": starter})
            self.assertEqual(done.returncode, code, done.stderr)
        done = subprocess.run([TORCH_PROGRAM, "info", HF_MODEL], capture_output=True, text=True, timeout=SECONDS,
                              env={**ENVIRONMENT, "SBERT_STARTED_BY_VERSION": "0.0.1"})
        self.assertEqual(done.returncode, USAGE)
        self.assertRegex(done.stderr, rf"\Asbert: [^\n]*version 0\.0\.1 and sbert-torch version {re.escape(version)}[^\n]*\n\Z")

    def test_each_command_prints_the_same_in_both(self):
        self.write("texts.txt", "the cat\na vector search\nhello world\n")
        for words in (["info", HF_MODEL], ["tokenize", "--model", HF_MODEL, "--input", "texts.txt"],
                      ["embed", "--model", HF_MODEL, "--input", "texts.txt", "--device", "cpu"],
                      ["paraphrases", "--model", HF_MODEL, "--input", "texts.txt", "--device", "cpu"]):
            done = subprocess.run([TORCH_PROGRAM, *map(str, words)], capture_output=True, cwd=self.folder, env=ENVIRONMENT,
                                  timeout=SECONDS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.decode(), self.succeed(*words))

    def test_another_torch_in_the_environment_is_not_taken(self):
        done = subprocess.run([PROGRAM, "train", "--help"], capture_output=True, text=True, timeout=SECONDS,
                              env={**ENVIRONMENT, "LD_LIBRARY_PATH": str(FAKES / "torch")})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("restore_from_path", done.stdout)

    @without_sanitizer  # which wants to be the first library
    def test_another_torch_that_was_loaded_is_an_error(self):
        other = FAKES / "other-torch/libtorch_cpu.so"
        done = subprocess.run([TORCH_PROGRAM, "train", "--help"], capture_output=True, text=True, timeout=SECONDS,
                              env={**ENVIRONMENT, "LD_PRELOAD": str(other)})
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertRegex(done.stderr, rf"\Asbert: [^\n]*built with libtorch \d[^\n]* 2\.9\.1 was loaded: {re.escape(str(other))}[^\n]*\n\Z")

    def test_a_gpu_that_cannot_be_used_is_refused_by_name_and_passed_over_by_auto(self):
        self.write("texts.txt", "the cat\n")
        words = ["embed", "--model", HF_MODEL, "--input", "texts.txt"]
        variables = {**ENVIRONMENT, "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run([PROGRAM, *map(str, words), "--device", "cuda"], capture_output=True, text=True, timeout=SECONDS,
                              cwd=self.folder, env=variables)
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("--device: no GPU can be used as cuda", done.stderr)
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=SECONDS, cwd=self.folder,
                              env=variables)
        self.assertEqual((done.returncode, done.stdout), (0, self.succeed(*words, "--device", "cpu")), done.stderr)

    def test_a_stop_signal_in_the_midst_of_the_change_is_seen(self):
        self.write("train.json", json.dumps([GOOD, GOOD]))
        words = training_words("run", HF_MODEL, "train.json", "trainer.max_steps=100000")
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, cwd=self.folder, env=ENVIRONMENT) as process:
                while os.readlink(f"/proc/{process.pid}/exe") != os.path.realpath(TORCH_PROGRAM):
                    time.sleep(0.001)
                process.send_signal(number)
                errors = process.stderr.read().decode()
                self.assertIn(process.wait(SECONDS), (0, INTERRUPTED), errors)  # stopped with its state saved, or before


if __name__ == "__main__":
    unittest.main()
