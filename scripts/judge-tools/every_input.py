#!/usr/bin/env python3
"""Holds a run of config/china-inputs.yaml to its own record: every layer is used, every total closes.

    every_input.py RUN

Emissions and sinks of all pairs, of whatever resolution, must equal the independent sum over their source's
cells to 5e-4 nationally and 1 % in the median of zones over 10,000 km²; every layer must have a value in some
zone, and one that is not 0; every covariate of the regression must have a coefficient somewhere, for cells and for
zones.
"""

import csv
import json
import pathlib
import sys

NATIONAL, MEDIAN = 5e-4, 1e-2


def empty_layers(names, table):
    """Names of the layers that have no value in any zone, or 0 in all."""
    with open(table, newline="", encoding="utf-8") as file:
        zones = list(csv.DictReader(file))

    def is_there(name):
        # A class that no pixel is in, or points that all lie elsewhere, give 0 everywhere.
        return any(
            float(zone[f"{name}_count"] or 0) > 0
            and any(float(zone[f"{name}_{extreme}"] or 0) != 0 for extreme in ("min", "max"))
            for zone in zones
        )

    return [name for name in names if f"{name}_count" not in zones[0] or not is_there(name)]


def main(run):
    record = json.loads((run / "run.json").read_text())
    model = json.loads((run / "tables/model.json").read_text())
    failures = []
    for layer in record["closure"]:
        zones = layer["zonesOver10000km2"]
        print(
            f"{layer['layer']}: {layer['sourcePixels']} source cells, national {layer['difference']:.1e} (limit {NATIONAL:g}), "
            f"median of {zones['count']} zones {zones['medianDifference']:.1e} (limit {MEDIAN:g})"
        )
        if abs(layer["difference"]) > NATIONAL or zones["medianDifference"] > MEDIAN:
            failures.append(f"{layer['layer']} does not close")
    if len(record["closure"]) != 5:
        failures.append(f"{len(record['closure'])} of 5 emissions and sinks were compared")
    for unit in ("cell", "zone"):
        terms = model[unit]["gwr"]["coefficients"]
        missing = [term["term"] for term in terms if not term["identified"]]
        print(
            f"{unit}: {len(terms)} terms, bandwidth {model[unit]['gwr']['bandwidth']} "
            f"({model[unit]['gwr']['state']})"
        )
        if len(terms) != 10 or missing:
            failures.append(f"{unit}: {len(terms)} of 10 terms, without a coefficient: {missing}")
    empty = empty_layers([layer["name"] for layer in record["layers"]], run / "tables/zone_statistics.csv")
    failures += [f"{name} has no value, or 0, in every zone" for name in empty]
    print(f"{len(record['layers'])} layers, {len(empty)} without a value")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
