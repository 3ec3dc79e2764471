"""Contenders that take turns: each is a process that answers a line with the seconds of a piece of work, of the wall
clock and of CPU time. Other work on the machine disturbs CPU time less; with one thread it says the same.
"""
import statistics
import subprocess

CLOCKS = ("wall", "cpu")


class Contender:
    def __init__(self, name, command, line, environment=None):
        self.name, self.line, self.rounds = name, line, []
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment)

    def turn(self):
        self.process.stdin.write(self.line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended without an answer")
        return dict(zip(CLOCKS, map(float, answer.split())))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take_turns(contenders, rounds):
    """-> {name: [{"wall": seconds, "cpu": seconds} of each round]}, after a round that does not count."""
    for contender in contenders:
        contender.turn()
    for _ in range(rounds):
        for contender in contenders:
            contender.rounds.append(contender.turn())
    for contender in contenders:
        contender.close()
    return {each.name: each.rounds for each in contenders}


def median_seconds(rounds):
    return {clock: statistics.median(each[clock] for each in rounds) for clock in CLOCKS}


def ratio(seconds, one, other):
    """How many times as fast `one` is: the median of the rounds' own ratios."""
    return {clock: statistics.median(b[clock] / a[clock] for a, b in zip(seconds[one], seconds[other])) for clock in CLOCKS}
