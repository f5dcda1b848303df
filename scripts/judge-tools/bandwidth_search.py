#!/usr/bin/env python3
"""Compares a search for the bandwidth of cells with mgwr's AICc on the same observations.

usage: bandwidth_search.py RUN OBSERVATIONS.csv

mgwr is evaluated at every neighbour count within five of the one chosen and along the whole range (every
sixteenth row of tables/bandwidth.csv): the scores must agree to 1e-9, none may be below the chosen one's,
and the minimum must be interior.
"""

import csv
import json
import sys

import numpy as np
from mgwr.gwr import GWR


def main():
    run, table = sys.argv[1:3]
    values = np.loadtxt(table, delimiter=",", skiprows=1)
    with open(f"{run}/tables/bandwidth.csv", newline="") as file:
        scores = {int(row["neighbours"]): float(row["aicc"]) for row in csv.DictReader(file) if row["aicc"]}
    with open(f"{run}/tables/model.json") as file:
        model = json.load(file)["cell"]["gwr"]
    k = int(model["bandwidth"])
    around = set(range(k - 5, k + 6))
    counts = sorted(around | set(sorted(scores)[::16]) | {min(scores), max(scores)})
    theirs = {
        count: GWR(values[:, :2], values[:, 2:3], values[:, 3:], bw=count, fixed=False, kernel="bisquare")
        .fit().aicc
        for count in counts
    }
    shared = [count for count in counts if count in scores]
    largest = max(abs(scores[count] - theirs[count]) / abs(theirs[count]) for count in shared)
    best = min(theirs, key=lambda count: (theirs[count], count))
    missing = sorted(around - set(scores))
    print(f"{len(values)} observations, chosen {k} ({model['state']}): AICc at {len(shared)} bandwidths from "
          f"{counts[0]} to {counts[-1]} within {largest:.1e} (limit 1e-9), mgwr's least is at {best}"
          + (f", not evaluated here: {missing}" if missing else ""))
    sys.exit(0 if largest <= 1e-9 and best == k and model["state"] == "interior" else 1)


if __name__ == "__main__":
    main()
