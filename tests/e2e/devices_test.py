"""Train on several processes: the run of one process, whoever starts them; and what happens when one of them goes away."""
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import time

from program import ENVIRONMENT, HF_MODEL, INPUT, INTERRUPTED, IO, PROGRAM, SECONDS, USAGE, ProgramTest, needs_torch, read_safetensors
from train_test import examples

SHARED_OUT = ["model.optim.name=distributed_fused_adam"]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@needs_torch
class Training(ProgramTest):
    """Runs on a small file of training examples."""

    def setUp(self):
        super().setUp()
        self.write("train.json", json.dumps(examples(60)))

    def words(self, folder, *more):
        return ["train", f"restore_from_path={HF_MODEL}", "model.data.data_prefix=train.json", f"exp_manager.explicit_log_dir={folder}",
                "model.data.evaluation_sample_size=8", "model.encoder_seq_length=32", "model.global_batch_size=8",
                "model.micro_batch_size=2", "trainer.max_steps=50", "trainer.log_every_n_steps=1", "trainer.val_check_interval=25",
                "model.optim.sched.warmup_steps=10", "model.optim.sched.constant_steps=0", "trainer.process_timeout_s=60", *more]

    def metrics(self, folder, name):
        lines = map(json.loads, (self.folder / folder / "metrics.jsonl").read_text().splitlines())
        return [line[name] for line in lines if name in line]

    def losses(self, folder):
        return self.metrics(folder, "reduced_train_loss")

    def assert_same_training(self, folder, reference):
        ours, theirs = self.losses(folder), self.losses(reference)
        self.assertEqual(len(ours), len(theirs))
        for a, b in zip(ours, theirs):
            self.assertLess(abs(a - b), 1e-5 * abs(b))
        ours, theirs = (self.weights(each) for each in (folder, reference))
        for name, values in theirs.items():
            self.assertLess(max(abs(a - b) for a, b in zip(ours[name], values)), 1e-4, name)

    def weights(self, folder):
        tensors = read_safetensors((self.folder / folder / "last-model/model.safetensors").read_bytes())
        return {name: struct.unpack(f"<{len(data) // 4}f", data) for name, (_, _, data) in tensors.items()}


class Devices(Training):
    def last_state(self, folder):
        (path,) = (self.folder / folder / "checkpoints").glob("*-last.ckpt")
        return read_safetensors(path.read_bytes())

    def stopped(self, step, *words):
        """Asks a run to stop when it says that it validated at a step."""
        with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if line.startswith(f"step {step}:"):
                    process.send_signal(signal.SIGTERM)
                    break
            lines += process.stderr.readlines()
            self.assertEqual(process.wait(SECONDS), INTERRUPTED, "".join(lines))
        self.assertRegex("".join(lines), r"stopped after step \d+; the state is saved")

    def resumed(self, *words):
        """Runs to the end. -> what it says"""
        done = self.sbert(*words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertRegex(done.stderr.decode(), r"resuming from \S+ at step \d+")

    def test_two_and_four_processes_train_as_one(self):
        self.succeed(*self.words("one"))
        for count in (2, 4):
            self.succeed(*self.words(f"of-{count}", f"trainer.devices={count}"))
            self.assert_same_training(f"of-{count}", "one")

        def names(folder):
            return sorted(name.partition(".tfevents.")[0] for name in os.listdir(self.folder / folder))
        self.assertEqual(names("of-2"), names("one"))
        # What processes send each other is on record; a process on its own sends nothing.
        (alone, of_2, of_4) = (self.metrics(folder, "communication_bytes_per_step") for folder in ("one", "of-2", "of-4"))
        self.assertEqual(alone, [])
        self.assertEqual(len(of_2), 50)
        for two, four in zip(of_2[1:], of_4[1:]):  # gradients: 8 P (W - 1) / W bytes, the rest is small
            self.assertGreater(two, 0)
            self.assertAlmostEqual(four / two, 1.5, delta=0.1)
        for share in self.metrics("of-2", "communication_wait_share"):
            self.assertTrue(0 < share < 1, share)

    def test_losses_without_parts_masks_memory_and_mining_are_shared_too(self):
        words = ["+model.loss.name=triplet", "++model.data.hard_negatives_to_train=2", "trainer.max_steps=10"]
        self.write("train.json", json.dumps([each for each in examples(80) if len(each["neg_doc"]) > 1]))
        self.succeed(*self.words("triplet-1", *words))
        self.succeed(*self.words("triplet-2", *words, "trainer.devices=2"))
        self.assert_same_training("triplet-2", "triplet-1")
        words = ["+model.loss.memory_size=20", "+model.loss.mask_same_text=True", "+model.loss.symmetric=True",
                 "+model.loss.learn_temperature=True", "+model.mining.refresh_every_n_steps=6", "+model.mining.near_duplicate=0",
                 "trainer.max_steps=14"]
        self.succeed(*self.words("mined-1", *words))
        self.succeed(*self.words("mined-2", *words, "trainer.devices=2"))
        self.assert_same_training("mined-2", "mined-1")

    def test_an_optimizer_that_is_shared_out_trains_as_one_that_is_not(self):
        self.succeed(*self.words("one"))
        for count in (1, 2, 4):
            self.succeed(*self.words(f"of-{count}", f"trainer.devices={count}", *SHARED_OUT))
            self.assert_same_training(f"of-{count}", "one")
            shapes = [{name: (type_, shape) for name, (type_, shape, _) in self.last_state(folder).items()}
                      for folder in (f"of-{count}", "one")]
            self.assertEqual(*shapes)  # written once, whole
            if count == 2:  # the sums of a part's gradients and the values of the other cost what all sums do
                self.succeed(*self.words("whole-2", "trainer.devices=2", "trainer.max_steps=5"))
                ours, theirs = (self.metrics(folder, "communication_bytes_per_step")[2] for folder in ("of-2", "whole-2"))
                self.assertAlmostEqual(ours / theirs, 1, delta=0.02)
            self.assertIn("optimizer.exp_avg.embeddings.word_embeddings.weight", shapes[0])

    def test_negatives_of_micro_batches_and_local_backprop_are_those_of_one_process_too(self):
        self.succeed(*self.words("global"))
        for name, words in (("each", ["+model.global_inbatch_negatives=False"]), ("local", ["+model.backprop_type=local"])):
            self.succeed(*self.words(f"{name}-1", *words))
            self.assertNotEqual(self.metrics(f"{name}-1", "grad_norm"), self.metrics("global", "grad_norm"))
            for count in (2, 4):
                self.succeed(*self.words(f"{name}-{count}", *words, f"trainer.devices={count}"))
                self.assert_same_training(f"{name}-{count}", f"{name}-1")
        whole, local = (self.metrics(folder, "grad_norm")[0] for folder in ("global", "local-4"))
        self.assertAlmostEqual(whole / local, 4, places=4)  # 8 questions in micro batches of 2

    def test_a_run_stops_on_two_processes_and_goes_on_on_one(self):
        self.succeed(*self.words("whole", "trainer.val_check_interval=5"))
        words = self.words("moved", "trainer.val_check_interval=5")
        self.stopped(10, *words, "trainer.devices=2")
        self.stopped(30, *words, "trainer.devices=2")
        self.resumed(*words)
        self.assert_same_training("moved", "whole")

    def test_a_state_that_is_shared_out_goes_on_on_any_number_of_processes(self):
        self.succeed(*self.words("whole", "trainer.val_check_interval=5"))
        words = self.words("moved", "trainer.val_check_interval=5")
        self.stopped(10, *words, "trainer.devices=4", *SHARED_OUT)
        self.stopped(25, *words, "trainer.devices=2", *SHARED_OUT)
        self.stopped(35, *words, "trainer.devices=4")
        self.resumed(*words, "trainer.devices=2", *SHARED_OUT)
        self.assert_same_training("moved", "whole")

    def test_a_stop_while_the_work_is_shared_leaves_nobody_waiting(self):
        self.write("corpus.txt", "".join(row["pos_doc"][0] + " again\n" for row in examples(3000)))
        self.write_lines("pairs.jsonl", [{"text1": "a cat", "text2": "the cat", "score": i % 5} for i in range(300)])
        words = self.words("stopped", "trainer.devices=2", "trainer.max_steps=2000", "trainer.val_check_interval=1",
                           "trainer.evaluators=[{task: sts, data: pairs.jsonl}]", "+model.mining.refresh_every_n_steps=1",
                           "+model.mining.pool=corpus.txt", "+model.mining.near_duplicate=0")
        for line_start in ("mining negatives for", "step "):
            with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
                lines = []
                for line in process.stderr:
                    lines.append(line)
                    if line.startswith(line_start):
                        os.kill(children(process.pid)[1], signal.SIGTERM)  # one of them alone: all leave
                        break
                lines += process.stderr.readlines()
                self.assertEqual(process.wait(SECONDS), INTERRUPTED, "".join(lines))
            self.assertRegex("".join(lines), r"stopped after step \d+; the state is saved")

    def test_a_signal_ends_the_wait_for_the_others(self):
        words = self.words("alone")
        for rank in (0, 1):  # the one that keeps the store, and one that looks for it
            for number in (signal.SIGINT, signal.SIGTERM):
                variables = {**ENVIRONMENT, "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1",
                             "MASTER_PORT": str(free_port())}
                with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=variables) as process:
                    while "libtorch_cpu" not in pathlib.Path(f"/proc/{process.pid}/maps").read_text():
                        time.sleep(0.01)
                    time.sleep(0.3)
                    process.send_signal(number)
                    errors = process.stderr.read()
                    self.assertEqual(process.wait(SECONDS), INTERRUPTED, errors)
                self.assertIn("interrupted", errors)

    def test_processes_that_share_an_embedding_leave_as_one_does_whenever_they_are_stopped(self):
        self.write("texts.txt", "".join(row["pos_doc"][0] + "\n" for row in examples(20_000)))
        words = ["embed", "--model", HF_MODEL, "--input", "texts.txt", "--output", "a.npy", "--devices", "2"]
        for seconds in (0, 0.05, 0.2, 0.5, 1, 1.5):
            with subprocess.Popen([PROGRAM, *map(str, words)], stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                  env=ENVIRONMENT) as process:
                any(line.startswith("starting 2 processes") for line in process.stderr)
                time.sleep(seconds)
                process.send_signal(signal.SIGTERM)
                errors = process.stderr.read()
                self.assertIn(process.wait(SECONDS), (0, INTERRUPTED), errors)  # 0: it was done before
                self.assertTrue(process.returncode == 0 or "interrupted" in errors, errors)

    def start_ranks(self, size, words_of):
        """Starts processes as a launcher would. -> one for each rank"""
        port = str(free_port())
        return [subprocess.Popen([PROGRAM, *words_of(rank)], stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                 env={**ENVIRONMENT, "RANK": str(rank), "WORLD_SIZE": str(size), "LOCAL_RANK": str(rank),
                                      "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}) for rank in range(size)]

    def test_the_others_name_the_one_that_was_killed(self):
        for killed, cause in ((2, "process 2 of 3 is gone or out of reach"),
                              (0, "process 0 of 3, which keeps the store, cannot be reached at 127.0.0.1")):
            words = self.words(f"killed-{killed}", "model.global_batch_size=12", "trainer.max_steps=5000", "trainer.val_check_interval=10")
            ranks = self.start_ranks(3, lambda _, words=words: words)
            any(line.startswith("step 10:") for line in ranks[0].stderr)
            ranks[killed].kill()
            started = time.monotonic()
            for rank, process in enumerate(ranks):
                errors = process.stderr.read()
                process.stderr.close()
                code = process.wait(SECONDS)
                if rank != killed:
                    self.assertEqual(code, IO, errors)
                    self.assertRegex(errors, rf"sbert: rank {rank} of 3: cannot [a-z' ]+: {cause}")
            self.assertLess(time.monotonic() - started, 40)

    def test_the_others_say_what_the_one_said_that_failed(self):
        self.write("bad.json", "[]")
        ranks = self.start_ranks(2, lambda rank: self.words("bad", *(["model.data.data_prefix=bad.json"] if rank == 1 else [])))
        errors = [process.communicate(timeout=SECONDS)[1] for process in ranks]
        own = errors[1].splitlines()[-1].removeprefix("sbert: ")
        self.assertIn("bad.json", own)
        self.assertIn(f": process 1 of 2 failed: {own}\n", errors[0])
        self.assertEqual([process.returncode for process in ranks], [INPUT, INPUT])

    def test_processes_that_others_start_find_each_other(self):
        self.succeed(*self.words("one"))
        port = str(free_port())
        launchers = [
            lambda rank: {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port},
            lambda rank: {"SLURM_PROCID": str(rank), "SLURM_STEP_NUM_TASKS": "2", "SLURM_LOCALID": str(rank),
                          "SLURM_STEP_NODELIST": "127.0.0.1", "SLURM_JOB_ID": str(os.getpid())},
        ]
        for number, variables in enumerate(launchers):
            folder = f"started-{number}"
            processes = [subprocess.Popen([PROGRAM, *self.words(folder)], stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                          env={**ENVIRONMENT, **variables(rank)}) for rank in range(2)]
            for process in processes:
                _, errors = process.communicate(timeout=SECONDS)
                self.assertEqual(process.returncode, 0, errors)
            self.assert_same_training(folder, "one")

    def test_when_a_process_is_killed_all_stop_and_its_rank_is_named(self):
        words = self.words("killed", "trainer.devices=3", "model.global_batch_size=12", "trainer.max_steps=5000",
                           "trainer.val_check_interval=10")
        with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
            any(line.startswith("step 10:") for line in process.stderr)
            workers = children(process.pid)
            self.assertEqual(len(workers), 3)
            os.kill(workers[1], signal.SIGKILL)
            started = time.monotonic()
            errors = process.stderr.read()
            code = process.wait(SECONDS)
        self.assertLess(time.monotonic() - started, 40)
        self.assertNotEqual(code, 0)
        self.assertRegex(errors, r"process 1 of 3 was ended by signal 9")
        for worker in workers:
            self.assertFalse(os.path.exists(f"/proc/{worker}"), "an orphan")
        # What was saved is good.
        self.resumed(*self.words("killed", "model.global_batch_size=12", "trainer.max_steps=60", "trainer.val_check_interval=10"))

    def test_no_worker_outlives_its_starter(self):
        words = self.words("orphans", "trainer.devices=2", "trainer.max_steps=5000")
        with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
            any(line.startswith("training on") for line in process.stderr)
            workers = children(process.pid)
            process.kill()
            process.stderr.read()
        for _ in range(100):
            if not any(os.path.exists(f"/proc/{worker}") for worker in workers):
                return
            time.sleep(0.1)
        self.fail("orphans")

    def test_what_cannot_work_is_said_before_training(self):
        self.refuse(USAGE, ["model.global_batch_size must be a multiple"], *self.words("a", "trainer.devices=3"))
        environment = {**ENVIRONMENT, "RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1",
                       "MASTER_PORT": str(free_port())}
        run = subprocess.run([PROGRAM, *self.words("b", "trainer.devices=2")], stderr=subprocess.PIPE, text=True, cwd=self.folder,
                             env=environment, timeout=SECONDS, check=False)
        self.assertEqual(run.returncode, USAGE)
        self.assertIn("number of processes that were started: 4", run.stderr)
        # A rank whose others never come.
        run = subprocess.run([PROGRAM, *self.words("c", "trainer.process_timeout_s=2")], stderr=subprocess.PIPE, text=True,
                             cwd=self.folder, env=environment, timeout=SECONDS, check=False)
        self.assertEqual(run.returncode, IO)
        self.assertTrue(re.search(r"rank 1 of 4: cannot join at 127\.0\.0\.1", run.stderr), run.stderr)
