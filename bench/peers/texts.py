"""The texts of the comparison, out of the package search's data.

    python bench/peers/texts.py TRAIN.json FOLDER [--synopses 4000]

TRAIN.json is of examples/package-search/make_data.py. FOLDER/synopses.txt gets 4,000 short texts, descriptions.txt
a seventh as many long ones, so that both have about as many tokens; training.json rows of a question, its
description and four wrong ones.
"""
import argparse
import json
import pathlib
import random


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--synopses", type=int, default=4_000)
    options = parser.parse_args()
    rows = json.loads(options.train.read_text())
    random.Random(0).shuffle(rows)
    rows = [row for row in rows if len(row["neg_doc"]) == 4]
    options.folder.mkdir(parents=True, exist_ok=True)
    synopses = [row["question"] for row in rows[:options.synopses]]
    descriptions = [row["pos_doc"][0] for row in rows[:options.synopses // 7]]
    for name, texts in (("synopses", synopses), ("descriptions", descriptions)):
        (options.folder / f"{name}.txt").write_text("".join(" ".join(text.split()) + "\n" for text in texts))
    (options.folder / "training.json").write_text(json.dumps(rows[:options.synopses]))


if __name__ == "__main__":
    main()
