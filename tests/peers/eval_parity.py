"""Compares our metrics with pytrec_eval, scipy, scikit-learn and sentence-transformers on random inputs.

    python3 eval_parity.py METRIC_CASES [--cases 1000] [--seed 0]
    python3 eval_parity.py --golden CASES > golden.tsv     (what tests/golden/evaluation holds)

METRIC_CASES is the program that tests/peers/metric_cases.cpp makes. Most inputs have equal scores, as real ones do.
Tolerances: 1e-9 for metrics of ranks and counts, 1e-6 for the rest.
"""
import argparse
import subprocess
import sys
import warnings

import numpy as np
import pytrec_eval
import scipy.stats
import torch
from sentence_transformers.sentence_transformer.evaluation import (BinaryClassificationEvaluator,
                                                                   InformationRetrievalEvaluator)
from sentence_transformers.util import community_detection, paraphrase_mining_embeddings
from sklearn import cluster, linear_model, metrics, neighbors

CUTOFFS = (1, 3, 5, 10, 100)
EXACT, CLOSE = 1e-9, 1e-6


def some_scores(rng, count):
    """-> scores, in most cases with many equal ones"""
    scores = rng.normal(size=count)
    return np.round(scores, 1) if rng.random() < 0.7 else scores


def both_labels(rng, count):
    labels = rng.integers(0, 2, size=count)
    labels[:2] = (0, 1)
    return rng.permutation(labels)


def correlation(rng):
    count = rng.integers(3, 60)
    a, b = some_scores(rng, count), some_scores(rng, count)
    a[:2], b[:2] = (0, 1), (-1, 2)  # never constant
    return {"a": a, "b": b}, [scipy.stats.pearsonr(a, b)[0], scipy.stats.spearmanr(a, b)[0]]


def binary(rng):
    count = rng.integers(2, 60)
    scores, labels = some_scores(rng, count), both_labels(rng, count)
    accuracy, threshold = BinaryClassificationEvaluator.find_best_acc_and_threshold(scores, labels, True)
    f1, precision, recall, f1_threshold = BinaryClassificationEvaluator.find_best_f1_and_threshold(scores, labels, True)
    mcc = metrics.matthews_corrcoef(labels, scores >= f1_threshold)
    return ({"scores": scores, "labels": labels},
            [accuracy, threshold, f1, f1_threshold, precision, recall, mcc, metrics.average_precision_score(labels, scores)])


def ndcg(rng):
    count = rng.integers(2, 40)
    scores, labels, k = some_scores(rng, count), both_labels(rng, count), rng.integers(1, 15)
    return {"scores": scores, "labels": labels, "k": [k]}, [metrics.ndcg_score([labels], [scores], k=k)]


def clustering(rng):
    count = rng.integers(1, 80)
    classes, clusters = (rng.integers(0, rng.integers(1, 8), size=count) for _ in range(2))
    if rng.random() < 0.1:
        clusters = classes
    table = metrics.cluster.contingency_matrix(classes, clusters)
    return ({"classes": classes, "clusters": clusters},
            [*metrics.homogeneity_completeness_v_measure(classes, clusters), metrics.adjusted_rand_score(classes, clusters),
             metrics.normalized_mutual_info_score(classes, clusters), table.max(axis=0).sum() / count])


def classification(rng):
    count = rng.integers(1, 80)
    expected, predicted = (rng.integers(0, rng.integers(1, 8), size=count) for _ in range(2))
    return ({"expected": expected, "predicted": predicted},
            [metrics.accuracy_score(expected, predicted), metrics.f1_score(expected, predicted, average="macro")])


def judged_ranking(rng):
    ids = rng.choice(500, size=rng.integers(1, 130), replace=False)
    grades = rng.choice([0, 0, 0, 1, 1, 2, 3], size=len(ids))
    grades[0] = 1
    return ids, grades, some_scores(rng, len(ids))


def trec(rng):
    ids, grades, scores = judged_ranking(rng)
    ours = {"ndcg": "ndcg_cut", "map": "map_cut", "recall": "recall", "precision": "P", "accuracy": "success"}
    wanted = {f"{name}.{','.join(map(str, CUTOFFS))}" for name in ours.values()}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": {str(i): int(g) for i, g in zip(ids, grades)}}, wanted | {"recip_rank"})
    measured = evaluator.evaluate({"q": {str(i): float(s) for i, s in zip(ids, scores)}})["q"]
    first = measured["recip_rank"]  # trec_eval has no cutoff for it
    mrr = [first if first and round(1 / first) <= k else 0 for k in CUTOFFS]
    values = {name: [measured[f"{theirs}_{k}"] for k in CUTOFFS] for name, theirs in ours.items()}
    return ({"ids": ids, "grades": grades, "scores": scores, "cutoffs": CUTOFFS},
            [*values["ndcg"], *mrr, *values["map"], *values["recall"], *values["precision"], *values["accuracy"]])


def st(rng):
    ids, grades, scores = judged_ranking(rng)
    scores = scores.astype(np.float32)
    relevant = {str(i) for i, grade in zip(ids, grades) if grade > 0}
    evaluator = InformationRetrievalEvaluator(
        {"q": ""}, {str(i): "" for i in ids}, {"q": relevant}, mrr_at_k=CUTOFFS, ndcg_at_k=CUTOFFS, accuracy_at_k=CUTOFFS,
        precision_recall_at_k=CUTOFFS, map_at_k=CUTOFFS)
    ranked = sorted(zip(ids, scores), key=lambda each: (-each[1], str(each[0])))
    measured = evaluator.compute_metrics([[{"corpus_id": str(i), "score": float(s)} for i, s in ranked]])
    names = ("ndcg@k", "mrr@k", "map@k", "recall@k", "precision@k", "accuracy@k")
    return ({"ids": ids, "grades": grades, "scores": scores, "cutoffs": CUTOFFS},
            [measured[name][k] for name in names for k in CUTOFFS])


def matrix(rng, count, columns):
    return rng.normal(size=(count, columns)).astype(np.float32)


def logistic_regression(rng):
    columns, classes = rng.integers(1, 6), rng.integers(2, 5)
    rows = matrix(rng, rng.integers(classes, 40), columns)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, size=len(rows) - classes)])
    penalty = rng.choice([0.1, 1.0, 10.0])
    model = linear_model.LogisticRegression(C=penalty, tol=1e-12, max_iter=10_000, solver="newton-cg")
    scores = model.fit(rows.astype(np.float64), labels).decision_function(rows.astype(np.float64))
    scores = scores if classes == 2 else (scores - scores[:, :1])[:, 1:]
    return ({"columns": [columns], "rows": rows.ravel(), "labels": labels, "classes": [classes], "inverse_penalty": [penalty]},
            scores.ravel())


def numbered_by_first(labels):
    numbers = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]


def joined(linkage):
    def case(rng):
        columns = rng.integers(1, 6)
        rows = matrix(rng, rng.integers(2, 40), columns)
        count = rng.integers(1, len(rows) + 1)
        labels = cluster.AgglomerativeClustering(n_clusters=count, linkage=linkage).fit_predict(rows)
        return {"columns": [columns], "rows": rows.ravel(), "clusters": [count]}, numbered_by_first(labels)
    return case


def communities(rng):
    columns = rng.integers(2, 5)
    rows, threshold, size = matrix(rng, rng.integers(2, 60), columns), rng.uniform(0.3, 0.95), rng.integers(1, 6)
    found = community_detection(torch.tensor(rows), threshold=threshold, min_community_size=size, show_progress_bar=False)
    return ({"columns": [columns], "rows": rows.ravel(), "threshold": [threshold], "min_size": [size]},
            [value for rows_ in found for value in (len(rows_), *rows_)])


def paraphrases(rng):
    columns = rng.integers(2, 6)
    rows, neighbours, pairs = matrix(rng, rng.integers(2, 40), columns), rng.integers(1, 12), rng.integers(1, 60)
    found = paraphrase_mining_embeddings(torch.tensor(rows), top_k=int(neighbours), max_pairs=int(pairs))
    return ({"columns": [columns], "rows": rows.ravel(), "neighbours": [neighbours], "max_pairs": [pairs]},
            [value for i, j, score in sorted((i, j, score) for score, i, j in found) for value in (i, j, score)])


def nearest(rng):
    columns = rng.integers(2, 6)
    rows, queries = (matrix(rng, rng.integers(10, 40), columns) for _ in range(2))
    for each in (rows, queries):
        each /= np.linalg.norm(each, axis=1, keepdims=True)
    labels, k = rng.integers(0, 4, size=len(rows)), rng.integers(1, 8)
    model = neighbors.KNeighborsClassifier(n_neighbors=k, algorithm="brute").fit(rows, labels)
    return ({"columns": [columns], "rows": rows.ravel(), "queries": queries.ravel(), "labels": labels, "k": [k]},
            model.predict(queries))


KINDS = {"correlation": (correlation, EXACT), "binary": (binary, EXACT), "ndcg": (ndcg, EXACT), "clustering": (clustering, EXACT),
         "classification": (classification, EXACT), "trec": (trec, EXACT), "st": (st, EXACT),
         "logistic_regression": (logistic_regression, CLOSE), "ward": (joined("ward"), EXACT),
         "average": (joined("average"), EXACT), "complete": (joined("complete"), EXACT),
         "communities": (communities, EXACT), "paraphrases": (paraphrases, CLOSE), "neighbours": (nearest, EXACT)}


def cases_of(kind, count, seed):
    """Yields inputs and expected values."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    for _ in range(count):
        yield KINDS[kind][0](rng)


def lines_of(kind, number, inputs):
    yield "\t".join(["case", kind, str(number)])
    for name, values in inputs.items():
        yield "\t".join([name, *(repr(float(value)) for value in values)])


def write_golden(count):
    for kind in KINDS:
        for number, (inputs, expected) in enumerate(cases_of(kind, count, seed=7)):
            print("\n".join(lines_of(kind, number, inputs | {"tolerance": [KINDS[kind][1]], "expect": expected})), "end", sep="\n")


def compare(program, kind, count, seed):
    """-> (cases that differ, largest difference of the others)"""
    cases = list(cases_of(kind, count, seed))
    text = "\n".join(line for number, (inputs, _) in enumerate(cases) for line in (*lines_of(kind, number, inputs), "end"))
    answer = subprocess.run([program], input=text + "\n", capture_output=True, text=True, check=True).stdout
    lines = answer.split("\n")[:-1]
    if len(lines) != count:
        sys.exit(f"{kind}: {len(lines)} answers to {count} cases")
    wrong, largest = [], 0.0
    for number, (line, (_, expected)) in enumerate(zip(lines, cases)):
        ours = [float(word) for word in line.split()]
        apart = max((abs(a - b) / max(1, abs(b)) for a, b in zip(ours, expected)), default=0)
        if len(ours) != len(expected) or not apart <= KINDS[kind][1]:
            wrong.append(f"{kind} case {number}: ours {ours[:12]}, theirs {[float(each) for each in expected[:12]]}")
        else:
            largest = max(largest, apart)
    return wrong, largest


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--golden", type=int, metavar="CASES")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.golden:
        return write_golden(options.golden)
    failed = 0
    for kind in KINDS:
        wrong, largest = compare(options.program, kind, options.cases, options.seed)
        failed += len(wrong)
        print(f"{kind:20} {options.cases} cases, {len(wrong)} differ by more than {KINDS[kind][1]:g}; "
              f"largest difference of the others {largest:.1e}", flush=True)
        for line in wrong[:3]:
            print("  " + line)
    return 1 if failed else 0


sys.exit(main())
