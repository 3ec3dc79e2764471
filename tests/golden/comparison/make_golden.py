"""Writes bootstrap.json: intervals of paired differences by NumPy, and by scipy.stats.bootstrap.

    pip install numpy scipy && python3 make_golden.py
"""

import json
import pathlib

import numpy as np
import scipy
from scipy.stats import bootstrap

RESAMPLES = 10_000


def mix(x):
    """The finalizer of SplitMix64 on uint64 arrays, as sbert/base/random.h has it."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def interval(differences, seed, confidence):
    items = len(differences)
    keys = mix(mix(np.array([seed], np.uint64)) ^ np.arange(RESAMPLES, dtype=np.uint64))
    draws = mix(keys[:, None] ^ np.arange(items, dtype=np.uint64)[None, :])
    drawn = ((draws >> np.uint64(32)) * np.uint64(items)) >> np.uint64(32)
    means = differences[drawn.astype(np.int64)].mean(axis=1)
    tail = (1 - confidence) / 2
    return np.quantile(means, [tail, 1 - tail]).tolist()


def main():
    random = np.random.default_rng(7)
    cases = []
    for items, seed, confidence in [(1, 0, 0.95), (2, 1, 0.95), (50, 0, 0.95), (323, 0, 0.95),
                                    (323, 99, 0.8), (1_000, 5, 0.99)]:
        differences = np.where(random.random(items) < 0.5, 0, random.normal(0.02, 0.2, items))
        case = {"seed": seed, "confidence": confidence, "differences": differences.tolist(),
                "interval": interval(differences, seed, confidence)}
        if items >= 50:
            found = bootstrap((differences,), np.mean, n_resamples=100_000, method="percentile",
                              confidence_level=confidence, random_state=random, batch=1_000)
            case["scipy"] = list(found.confidence_interval)
        cases.append(case)
    golden = {"numpy": np.__version__, "scipy": scipy.__version__, "resamples": RESAMPLES, "cases": cases}
    path = pathlib.Path(__file__).with_name("bootstrap.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
