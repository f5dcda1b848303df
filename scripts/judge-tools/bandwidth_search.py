#!/usr/bin/env python3
"""Compares a search for the bandwidth of cells by AICc with an exhaustive one on the same observations.

usage: bandwidth_search.py RUN OBSERVATIONS.csv interior|lower_bound

The state that the search must report comes last. AICc is computed here from an orthogonal factorisation of
every local model, with the documented rules for terms that a neighbourhood does not determine: at every
neighbour count from the least of the range to twice the one chosen, at all rows of tables/bandwidth.csv, and
along a ladder of ratio 1.1 to the number of observations. mgwr must give the same AICc, to 1e-9 relative, at
three of them (where no local model lacks a term, which its solver cannot do). Then the run's scores must agree
to 1e-9, none may be below that of the chosen count, and an interior minimum must lie beside higher values on
both sides, a minimum at the bound at the first or second count of the range.
"""

import csv
import json
import sys

import numpy as np
from mgwr.gwr import GWR

FACTOR = 1.0000001
SMALLEST_VARIANCE_RATIO = 1e-10
SMALLEST_PIVOT_RATIO = 1e-8
# Numbers in one batch of weighted rows: what stays in a processor's cache.
BATCH = 300_000


class Exhaustive:
    """AICc of bisquare models with any number of neighbours."""

    def __init__(self, values):
        self.xy, self.y, self.x = values[:, :2], values[:, 2], values[:, 3:]
        self.count = len(values)
        self.variances = self.x.var(axis=0)
        squares = ((self.xy[:, None, :] - self.xy[None, :, :]) ** 2).sum(2)
        self.order = np.argsort(squares, axis=1, kind="stable").astype(np.int32)
        self.distances = np.sqrt(np.take_along_axis(squares, self.order, axis=1))

    def aicc(self, k):
        """AICc, and how many local models lack a term."""
        h = self.distances[:, k - 1] * FACTOR
        size = int((self.distances < h[:, None]).sum(1).max())
        step = max(1, BATCH // (size * (self.x.shape[1] + 2)))
        rss = trace = 0.0
        reduced = 0
        for first in range(0, self.count, step):
            residuals, leverages, lacking = self.batch(np.arange(first, min(first + step, self.count)), h, size)
            rss += (residuals**2).sum()
            trace += leverages.sum()
            reduced += lacking
        n = self.count
        return n * np.log(rss / n) + n * np.log(2 * np.pi) + n * (n + trace) / (n - 2 - trace), reduced

    def batch(self, places, h, size):
        """Residuals, leverages and how many models lack a term, at some of the observations."""
        near = self.order[places, :size]
        u = self.distances[places, :size] / h[places, None]
        # Beyond the bandwidth the weight is 0: neighbourhoods of different sizes fill one array.
        w = np.where(u < 1, (1 - u * u) ** 2, 0.0)
        x = self.x[near] - self.x[places, None, :]
        mean = np.einsum("bk,bkj->bj", w, x) / w.sum(1)[:, None]
        spread = np.einsum("bk,bkj->bj", w, (x - mean[:, None, :]) ** 2) / w.sum(1)[:, None]
        kept = spread >= self.variances * SMALLEST_VARIANCE_RATIO
        rows = np.concatenate([x, np.ones((*w.shape, 1)), (self.y[near] - self.y[places, None])[..., None]], axis=2)
        rows *= np.sqrt(w)[..., None]
        residuals, leverages = np.empty(len(places)), np.empty(len(places))
        waiting = np.arange(len(places))
        while waiting.size:
            dropped = []
            for terms in np.unique(kept[waiting], axis=0):
                group = waiting[(kept[waiting] == terms).all(1)]
                # Intercept and response come last: their pivots are the leverage and the fit at the centre.
                columns = np.append(np.flatnonzero(terms), [len(terms), len(terms) + 1])
                part = rows if columns.size == rows.shape[2] and group.size == len(places) else rows[group][..., columns]
                r = np.linalg.qr(part, mode="r")
                own = (part[..., :-2] ** 2).sum(1)
                pivots = np.diagonal(r, axis1=1, axis2=2)[:, :-2] ** 2
                fails = pivots <= own * SMALLEST_PIVOT_RATIO
                whole = ~fails.any(1)
                residuals[group[whole]] = -r[whole, -2, -1] / r[whole, -2, -2]
                leverages[group[whole]] = 1 / r[whole, -2, -2] ** 2
                # What a column's successors look like depends on it: one goes at a time.
                for i in np.flatnonzero(~whole):
                    kept[group[i], columns[np.argmax(fails[i])]] = False
                    dropped.append(group[i])
            waiting = np.array(sorted(dropped), dtype=int)
        return residuals, leverages, int((~kept).any(1).sum())


def difference(a, b):
    return abs(a - b) / abs(b)


def main():
    run, table, wanted = sys.argv[1:4]
    values = np.loadtxt(table, delimiter=",", skiprows=1)
    with open(f"{run}/tables/bandwidth.csv", newline="") as file:
        scores = {int(row["neighbours"]): float(row["aicc"]) for row in csv.DictReader(file) if row["aicc"]}
    with open(f"{run}/tables/model.json") as file:
        model = json.load(file)["cell"]["gwr"]
    k, least, n = int(model["bandwidth"]), int(model["searched_minimum"]), len(values)
    ladder = {int(least * 1.1**step) for step in range(int(np.log(n / least) / np.log(1.1)) + 1)}
    counts = sorted(set(range(least, min(2 * k, n) + 1)) | set(scores) | ladder | {n})
    exhaustive = Exhaustive(values)
    found = {count: exhaustive.aicc(count) for count in counts}
    aicc = {count: value for count, (value, _) in found.items()}

    whole = [count for count in counts if found[count][1] == 0]
    asked = sorted({whole[0], whole[len(whole) // 2], whole[-1]}) if whole else []
    against_mgwr = max(
        (
            difference(
                aicc[count],
                GWR(values[:, :2], values[:, 2:3], values[:, 3:], bw=count, fixed=False, kernel="bisquare", n_jobs=1)
                .fit()
                .aicc,
            )
            for count in asked
        ),
        default=np.inf,
    )
    print(f"the exhaustive AICc against mgwr's at {asked} neighbours: {against_mgwr:.1e} (limit 1e-9)")

    largest = max(difference(scores[count], aicc[count]) for count in scores)
    best = min(aicc, key=lambda count: (aicc[count], count))
    if wanted == "interior":
        is_minimum = least < k < n and aicc[k - 1] > aicc[k] < aicc[k + 1]
    else:
        is_minimum = k in sorted(scores)[:2]
    print(
        f"{n} observations, chosen {k} ({model['state']}, wanted {wanted}): AICc at all {len(scores)} evaluated bandwidths "
        f"from {min(scores)} to {max(scores)} within {largest:.1e} (limit 1e-9), up to "
        f"{max(found[count][1] for count in scores)} models without a term"
    )
    print(
        f"exhaustive least at {best}, AICc {aicc[best]:.6f}, of {len(counts)} bandwidths: every one from {least} to "
        f"{min(2 * k, n)}, then up to {n}"
    )
    is_good = against_mgwr <= 1e-9 and len(asked) == 3 and largest <= 1e-9
    sys.exit(0 if is_good and best == k and model["state"] == wanted and is_minimum else 1)


if __name__ == "__main__":
    main()
