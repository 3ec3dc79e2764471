"""Train on two machines: two network namespaces with a cable between them, each with processes of its own. Needs root and iproute2."""
import contextlib
import os
import shutil
import signal
import subprocess
import time
import unittest

from devices_test import Training
from program import ENVIRONMENT, IO, PROGRAM, SECONDS

ADDRESSES = ("10.213.7.1", "10.213.7.2")  # seen by nobody outside of the namespaces
TIMEOUT_S = 8
GRACE_S = 12  # to start, to notice, and to leave
# Not finished when something happens to it, and so with a learning rate that does not depend on the end.
ENDLESS = ["trainer.max_steps=5000"]


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def obstacle():
    """-> why there can be no machines here, or None"""
    if not shutil.which("ip"):
        return "there is no program ip (iproute2)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"sbert-probe-{os.getpid()}"
    try:
        ip("netns", "add", probe)
        ip("netns", "exec", probe, "true")
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "delete", probe], stderr=subprocess.DEVNULL, check=False)
    return None


@contextlib.contextmanager
def two_machines():
    """-> the names of their namespaces; the device of each is `cable`"""
    names = [f"sbert-{os.getpid()}-{side}" for side in "ab"]
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "cable", "netns", names[0], "type", "veth", "peer", "name", "cable", "netns", names[1])
        for name, address in zip(names, ADDRESSES):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)


class Machines(Training):
    PER_MACHINE = 2

    @classmethod
    def setUpClass(cls):
        why = obstacle()
        if why:
            raise unittest.SkipTest(f"two machines need root and iproute2: {why}")

    def setUp(self):
        super().setUp()
        machines = two_machines()
        self.machines = machines.__enter__()
        self.addCleanup(machines.__exit__, None, None, None)
        self.processes = {}  # of each rank
        self.addCleanup(self.end_all)

    def end_all(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def start(self, rank, *words):
        size = 2 * self.PER_MACHINE
        machine = self.machines[rank // self.PER_MACHINE]
        variables = {"RANK": str(rank), "WORLD_SIZE": str(size), "LOCAL_RANK": str(rank % self.PER_MACHINE),
                     "MASTER_ADDR": ADDRESSES[0], "MASTER_PORT": "29500"}
        with open(self.log(rank), "wb") as log:
            self.processes[rank] = subprocess.Popen(["ip", "netns", "exec", machine, PROGRAM, *words], stderr=log, cwd=self.folder,
                                                    env={**ENVIRONMENT, **variables})

    def start_all(self, *words):
        for rank in range(2 * self.PER_MACHINE):
            self.start(rank, *words)

    def log(self, rank):
        return self.folder / f"rank-{rank}.log"

    def said(self, rank):
        return self.log(rank).read_text(errors="replace")

    def wait_until_said(self, rank, text):
        end = time.monotonic() + SECONDS
        while text not in self.said(rank):
            self.assertIsNone(self.processes[rank].poll(), self.said(rank))
            self.assertLess(time.monotonic(), end, self.said(rank))
            time.sleep(0.02)

    def assert_all_end_well(self):
        for rank, process in self.processes.items():
            self.assertEqual(process.wait(SECONDS), 0, self.said(rank))
        self.assert_nobody_is_left()

    def assert_all_give_up(self, cause, but=(), code=IO):
        """Each ends in time, with one error that has its rank in it and the cause (an expression, or one for each rank), but for those
        that something happened to: they are ended here."""
        end = time.monotonic() + TIMEOUT_S + GRACE_S
        for rank, process in self.processes.items():
            if rank in but:
                continue
            self.assertEqual(process.wait(max(0, end - time.monotonic())), code, self.said(rank))
            errors = [line for line in self.said(rank).splitlines() if line.startswith("sbert: rank")]
            self.assertEqual(len(errors), 1, self.said(rank))
            self.assertRegex(errors[0], rf"sbert: rank {rank} of 4: cannot .*: {cause if isinstance(cause, str) else cause[rank]}")
        for rank in but:
            self.processes[rank].kill()
            self.processes[rank].wait()
        self.assert_nobody_is_left()

    def assert_nobody_is_left(self):
        self.assertEqual("".join(ip("netns", "pids", machine) for machine in self.machines), "", "orphans")

    def short(self, folder, *more):
        return self.words(folder, "trainer.val_check_interval=10", "model.optim.sched.name=constant",
                          f"trainer.process_timeout_s={TIMEOUT_S}", *more)

    def assert_goes_on(self, folder):
        """The same command again ends as a run that nothing happened to."""
        self.processes.clear()
        self.start_all(*self.short(folder))
        self.assert_all_end_well()
        self.assertRegex(self.said(0), r"resuming from \S+ at step \d+")
        self.succeed(*self.short("undisturbed"))
        self.assert_same_training(folder, "undisturbed")

    def test_they_train_as_one_process_does(self):
        self.start_all(*self.short("two"))
        self.assert_all_end_well()
        self.succeed(*self.short("one"))
        self.assert_same_training("two", "one")

    def test_when_a_process_is_killed_all_give_up_and_the_run_can_go_on(self):
        self.start_all(*self.short("killed", *ENDLESS))
        self.wait_until_said(0, "step 10:")
        self.processes[3].kill()
        self.assert_all_give_up("process 3 of 4 is gone or out of reach", but=[3])
        self.assert_goes_on("killed")

    def test_when_the_first_is_killed_all_name_it(self):
        self.start_all(*self.short("first", *ENDLESS))
        self.wait_until_said(0, "step 10:")
        self.processes[0].kill()
        self.assert_all_give_up(f"process 0 of 4, which keeps the store, cannot be reached at {ADDRESSES[0]}:29500", but=[0])

    def test_one_that_hangs_is_named_as_late(self):
        for hanging, cause in ((2, "process 2 of 4 is late: "), (0, "process 0 of 4, which keeps the store, cannot be reached at")):
            self.start_all(*self.short(f"hangs-{hanging}", *ENDLESS))
            self.wait_until_said(0, "step 10:")
            self.processes[hanging].send_signal(signal.SIGSTOP)
            self.assert_all_give_up(cause, but=[hanging])

    def test_the_error_of_one_is_that_of_all(self):
        for rank in range(4):
            self.start(rank, *self.short(f"failed-by-{rank}", *ENDLESS), *(["restore_from_path=nothing.nemo"] if rank == 1 else []))
        self.assert_all_give_up(r"process 1 of 4 failed: .*nothing\.nemo", but=[1])
        self.assertEqual(self.processes[1].returncode, IO)
        self.assertRegex(self.said(1), r"sbert: [^\n]*nothing\.nemo")

    def test_when_the_cable_is_cut_both_sides_give_up_and_the_run_can_go_on(self):
        self.start_all(*self.short("cut", *ENDLESS))
        self.wait_until_said(0, "step 10:")
        ip("-n", self.machines[1], "link", "set", "cable", "down")
        far = "process 0 of 4, which keeps the store, cannot be reached at"
        self.assert_all_give_up(2 * ["processes 2, 3 of 4 are gone or out of reach"] + 2 * [far])
        ip("-n", self.machines[1], "link", "set", "cable", "up")
        self.assert_goes_on("cut")

    def test_one_that_starts_late_is_waited_for(self):
        for rank in (1, 2, 3):
            self.start(rank, *self.short("late"))
        time.sleep(3)
        for rank in (1, 2, 3):
            self.assertIsNone(self.processes[rank].poll(), self.said(rank))
        self.start(0, *self.short("late"))
        self.assert_all_end_well()

    def test_one_that_never_starts_is_not_waited_for_longer(self):
        for missing, cause in ((0, "process 0 of 4, which keeps the store, cannot be reached at"), (3, "process 3 of 4 is not there")):
            self.processes.clear()
            for rank in range(4):
                if rank != missing:
                    self.start(rank, *self.short("never"))
            self.assert_all_give_up(cause)

    def test_a_machine_out_of_reach_is_an_error_from_the_start(self):
        ip("-n", self.machines[1], "link", "set", "cable", "down")
        self.start_all(*self.short("apart"))
        far = "process 0 of 4, which keeps the store, cannot be reached at|unknown host|no route"
        self.assert_all_give_up(2 * ["processes 2, 3 of 4 are not there"] + 2 * [far])
