"""Contenders that take turns: each is a process that answers a line with the seconds of a piece of work."""
import statistics
import subprocess


class Contender:
    def __init__(self, name, command, line, environment=None):
        self.name, self.line, self.seconds = name, line, []
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env=environment)

    def turn(self):
        self.process.stdin.write(self.line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} ended without an answer")
        return float(answer.split()[0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take_turns(contenders, rounds):
    """-> {name: median seconds}, {name: seconds of each round}, after a round that does not count."""
    for contender in contenders:
        contender.turn()
    for _ in range(rounds):
        for contender in contenders:
            contender.seconds.append(contender.turn())
    for contender in contenders:
        contender.close()
    seconds = {each.name: each.seconds for each in contenders}
    return {name: statistics.median(values) for name, values in seconds.items()}, seconds


def ratio(seconds, one, other):
    """How many times as fast `one` is: the median of the rounds' own ratios."""
    return statistics.median(b / a for a, b in zip(seconds[one], seconds[other]))
