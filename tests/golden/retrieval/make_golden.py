"""Makes rankings.tsv: random rankings with ties, and what trec_eval measures on them.

    pip install pytrec-eval-terrier==0.5.11
    python3 make_golden.py > rankings.tsv

Lines, tab separated: first `keys KEY ...`; then for each query its lines `judged ID GRADE` and
`retrieved ID SCORE`, in no order, and `expect VALUE ...`, which ends it; at last `mean VALUE ...`
over the queries that have a relevant document.
"""
import random

import pytrec_eval

CUTOFFS = (1, 3, 5, 10, 100)
OURS = {"ndcg_cut": "ndcg", "map_cut": "map", "recall": "recall", "P": "precision", "success": "accuracy"}
SCORES = [-1.5, 0.0, 0.25, 0.5, 0.5000000001, 0.75, 1.0, 1e-30, 3.0]  # 0.5 twice: equal as float


def make_query(rng):
    """-> judgements {id: grade} and a ranking {id: score} over the same pool of ids."""
    pool = [f"d{number}" for number in range(rng.choice([1, 4, 4, 15, 15, 120]))] + ["D", "d", "\u00e9", "z"]
    judged = {name: rng.choice([-1, 0, 0, 1, 1, 2, 3]) for name in rng.sample(pool, rng.randint(1, len(pool)))}
    judged[rng.choice(pool)] = rng.choice([0, 1])  # with negative grades alone trec_eval reads a stale count
    retrieved = rng.sample(pool, rng.randint(1, len(pool)))
    ties = rng.random() < 0.7
    return judged, {name: rng.choice(SCORES) if ties else rng.uniform(-1, 1) for name in retrieved}


def measure(judgements, runs):
    names = {f"{name}.{','.join(map(str, CUTOFFS))}" for name in OURS}
    evaluator = pytrec_eval.RelevanceEvaluator(judgements, names | {"recip_rank"})
    for query, values in evaluator.evaluate(runs).items():
        expected = {f"{ours}@{k}": values[f"{theirs}_{k}"] for theirs, ours in OURS.items() for k in CUTOFFS}
        first = values["recip_rank"]  # trec_eval has no cutoff for it
        expected |= {f"mrr@{k}": first if first and round(1 / first) <= k else 0.0 for k in CUTOFFS}
        yield query, expected


def main():
    rng = random.Random(20)
    judgements, runs = {}, {}
    for number in range(200):
        judgements[f"q{number}"], runs[f"q{number}"] = make_query(rng)
    sums, counted = {}, 0
    for query, expected in measure(judgements, runs):
        if not sums:
            sums = dict.fromkeys(expected, 0.0)
            print("keys", *expected, sep="\t")
        for name, grade in judgements[query].items():
            print("judged", name, grade, sep="\t")
        for name, score in runs[query].items():
            print("retrieved", name, repr(score), sep="\t")
        print("expect", *map(repr, expected.values()), sep="\t")
        if max(judgements[query].values()) > 0:
            counted += 1
            sums = {key: total + expected[key] for key, total in sums.items()}
    print("mean", *(repr(total / counted) for total in sums.values()), sep="\t")


main()
