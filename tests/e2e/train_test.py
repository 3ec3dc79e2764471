"""Train: NeMo's own command, a run that is stopped and goes on, and what it leaves behind."""
import json
import random
import re
import shlex
import shutil
import signal
import subprocess
import time

from program import (ENVIRONMENT, HF_MODEL, INTERRUPTED, IO, PROGRAM, SECONDS, USAGE, ProgramTest, needs_torch, read_npy, read_safetensors)

WORDS = "the cat sat on mat query passage hello world vector search text model train a of and".split()
def is_timing(name):
    """The clock's, not the run's."""
    return name.endswith("timing in s") or name == "tokens_per_second" or name.startswith("time_share/")


MODEL_NAME = "checkpoints/megatron_bert.nemo"


def examples(count):
    rng = random.Random(count)

    def text(words):
        return " ".join(rng.choices(WORDS, k=words))
    return [{"question": text(4), "pos_doc": [text(8)], "neg_doc": [text(8) for _ in range(i % 4)]} for i in range(count)]


@needs_torch
class Train(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("train.json", json.dumps(examples(60)))

    def words(self, folder, *more):
        return ["train", f"restore_from_path={HF_MODEL}", "model.data.data_prefix=train.json", f"exp_manager.explicit_log_dir={folder}",
                "model.data.evaluation_sample_size=8", "model.encoder_seq_length=32", "model.global_batch_size=4",
                "model.micro_batch_size=2", "trainer.max_steps=120", "trainer.log_every_n_steps=1", "trainer.val_check_interval=20",
                "model.optim.sched.warmup_steps=10", "model.optim.sched.constant_steps=0", *more]

    def metrics(self, folder):
        """-> the lines of metrics.jsonl without the clock's values"""
        lines = [json.loads(line) for line in (self.folder / folder / "metrics.jsonl").read_text().splitlines()]
        return [{key: value for key, value in line.items() if not is_timing(key)} for line in lines]

    def signal_at(self, line_start, number, words):
        """Runs and sends the signal when a line with this beginning comes. -> exit code and all of stderr"""
        lines = []
        with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
            for line in process.stderr:
                lines.append(line)
                if line.startswith(line_start):
                    process.send_signal(number)
                    break
            lines += process.stderr.readlines()
            return process.wait(SECONDS), "".join(lines)

    def kill_again_and_again(self, words, times, most):
        """Starts a run in `killed` so many times and kills it after 0 to `most` validations, at a random instant before the
        next one: by the run's own pace, so that it does not come to its end on a fast machine nor hang on a busy one."""
        rng = random.Random(1)
        seconds, seen = 0.02, 1  # of all validations so far
        for _ in range(times):
            validations = rng.randint(0, most)
            with subprocess.Popen([PROGRAM, *words], stderr=subprocess.PIPE, text=True, cwd=self.folder, env=ENVIRONMENT) as process:
                any(line.startswith("training on") for line in process.stderr)
                start = time.monotonic()
                for _ in range(validations):
                    any(line.startswith("step ") for line in process.stderr)
                seconds, seen = seconds + time.monotonic() - start, seen + validations
                time.sleep(rng.uniform(0, seconds / seen))
                process.kill()
                process.stderr.read()
            self.assertEqual(process.returncode, -signal.SIGKILL)

    def assert_same_run(self, folder, reference):
        self.assertEqual((self.folder / folder / MODEL_NAME).read_bytes(), (self.folder / reference / MODEL_NAME).read_bytes())
        self.assertEqual(self.metrics(folder), self.metrics(reference))

        def checkpoints(run):
            return {path.name: path.read_bytes() for path in (self.folder / run / "checkpoints").iterdir()
                    if path.suffix in (".ckpt", ".negatives")}
        self.assertEqual(checkpoints(folder), checkpoints(reference))
        self.assertEqual([name for name in self.tree() if ".tmp" in name], [])

    def test_a_stopped_run_goes_on_to_the_same_bytes(self):
        self.succeed(*self.words("whole"))

        code, errors = self.signal_at("step 20:", signal.SIGINT, self.words("stopped"))
        self.assertEqual(code, INTERRUPTED, errors)
        self.assertRegex(errors.splitlines()[-1], r"\Astopped after step \d+; the state is saved")
        self.assertNotIn("sbert: ", errors)
        self.assertFalse((self.folder / "stopped" / MODEL_NAME).exists())
        code, errors = self.signal_at("step 60:", signal.SIGTERM, self.words("stopped"))
        self.assertEqual(code, INTERRUPTED, errors)
        self.assertRegex(errors, r"resuming from \S+ at step \d+")
        self.succeed(*self.words("stopped"))
        self.assert_same_run("stopped", "whole")

        # Run again: nothing to do.
        before = self.metrics("whole"), (self.folder / "whole" / MODEL_NAME).read_bytes()
        self.succeed(*self.words("whole"))
        self.assertEqual((self.metrics("whole"), (self.folder / "whole" / MODEL_NAME).read_bytes()), before)

    def test_a_run_killed_again_and_again_ends_with_the_same_bytes(self):
        words = ["trainer.val_check_interval=4", "trainer.max_steps=320"]
        self.succeed(*self.words("whole", *words))
        self.write("killed/hparams.yaml.tmp-1-0", "half")  # as a run leaves that was killed while it wrote this file
        self.kill_again_and_again(self.words("killed", *words), times=20, most=4)
        self.succeed(*self.words("killed", *words))
        self.assert_same_run("killed", "whole")

    def test_mined_negatives_and_the_memory_of_a_killed_run_are_those_of_a_whole_one(self):
        self.write("corpus.txt", "".join(row["pos_doc"][0] + " again\n" for row in examples(40)))
        words = ["trainer.val_check_interval=4", "trainer.max_steps=64", "+model.mining.refresh_every_n_steps=6",
                 "+model.mining.pool=corpus.txt", "+model.mining.near_duplicate=0", "+model.mining.mix.random=0.25",
                 "+model.mining.mix.old=0.25", "+model.loss.memory_size=50"]
        self.succeed(*self.words("whole", *words))
        mined = [line for line in self.metrics("whole") if "mining/changed" in line]
        self.assertEqual([line["step"] for line in mined], list(range(1, 64, 6)))
        self.assertEqual(mined[0]["mining/changed"], 1)
        self.assertEqual([path.name for path in (self.folder / "whole/checkpoints").glob("*.negatives")],
                         ["megatron_bert--step=60.negatives"])
        self.kill_again_and_again(self.words("killed", *words), times=8, most=4)
        self.succeed(*self.words("killed", *words))
        self.assert_same_run("killed", "whole")

    def test_a_stop_while_negatives_are_mined_saves_and_leaves(self):
        self.write("corpus.txt", "".join(f"{row['pos_doc'][0]} {i}\n" for i, row in enumerate(examples(20_000))))
        words = ["trainer.max_steps=9", "+model.mining.refresh_every_n_steps=3", "+model.mining.start_step=3",
                 "+model.mining.pool=corpus.txt"]
        self.succeed(*self.words("whole", *words))
        code, errors = self.signal_at("mining negatives for", signal.SIGINT, self.words("stopped", *words))
        self.assertEqual(code, INTERRUPTED, errors)
        self.assertTrue(errors.splitlines()[-1].startswith("stopped after step 3; the state is saved"), errors)
        self.assertEqual(list((self.folder / "stopped/checkpoints").glob("*.negatives")), [])
        self.succeed(*self.words("stopped", *words))
        self.assertEqual((self.folder / "stopped" / MODEL_NAME).read_bytes(), (self.folder / "whole" / MODEL_NAME).read_bytes())
        self.assertEqual(self.metrics("stopped"), self.metrics("whole"))

    def test_a_full_disk_ends_the_run_and_leaves_the_state_before_it(self):
        words = ["trainer.val_check_interval=2", "trainer.max_steps=6", "exp_manager.create_tensorboard_logger=False"]
        self.succeed(*self.words("whole", *words))
        self.succeed(*self.words("full", *words, "trainer.max_steps=2", "exp_manager.checkpoint_callback_params.save_top_k=0"))
        (last,) = (self.folder / "full/checkpoints").glob("*-last.ckpt")
        before = last.read_bytes()
        limit = len(before) // 2048  # in blocks of 1,024 bytes: half of a checkpoint fits into a file

        quoted = " ".join(map(shlex.quote, [PROGRAM, *self.words("full", *words)]))
        done = subprocess.run(["bash", "-c", f"trap '' XFSZ; ulimit -f {limit}; exec {quoted}"], cwd=self.folder, env=ENVIRONMENT,
                              stderr=subprocess.PIPE, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, IO, done.stderr)
        self.assertIn("-last.ckpt", done.stderr.splitlines()[-1])
        self.assertEqual(last.read_bytes(), before)
        self.assertEqual([name for name in self.tree() if ".tmp" in name], [])
        self.succeed(*self.words("full", *words))
        self.assertEqual((self.folder / "full" / MODEL_NAME).read_bytes(), (self.folder / "whole" / MODEL_NAME).read_bytes())

    def test_trains_all_weights_unless_adapters_are_asked_for(self):
        start = read_safetensors((HF_MODEL / "model.safetensors").read_bytes())
        tensors = sorted(name for name in start if "weight" in name and "pooler" not in name and "token_type" not in name)

        def changed(*words):
            """-> which of the weights a run has changed"""
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            self.succeed(*self.words("run", "trainer.max_steps=1", "model.optim.sched.warmup_steps=0", *words))
            trained = read_safetensors((self.folder / "run/last-model/model.safetensors").read_bytes())
            return [name for name in tensors if trained[name.removeprefix("bert.")] != start[name]]

        self.assertEqual(changed(), tensors)
        adapted = changed("+model.lora.rank=2", "trainer.max_steps=3")
        self.assertTrue(adapted)
        self.assertTrue(all(".query." in name or ".value." in name for name in adapted), adapted)
        # A file that names the group without a key of it asks for adapters as they are by default.
        self.write("conf/adapters.yaml", "name: adapters\nmodel: {lora: {}}\ntrainer: {}\nexp_manager: {}\n")
        shown = self.succeed("train", "--config-path", "conf", "--config-name", "adapters", "--cfg", "job")
        self.assertIn("lora: {}", shown)

    def test_the_saved_configuration_runs_again(self):
        self.succeed(*self.words("run", "trainer.max_steps=3", "+model.loss.mask_same_text=True"))
        self.succeed("train", "--config-path", "run", "--config-name", "hparams", "exp_manager.explicit_log_dir=again")
        self.assertEqual((self.folder / "again" / MODEL_NAME).read_bytes(), (self.folder / "run" / MODEL_NAME).read_bytes())

    def test_leaves_the_best_and_the_last_model(self):
        self.succeed(*self.words("run", "trainer.max_steps=4", "trainer.val_check_interval=2"))
        for name in ("best-model", "last-model"):
            self.succeed("info", f"run/{name}")
            self.assertTrue((self.folder / "run" / name / "modules.json").exists())

    def test_an_architecture_key_with_another_value_is_refused(self):
        self.refuse(USAGE, ["model.num_layers", "the integer 9", "checkpoint's is the integer 2"],
                    *self.words("run", "model.num_layers=9"))

    def test_a_run_that_was_stopped_in_its_last_validation_makes_up_for_it(self):
        long = ["trainer.max_steps=4", "trainer.val_check_interval=2"]
        self.succeed(*self.words("whole", *long))
        # What is there when a signal comes during that validation: a state without a score, no line of validation.
        shutil.copytree(self.folder / "whole", self.folder / "stopped")
        (self.folder / "stopped" / MODEL_NAME).unlink()
        folder = self.folder / "stopped/checkpoints"
        (last,) = folder.glob("*step=4-*-last.ckpt")
        last.rename(folder / "megatron_bert--step=4-consumed_samples=16.0-last.ckpt")
        for best in folder.glob("*step=4-*.0.ckpt"):
            best.unlink()
        lines = (self.folder / "stopped/metrics.jsonl").read_text().splitlines(keepends=True)
        self.assertIn("val_loss", lines[-1])
        self.write("stopped/metrics.jsonl", "".join(lines[:-1]))

        self.succeed(*self.words("stopped", *long))
        self.assert_same_run("stopped", "whole")

    def test_leaves_metrics_configuration_and_checkpoints(self):
        self.succeed(*self.words("run", "trainer.max_steps=5", "trainer.log_every_n_steps=2", "trainer.val_check_interval=2",
                                 "model.optim.sched.warmup_steps=2",
                                 "exp_manager.checkpoint_callback_params.save_top_k=1"))
        metrics = self.metrics("run")
        training = [line for line in metrics if "reduced_train_loss" in line]
        self.assertEqual([line["step"] for line in training], [2, 4, 5])
        self.assertEqual([line["consumed_samples"] for line in training], [8, 16, 20])
        self.assertEqual([line["step"] for line in metrics if "val_loss" in line], [2, 4, 5])
        for line in training:
            self.assertLessEqual({"lr", "grad_norm"}, set(line))
        names = sorted(path.name for path in (self.folder / "run/checkpoints").iterdir())
        self.assertEqual(len(names), 3, names)  # the best, the last, and the model
        self.assertTrue(any(re.fullmatch(r"megatron_bert--val_loss=\d+\.\d+-step=5-consumed_samples=20\.0-last\.ckpt", name)
                            for name in names), names)
        self.assertIn("global_batch_size: 4", (self.folder / "run/hparams.yaml").read_text())
        self.assertIn("'trainer.max_steps=5'", (self.folder / "run/cmd-args.log").read_text())
        self.assertIn("step 5: val_loss", (self.folder / "run/nemo_log_globalrank-0_localrank-0.txt").read_text())

        # Other data in the same folder is no resumption.
        self.write("train.json", json.dumps(examples(59)))
        self.refuse(USAGE, ["other data", "exp_manager.explicit_log_dir"],
                    *self.words("run", "trainer.max_steps=5", "model.optim.sched.warmup_steps=2"), may_write=["run/"])

    def test_a_finished_run_without_its_metrics_is_still_finished(self):
        words = self.words("run", "trainer.max_steps=2")
        self.succeed(*words)
        (self.folder / "run/metrics.jsonl").unlink()
        self.succeed(*words)
        self.assertTrue((self.folder / "run/report.html").exists())

    def test_micro_batches_change_no_result_worth_naming(self):
        self.write("text.txt", "the cat sat on a mat\n")
        vectors = []
        for size in (1, 4):
            self.succeed(*self.words(f"by{size}", "trainer.max_steps=10", f"model.micro_batch_size={size}",
                                     "model.hidden_dropout=0", "model.attention_dropout=0"))
            self.succeed("embed", "--model", f"by{size}/{MODEL_NAME}", "--input", "text.txt", "--output", "a.npy")
            vectors += read_npy(self.folder / "a.npy")
        self.assertLess(max(abs(a - b) for a, b in zip(*vectors)), 1e-4)


@needs_torch
class NemosCommand(ProgramTest):
    """The command of NeMo's page on Sentence-BERT, word for word."""

    def test_works_as_it_stands(self):
        def stretch(tensors):  # to the 512 positions of the page's model
            dtype, (rows, width), data = tensors["embeddings.position_embeddings.weight"]
            whole = (data * (512 // rows + 1))[:512 * width * 4]
            tensors["embeddings.position_embeddings.weight"] = (dtype, [512, width], whole)
        self.copy_model("bert", lambda config: config.update(max_position_embeddings=512), stretch)
        self.succeed("convert", "--input_name_or_path", "bert", "--output_path", "file.nemo")
        self.write("dataset.json", json.dumps(examples(132)))

        words = ["train", "--config-path=/NeMo/examples/nlp/information_retrieval/conf/", "--config-name=megatron_bert_config",
                 "restore_from_path=file.nemo", "trainer.devices=1", "trainer.val_check_interval=100", "trainer.max_epochs=1",
                 "+trainer.num_sanity_val_steps=0", "model.global_batch_size=8", "model.micro_batch_size=8",
                 "model.tokenizer.library=huggingface", "model.tokenizer.type=intfloat/e5-large-unsupervised",
                 "++model.data.data_prefix=dataset.json", "++model.tokenizer.do_lower_case=False",
                 "++model.data.evaluation_sample_size=100", "++model.data.hard_negatives_to_train=4",
                 "++model.data.evaluation_steps=100", "exp_manager.explicit_log_dir=save", "exp_manager.create_wandb_logger=True",
                 "exp_manager.resume_if_exists=True", "exp_manager.wandb_logger_kwargs.name=run",
                 "exp_manager.wandb_logger_kwargs.project=project"]
        done = self.sbert(*words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn("/NeMo/examples/nlp/information_retrieval/conf/megatron_bert_config.yaml is not there", done.stderr.decode())
        self.assertIn("training on 32 rows, validating on 100; 4 steps an epoch, 4 steps in all", done.stderr.decode())
        self.succeed("info", "save/checkpoints/megatron_bert.nemo")

    def test_shows_the_configuration_that_it_would_use(self):
        shown = self.succeed("train", "--config-name=megatron_bert_config", "--cfg", "job", "--resolve", "trainer.max_epochs=7",
                             "model.encoder_seq_length=64")
        self.assertIn("max_epochs: 7", shown)
        self.assertIn("max_position_embeddings: 64", shown)

    def test_a_file_of_ones_own_is_read(self):
        self.write("conf/mine.yaml", "name: mine\ntrainer:\n  max_steps: 3\n")
        shown = self.succeed("train", "--config-path", "conf", "--config-name", "mine", "--cfg", "job", "+trainer.max_epochs=2")
        self.assertIn("max_steps: 3", shown)
        self.assertIn("max_epochs: 2", shown)
        self.refuse(USAGE, ["conf/other.yaml"], "train", "--config-path", "conf", "--config-name", "other")
