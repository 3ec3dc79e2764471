#!/usr/bin/env python3
"""Makes the package search's data from the descriptions of Debian's packages.

FOLDER/train.json is a JSON array of {"question", "pos_doc": [1], "neg_doc": [4]}; FOLDER/packages,
in BEIR's layout, holds 500 other questions among 5,000 descriptions. A question is a package's
synopsis, its document the description below it. The same lists give the same files.
"""
import collections
import itertools
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys

MIN_WORDS, NEGATIVES = 12, 4  # of a description, and wrong ones beside it
QUERIES, POOL = 500, 5_000  # no description of the pool is trained on
TOO_ALIKE = 0.5  # share of common words from which another description may be an answer, too

Pair = collections.namedtuple("Pair", "package section synopsis description")


def apt(lists, *arguments):
    """Runs apt-get on lists of our own; the system's lists and caches stay as they are."""
    options = [f"-oDir::State::lists={lists}", "-oDir::Cache::pkgcache=", "-oDir::Cache::srcpkgcache="]
    command = ["apt-get", "-oAcquire::Languages=en", *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def fetch_lists(lists):
    """-> {"Packages": [paths], "Translations": [paths]} in the folder `lists`, fetched if it has none."""
    errors = ""
    if not any(lists.glob("*_Translation-en*")):
        print("fetching package lists (16 MB)", file=sys.stderr)
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        errors = apt(lists, "update", "-q").stderr.strip()
    lines = apt(lists, "indextargets", "--format", "$(CREATED_BY) $(FILENAME)").stdout.splitlines()
    files = {kind: [line.removeprefix(f"{kind} ") for line in lines if line.startswith(f"{kind} ")]
             for kind in ("Packages", "Translations")}
    if not files["Packages"] or not files["Translations"]:
        sys.exit(f"make_data: apt-get update fetched no descriptions; is this machine offline?\n{errors}")
    return files


def stanzas(paths):
    """Yields each stanza of some lists as {field: lines}; apt unpacks what it keeps compressed."""
    command = ["/usr/lib/apt/apt-helper", "cat-file", *paths]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace") as process:
        for is_blank, lines in itertools.groupby(process.stdout, key=lambda line: line == "\n"):
            fields = re.findall(r"^([^ :]+):(.*(?:\n .*)*)", "".join(lines), re.MULTILINE)
            if not is_blank:
                yield {name: [line.strip() for line in value.split("\n")] for name, value in fields}
    if process.returncode != 0:
        sys.exit(f"make_data: apt cannot read {' '.join(paths)}")


def read_pairs(files):
    """-> a pair a source: of its package of the same name, else of the one with the shortest name."""
    texts = {stanza["Description-md5"][0]: stanza["Description-en"]
             for stanza in stanzas(files["Translations"]) if "Description-en" in stanza}
    best = {}
    for stanza in stanzas(files["Packages"]):
        package = stanza["Package"][0]
        source = stanza.get("Source", [package])[0].split()[0]
        synopsis, *lines = texts.get(stanza.get("Description-md5", [""])[0], [""])
        description = " ".join(line for line in lines if line != ".")
        section = stanza.get("Section", [""])[0]
        candidate = (package != source, len(package), Pair(package, section, synopsis, description))
        if synopsis and len(description.split()) >= MIN_WORDS and candidate < best.get(source, (2,)):
            best[source] = candidate
    by_synopsis = {pair.synopsis: pair for *_, pair in sorted(best.values(), reverse=True)}
    return sorted({pair.description: pair for pair in by_synopsis.values()}.values())


def as_json(**fields):
    return json.dumps(fields, ensure_ascii=False)


def words(text):
    return [sys.intern(word) for word in re.findall(r"[a-z0-9]{3,}", text.lower())]


def training_records(pairs, rng):
    """Yields each pair with descriptions near but wrong: those of its section that hold most of the
    synopsis' rare words, filled up with any."""
    vocabularies = [frozenset(words(pair.description)) for pair in pairs]
    sizes = collections.Counter(pair.section for pair in pairs)
    holders = collections.defaultdict(list)
    for number, pair in enumerate(pairs):
        for word in vocabularies[number]:
            holders[pair.section, word].append(number)
    for own, pair in zip(vocabularies, pairs):
        scores = collections.Counter()
        for word in sorted(set(words(pair.synopsis))):
            same = holders.get((pair.section, word), ())
            if len(same) <= max(20, sizes[pair.section] // 10):
                for other in same:
                    scores[other] += math.log(sizes[pair.section] / len(same))
        ranked = sorted(scores, key=lambda other: (-scores[other], other))
        candidates = itertools.chain(ranked, (rng.randrange(len(pairs)) for _ in itertools.count()))
        negatives = {}  # a set in order
        while len(negatives) < NEGATIVES:
            other = next(candidates)
            if len(own & vocabularies[other]) < TOO_ALIKE * len(own | vocabularies[other]):
                negatives[pairs[other].description] = True
        yield as_json(question=pair.synopsis, pos_doc=[pair.description], neg_doc=list(negatives))


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def main(folder):
    train, packages, partial = folder / "train.json", folder / "packages", folder / "partial"
    if train.exists() and packages.exists():
        return print(f"{train} and {packages} are there", file=sys.stderr)
    if not shutil.which("apt-get"):
        sys.exit("make_data: apt-get is missing: the texts come from the package lists of a Debian system")
    rng = random.Random(20)
    pairs = read_pairs(fetch_lists(folder / "lists"))
    if len(pairs) < 2 * POOL:
        sys.exit(f"make_data: {folder / 'lists'} holds too few descriptions: {len(pairs)}, at least {2 * POOL} are needed")
    rng.shuffle(pairs)
    # A document that repeats its question is no fair one to look for; it may still be in the pool.
    pairs.sort(key=lambda pair: " ".join(words(pair.synopsis)) in " ".join(words(pair.description)))
    queries, others = pairs[:QUERIES], rng.sample(pairs[QUERIES:], len(pairs) - QUERIES)
    pool, rest = sorted(queries + others[:POOL - QUERIES]), others[POOL - QUERIES:]
    # BEIR's own evaluation leaves out a document that has the query's id: so the two differ.
    ids = {f"synopsis:{pair.package}": pair for pair in queries}
    write_lines(partial / "corpus.jsonl", (as_json(_id=pair.package, title="", text=pair.description) for pair in pool))
    write_lines(partial / "queries.jsonl", (as_json(_id=name, text=pair.synopsis) for name, pair in ids.items()))
    judgements = (f"{name}\t{pair.package}\t1" for name, pair in ids.items())
    write_lines(partial / "qrels/test.tsv", itertools.chain(["query-id\tcorpus-id\tscore"], judgements))
    commas = itertools.chain("[", itertools.repeat(","))
    write_lines(folder / "train.json.tmp", itertools.chain(map("".join, zip(commas, training_records(rest, rng))), "]"))
    shutil.rmtree(packages, ignore_errors=True)
    partial.rename(packages)
    (folder / "train.json.tmp").rename(train)
    print(f"{train}: {len(rest):,} pairs; {packages}: {QUERIES} queries, {POOL:,} descriptions", file=sys.stderr)


if len(sys.argv) != 2:
    sys.exit("usage: make_data.py FOLDER")
main(pathlib.Path(sys.argv[1]).resolve())
