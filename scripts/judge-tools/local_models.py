#!/usr/bin/env python3
"""Compares a run's local models with mgwr and with extended precision, on the observations it exports.

usage: local_models.py RUN OBSERVATIONS.csv

RUN holds mosaic/gwr.tif and tables/model.json of a run with spacingMetres: none; OBSERVATIONS is what
`sectile export RUN --observations` wrote. At each observation an orthogonal factorisation of the weighted
rows in 80-bit floating point (numpy longdouble, modified Gram-Schmidt twice) gives coefficients, standard
errors and the fitted value: 1e-8 of the column's largest value where the local condition number is at most
1e3, elsewhere 1e-8 times the condition number over 1e3. mgwr is asked where its own solver can do all
locations; AICc must agree to 1e-9.
"""

import csv
import json
import sys

import numpy as np
import rasterio

FACTOR = 1.0000001


def read(run, table):
    with open(table, newline="") as file:
        names = next(csv.reader(file))
    values = np.loadtxt(table, delimiter=",", skiprows=1)
    with rasterio.open(f"{run}/mosaic/gwr.tif") as mosaic:
        rows, columns = rasterio.transform.rowcol(mosaic.transform, values[:, 0], values[:, 1])
        bands = mosaic.read()
        found = {name: bands[i][rows, columns] for i, name in enumerate(mosaic.descriptions)}
    with rasterio.open(f"{run}/mosaic/neighbourhood.tif") as mosaic:
        bands = mosaic.read()
        for i, name in enumerate(mosaic.descriptions):
            found[name] = bands[i][rows, columns]
    with open(f"{run}/tables/model.json") as file:
        model = json.load(file)["cell"]
    return names, values, found, model


def exact(xy, design, y, i, k):
    """Coefficients, unit standard errors and fitted value at observation i, in 80-bit."""
    d2 = ((xy - xy[i]) ** 2).sum(1)
    order = np.argsort(d2, kind="stable")
    h = np.sqrt(np.longdouble(d2[order[k - 1]])) * np.longdouble(FACTOR)
    near = np.flatnonzero(np.sqrt(d2.astype(np.longdouble)) < h)
    u = np.sqrt(d2[near].astype(np.longdouble)) / h
    w = (1 - u * u) ** 2
    centre = design[i].copy()
    centre[0] = 0
    a = (design[near] - centre) * np.sqrt(w)[:, None]
    p = a.shape[1]
    q = a.copy()
    r = np.zeros((p, p), dtype=np.longdouble)
    for j in range(p):
        for _ in range(2):
            for m in range(j):
                overlap = q[:, m] @ q[:, j]
                r[m, j] += overlap
                q[:, j] = q[:, j] - overlap * q[:, m]
        r[j, j] = np.sqrt(q[:, j] @ q[:, j])
        q[:, j] = q[:, j] / r[j, j]
    inverse = np.zeros((p, p), dtype=np.longdouble)
    for c in range(p):
        inverse[c, c] = 1 / r[c, c]
        for m in range(c - 1, -1, -1):
            inverse[m, c] = -(r[m, m + 1 : c + 1] @ inverse[m + 1 : c + 1, c]) / r[m, m]
    b = inverse @ (q.T @ (np.sqrt(w) * y[near]))
    middle = q.T @ (q * w[:, None])
    covariance = inverse @ middle @ inverse.T
    fitted = b[0]
    shift = np.zeros(p, dtype=np.longdouble)
    shift[1:] = -centre[1:]
    shift[0] = 1
    b[0] = b[0] - centre[1:] @ b[1:]
    errors = np.sqrt(np.diag(covariance))
    errors[0] = np.sqrt(shift @ covariance @ shift)
    return b, errors, fitted


def main():
    run, table = sys.argv[1:3]
    names, values, found, model = read(run, table)
    k = int(model["gwr"]["bandwidth"])
    terms = ["intercept"] + names[3:]
    sigma = float(model["gwr"]["sigma2"]) ** 0.5
    xy, y = values[:, :2], values[:, 2].astype(np.longdouble)
    design = np.column_stack([np.ones(len(y)), values[:, 3:]]).astype(np.longdouble)
    beta = np.column_stack([found[f"beta_{t}"] for t in terms])
    error = np.column_stack([found[f"se_{t}"] for t in terms])
    whole = (found["unidentified_terms"] == 0) & np.isfinite(found["fitted"])
    references = np.full((len(y), 2 * len(terms) + 1), np.nan)
    for i in np.flatnonzero(whole):
        b, e, f = exact(xy, design, y, i, k)
        references[i] = np.concatenate([b, e * sigma, [f]]).astype(float)
    ours = np.column_stack([beta, error, found["fitted"]])
    scale = np.nanmax(np.abs(references[whole]), axis=0)
    difference = np.abs(ours - references) / scale
    condition = found["condition_number"]
    good = whole & (condition <= 1e3)
    bad = whole & ~good
    worst = difference[good].max()
    bound = (difference[bad] / (condition[bad, None] / 1e3)).max() if bad.any() else 0.0
    print(f"{len(y)} observations, k = {k}: {good.sum()} with a condition number up to 1e3, {bad.sum()} above, "
          f"{(~whole).sum()} with unidentified terms")
    print(f"against 80-bit: {worst:.1e} where well conditioned (limit 1e-8); elsewhere {bound:.1e} times the "
          "condition number / 1e3 (limit 1e-8)")
    failed = worst > 1e-8 or bound > 1e-8
    if whole.all():
        from mgwr.gwr import GWR

        other = GWR(xy, values[:, 2:3], values[:, 3:], bw=k, fixed=False, kernel="bisquare").fit()
        theirs = np.column_stack([other.params, other.bse, other.predy])
        against = (np.abs(ours - theirs) / np.abs(theirs).max(0))[good].max()
        aicc = abs(float(model["gwr"]["aicc"]) - other.aicc) / abs(other.aicc)
        print(f"against mgwr: {against:.1e} where well conditioned (limit 1e-8), AICc {aicc:.1e} (limit 1e-9)")
        failed = failed or against > 1e-8 or aicc > 1e-9
    else:
        print("mgwr cannot do it: some local designs are singular")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
