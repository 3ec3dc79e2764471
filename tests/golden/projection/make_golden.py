"""Writes pca.json: two principal components of random rows, by NumPy's singular values.

    pip install numpy && python3 make_golden.py
"""

import json
import pathlib

import numpy as np


def case(rows, columns, seed):
    random = np.random.default_rng(seed)
    values = (random.normal(size=(rows, columns)) * np.geomspace(3, 0.2, columns)
              @ np.linalg.qr(random.normal(size=(columns, columns)))[0] + 5).astype(np.float32)
    centred = values.astype(np.float64) - values.astype(np.float64).mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2][np.arange(2), np.abs(axes[:2]).argmax(axis=1)])[:, None]
    return {"rows": rows, "columns": columns, "values": values.flatten().tolist(),
            "points": (centred @ axes.T).flatten().tolist(),
            "explained": (sizes[:2] ** 2 / (sizes ** 2).sum()).tolist()}


def main():
    cases = [case(40, 12, 1), case(6, 20, 2), case(3, 2, 3)]
    path = pathlib.Path(__file__).with_name("pca.json")
    path.write_text(json.dumps({"numpy": np.__version__, "cases": cases}, separators=(",", ":")) + "\n")


main()
