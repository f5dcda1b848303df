"""What a run with the defaults must be able to say of its local models.

usage: default_model.py RUN

The bandwidth is an interior minimum, no neighbourhood is uncertified, and residual Moran's I is told, by
tables/model.json and by run.json alike; the share of cells where each term is unidentified by the former.
"""

import json
import math
import pathlib
import sys


def is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1


def main() -> int:
    run = pathlib.Path(sys.argv[1])
    cell = json.loads((run / "tables/model.json").read_text(encoding="utf-8"))["cell"]
    told = json.loads((run / "run.json").read_text(encoding="utf-8"))["regression"]
    model = cell["gwr"]
    found = []
    if model["state"] != "interior" or told["bandwidthState"] != "interior":
        found.append(f"bandwidth state {model['state']}, in run.json {told['bandwidthState']}")
    stages = cell["certificates"]
    uncertified = sum(stages[stage]["uncertified"] for stage in ("bandwidth", "fit", "diagnose"))
    if uncertified != 0 or told["certificates"] != stages:
        found.append(f"certificates {stages}, in run.json {told['certificates']}")
    certified = stages["fit"]["certified"]
    if certified != cell["cells"] or certified == 0:
        found.append(f"{certified} certified neighbourhoods for {cell['cells']} cells with a model")
    moran = model["residuals"]["moran_i"]
    if moran is None or not math.isfinite(moran) or told["residualMoranI"] != moran:
        found.append(f"residual Moran's I {moran}, in run.json {told['residualMoranI']}")
    shares = {term["term"]: term.get("unidentified_share") for term in model["coefficients"]}
    if list(shares) != ["intercept", *cell["predictors"]]:
        found.append(f"terms {list(shares)}, predictors {cell['predictors']}")
    found += [f"{term}: unidentified share {share}" for term, share in shares.items() if not is_share(share)]
    print(
        f"{cell['cells']} cells, {cell['observations']} observations; k = {model['bandwidth']}, {model['state']}; "
        f"uncertified {uncertified}; residual Moran's I {moran}; unidentified shares "
        + ", ".join(f"{term} {share}" for term, share in shares.items())
    )
    for text in found:
        print(f"wrong: {text}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
