"""All comparisons with peers, as a table and as JSON.

    python bench/peers/table.py BUILD MODEL FOLDER OUTPUT.json [--rounds 5]

BUILD is build/release, FOLDER what bench/peers/texts.py made. Runs encoding.py, training.py and starting.py.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def measured(script, *words):
    print(f"measuring: {script}", file=sys.stderr)
    command = [sys.executable, "-B", HERE / script, *words]
    return json.loads(subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = {line.split(":", 1)[1].strip() for line in file if line.startswith("model name")}
    return {"cpu": ", ".join(sorted(names)) or platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "load": os.getloadavg()}


def packages():
    import importlib.metadata
    names = ("torch", "sentence-transformers", "transformers", "onnxruntime", "tokenizers")
    return {name: importlib.metadata.version(name) for name in names}


def both(clocks, form):
    return f"{clocks['wall']:{form}} ({clocks['cpu']:{form}})"


def rows_of(result):
    """Yields (what, value, of what); in brackets the same by CPU time."""
    for kind in ("synopses", "descriptions"):
        texts = result["encoding"][kind]
        mean = texts["tokens"] / texts["texts"]
        for threads, encoded in texts["encode"].items():
            for name, rate in encoded["tokens_per_second"].items():
                yield f"encode {kind} ({mean:.0f} tokens), {threads} threads: {name}", both(rate, ",.0f"), "tokens/s"
            for name, ratio in encoded["ratios"].items():
                yield f"  {name}", both(ratio, ".2f"), "times"
        for name, rate in texts["tokenize"]["megabytes_per_second"].items():
            yield f"tokenize {kind}, 1 thread: {name}", both(rate, ".1f"), "MB/s"
        same = "the same ids" if texts["equal_ids"] else "OTHER IDS"
        yield "  sbert : tokenizers", both(texts["tokenize"]["ratio"], ".1f"), f"times, {same}"
    training = result["training"]
    for name, rate in training["steps_per_second"].items():
        yield f"train, 8 questions with 1 + 4 documents, {training['threads']} threads: {name}", f"{rate:.2f}", "steps/s"
    yield "  sbert : sentence-transformers", f"{training['ratio']:.2f}", "times"
    cache = training["gradient_cache_1024_over_32"]
    yield "gradient cache, batch of 1,024 over one of 32: time a question", f"{cache['time']:.2f}", "times"
    yield "  most memory", f"{cache['memory']:.2f}", "times"
    start = result["starting"]
    for name in ("empty", "sbert", "sentence-transformers"):
        yield f"start to the first embedding: {name}", f"{start[name]['seconds']:.2f}", f"s, {start[name]['megabytes']:,.0f} MB"
    yield "the program's size", f"{start['program_megabytes']:.1f}", "MB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("build", "model", "folder", "output"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rounds = ["--rounds", options.rounds]
    program = options.build / "bin/sbert"
    result = {"machine": machine(), "packages": packages(),
              "encoding": measured("encoding.py", options.build, options.model, options.folder, *rounds),
              "training": measured("training.py", program, options.model, options.folder, *rounds),
              "starting": measured("starting.py", program, options.model)}
    options.output.write_text(json.dumps(result, indent=2) + "\n")
    print(f"{result['machine']['cpu']}, {result['machine']['cores']} cores; "
          + ", ".join(f"{name} {version}" for name, version in result["packages"].items()))
    for what, value, unit in rows_of(result):
        print(f"{what:86}{value:>18} {unit}")
    print(f"wrote {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
