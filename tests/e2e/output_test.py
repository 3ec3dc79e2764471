"""Where the programs write: links, FIFOs, devices, closed streams, and what a signal leaves behind."""
import os
import pathlib
import signal
import stat
import subprocess
import threading

from program import ENVIRONMENT, HF_MODEL, INTERRUPTED, IO, PROGRAM, SECONDS, ProgramTest, needs_torch
from bad_input_test import GOOD, training_words


class Output(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("texts.txt", "the cat\nhello world\n")
        self.words = ["embed", "--model", HF_MODEL, "--input", "texts.txt", "--output"]

    def test_links_are_followed_and_stay(self):
        self.succeed(*self.words, "expected.npy")
        (self.folder / "elsewhere").mkdir()
        (self.folder / "elsewhere/real.npy").write_bytes(b"old")
        for name, target in (("link.npy", "elsewhere/real.npy"), ("new.npy", "elsewhere/new.npy")):
            (self.folder / name).symlink_to(target)
            self.succeed(*self.words, name)
            self.assertTrue((self.folder / name).is_symlink())
            self.assertEqual((self.folder / target).read_bytes(), (self.folder / "expected.npy").read_bytes())

    def test_a_fifo_gets_what_a_file_would(self):
        os.mkfifo(self.folder / "fifo")
        for form in ("npy", "jsonl"):
            self.succeed(*self.words, "expected", "--format", form)
            received = []
            reader = threading.Thread(target=lambda: received.append((self.folder / "fifo").read_bytes()))
            reader.start()
            self.succeed(*self.words, "fifo", "--format", form)
            reader.join(SECONDS)
            self.assertEqual(received, [(self.folder / "expected").read_bytes()])
            self.assertTrue(stat.S_ISFIFO((self.folder / "fifo").stat().st_mode))

    def test_devices_stay(self):
        for device in ("/dev/null", "/dev/full"):
            (self.folder / "device").unlink(missing_ok=True)
            (self.folder / "device").symlink_to(device)
            for path in (device, "device"):
                done = self.sbert(*self.words, path)
                self.assertEqual(done.returncode, 0 if device == "/dev/null" else IO, done.stderr)
                self.assertTrue(pathlib.Path(device).is_char_device())

    def test_dev_stdout_is_written_from_where_it_stands(self):
        expected = self.succeed(*self.words, "-")
        with open(self.folder / "log", "ab") as log:
            log.write(b"before\n")
            log.flush()
            for _ in range(2):
                subprocess.run([PROGRAM, *map(str, self.words), "/dev/stdout", "--format", "jsonl"], stdout=log, check=True,
                               cwd=self.folder, env=ENVIRONMENT, timeout=SECONDS, stderr=subprocess.DEVNULL)
        self.assertEqual((self.folder / "log").read_text(), "before\n" + 2 * expected)

    def test_permissions_of_what_is_replaced_stay(self):
        self.write("out.npy", "old").chmod(0o600)
        self.succeed(*self.words, "out.npy")
        self.assertEqual((self.folder / "out.npy").stat().st_mode & 0o777, 0o600)

    def run_with_closed(self, redirection, *words):
        command = " ".join(["exec", '"$@"', redirection])
        return subprocess.run(["bash", "-c", command, "bash", PROGRAM, *map(str, words)], capture_output=True, cwd=self.folder,
                              env=ENVIRONMENT, timeout=SECONDS)

    def test_a_closed_stream_that_is_needed_is_an_error(self):
        done = self.run_with_closed(">&-", "embed", "--quiet", "--model", HF_MODEL, "--input", "texts.txt")
        self.assertEqual((done.returncode, done.stderr), (IO, b"sbert: cannot write to stdout\n"))
        done = self.run_with_closed("<&-", "embed", "--quiet", "--model", HF_MODEL)
        self.assertEqual((done.returncode, done.stdout), (IO, b""))
        self.assertIn(b"stdin: cannot read", done.stderr)
        for redirection in (">&-", "<&-", "2>&-", ">&- <&- 2>&-"):
            done = self.run_with_closed(redirection, *self.words, "out.npy")
            self.assertEqual(done.returncode, 0, redirection)

    def test_a_closed_terminal_leaves_no_temporary_file(self):
        self.write("many.txt", "the cat sat on the mat and said hello world\n" * 100_000)
        with subprocess.Popen([PROGRAM, "embed", "--model", HF_MODEL, "--input", "many.txt", "--output", "out.jsonl", "--threads", "1"],
                              stderr=subprocess.PIPE, cwd=self.folder, env=ENVIRONMENT) as process:
            while process.poll() is None and not list(self.folder.glob("out.jsonl.tmp-*")):
                os.sched_yield()
            process.send_signal(signal.SIGHUP)
            process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertEqual(sorted(self.tree()), ["many.txt", "texts.txt"])


@needs_torch
class LogFolder(ProgramTest):
    def test_a_second_run_is_refused_and_told_who_is_there(self):
        self.write_lines("train.jsonl", [GOOD, GOOD])
        words = training_words("run", HF_MODEL, "train.jsonl", "trainer.max_steps=1000000")
        with subprocess.Popen([PROGRAM, *map(str, words)], stderr=subprocess.DEVNULL, cwd=self.folder, env=ENVIRONMENT) as process:
            while process.poll() is None and not (self.folder / "run/metrics.jsonl").exists():
                os.sched_yield()
            done = self.sbert(*training_words("run", HF_MODEL, "train.jsonl"), "--quiet")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(SECONDS), INTERRUPTED)
        self.assertEqual(done.returncode, IO, done.stderr)
        self.assertIn(f"run: another run writes here: process {process.pid} on ".encode(), done.stderr)
        self.assertFalse((self.folder / "run/run_0").exists(), "the logs of the first run stay where they are")
        self.assertFalse((self.folder / "run/.lock").exists())

    def test_what_a_user_laid_into_the_folder_stays(self):
        self.write_lines("train.jsonl", [GOOD, GOOD])
        names = ["run/last-model/notes.txt", "run/notes.tmp-draft", "run/checkpoints/x.tmp-y"]
        for name in names:
            self.write(name, "precious")
        self.succeed(*training_words("run", HF_MODEL, "train.jsonl",
                                     "exp_manager.checkpoint_callback_params.save_sentence_transformers_on_train_end=True"))
        for name in names:
            self.assertEqual((self.folder / name).read_text(), "precious")
        self.assertTrue((self.folder / "run/last-model/modules.json").exists())
