#!/usr/bin/env python3
"""Compares a run's local models with those of `sectile regress` on the observations it exports.

usage: table_models.py RUN REGRESSION

REGRESSION is the directory that `sectile regress` wrote, with the run's bandwidth, from what
`sectile export RUN --observations` wrote. Both sum in double precision, in different orders. The limits are
ten times what is reached on 3,025 cells around Beijing: 3e-12 of a column's largest value, and 1e-9 of each
value itself, which is worse where coefficients are near 0.
"""

import csv
import sys

import numpy as np
import rasterio

LIMIT_OF_COLUMN = 3e-12
LIMIT_OF_VALUE = 1e-9


def main():
    run, regression = sys.argv[1:3]
    with open(f"{regression}/local.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    terms = [name.removeprefix("beta_") for name in rows[0] if name.startswith("beta_")]
    groups = {
        "coefficients": [f"beta_{t}" for t in terms],
        "standard errors": [f"se_{t}" for t in terms],
        "fitted": ["fitted"],
        "local R2": ["local_r2"],
    }
    with rasterio.open(f"{run}/mosaic/gwr.tif") as mosaic:
        places = [np.array([float(row[axis]) for row in rows]) for axis in ("x", "y")]
        cells = rasterio.transform.rowcol(mosaic.transform, *places)
        bands = {name: mosaic.read(i)[*cells] for i, name in enumerate(mosaic.descriptions, 1)}
    failed = False
    print(f"{len(rows)} rows of the table against the cells of the mosaic (limits {LIMIT_OF_COLUMN:.0e} of the "
          f"column's largest value, {LIMIT_OF_VALUE:.0e} of each value):")
    for what, columns in groups.items():
        of_column = of_value = 0.0
        for name in columns:
            ours, theirs = bands[name], np.array([float(row[name] or "nan") for row in rows])
            if not (np.isfinite(theirs) == np.isfinite(ours)).all():
                print(f"{name}: {np.isfinite(ours).sum()} values in the mosaic, {np.isfinite(theirs).sum()} in the table")
                failed = True
            difference = np.abs(ours - theirs)
            of_column = max(of_column, np.nanmax(difference, initial=0) / np.nanmax(np.abs(theirs)))
            of_value = max(of_value, np.nanmax(difference / np.abs(theirs), initial=0))
        print(f"{what}: {of_column:.1e} of the column's largest value, {of_value:.1e} of each value")
        failed = failed or of_column > LIMIT_OF_COLUMN or of_value > LIMIT_OF_VALUE
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
