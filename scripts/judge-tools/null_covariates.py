"""How often fields of smooth noise come out significant, as a run with nullCovariates says.

usage: null_covariates.py RUN COUNT

There must be one share for each field, each from 0 to 1. No share is too large: they are a warning to readers.
"""

import json
import pathlib
import sys


def main() -> int:
    run, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    cell = json.loads((run / "tables/model.json").read_text(encoding="utf-8"))["cell"]
    fields = cell.get("null_covariates", [])
    shares = {field["term"]: field["false_positive_share"] for field in fields}
    print(
        f"{cell['observations']} observations, k = {cell['gwr']['bandwidth']}; false-positive shares: "
        + ", ".join(f"{term} {share}" for term, share in shares.items())
    )
    are_shares = all(isinstance(share, (int, float)) and 0 <= share <= 1 for share in shares.values())
    return 0 if are_shares and len(shares) == len(fields) == count else 1


if __name__ == "__main__":
    sys.exit(main())
