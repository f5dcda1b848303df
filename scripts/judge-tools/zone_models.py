#!/usr/bin/env python3
"""Compares the regression on the zones with mgwr: same observations, every bandwidth of the range.

usage: zone_models.py RUN

Coefficients, standard errors, t, fitted and local R2 of tables/cities.csv to 1e-8 of the column's largest
value; AICc of every row of tables/bandwidth_zones.csv to 1e-9; the chosen bandwidth must be the least of
mgwr's AICc over all of them.
"""

import csv
import json
import sys

import numpy as np
from mgwr.gwr import GWR


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main():
    run = sys.argv[1]
    observations = rows(f"{run}/tables/zone_observations.csv")
    names = list(observations[0])
    values = np.array([[float(row[name]) for name in names[2:]] for row in observations])
    xy, y, x = values[:, :2], values[:, 2:3], values[:, 3:]
    cities = {row["id"]: row for row in rows(f"{run}/tables/cities.csv")}
    with open(f"{run}/tables/model.json") as file:
        model = json.load(file)["zone"]["gwr"]
    k = int(model["bandwidth"])
    terms = ["intercept"] + names[5:]

    def ours(columns):
        return np.array([[float(cities[row["id"]][c]) for c in columns] for row in observations])

    theirs = GWR(xy, y, x, bw=k, fixed=False, kernel="bisquare", n_jobs=1).fit()
    pairs = {
        "coefficients": (ours([f"beta_{t}" for t in terms]), theirs.params),
        "standard errors": (ours([f"se_{t}" for t in terms]), theirs.bse),
        "t": (ours([f"t_{t}" for t in terms]), theirs.tvalues),
        "fitted": (ours(["fitted"]), theirs.predy),
        "local R2": (ours(["local_r2"]), theirs.localR2),
    }
    worst = {what: (np.abs(a - b) / np.abs(b).max(0)).max() for what, (a, b) in pairs.items()}
    print(f"{len(observations)} zones, k = {k}: "
          + ", ".join(f"{what} {size:.1e}" for what, size in worst.items()) + " (limit 1e-8)")
    failed = max(worst.values()) > 1e-8
    largest, best = 0.0, (np.inf, 0)
    curve = [row for row in rows(f"{run}/tables/bandwidth_zones.csv") if row["aicc"]]
    for row in curve:
        count = int(row["neighbours"])
        other = GWR(xy, y, x, bw=count, fixed=False, kernel="bisquare", n_jobs=1).fit().aicc
        largest = max(largest, abs(float(row["aicc"]) - other) / abs(other))
        best = min(best, (other, count))
    print(f"AICc at all {len(curve)} bandwidths from {curve[0]['neighbours']} to {curve[-1]['neighbours']}: "
          f"{largest:.1e} (limit 1e-9); mgwr's least is at {best[1]}")
    failed = failed or largest > 1e-9 or best[1] != k
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
