"""Derives the demo's effective run configuration from config/demo.yaml, by lines, comments kept."""

import re

COMMITTED_PREFIX = "path: demo/"
FETCHED_PREFIX = "path: ../.cache/demo/input/"
EFFECTIVE_PREFIX = "path: input/"


def top_level_blocks(lines):
    """Splits lines into blocks that each start at an unindented key; comments go with the key below them."""
    return _blocks(lines, re.compile(r"[A-Za-z]"))


def layer_blocks(lines):
    """Splits the lines under `layers:` into its items, comments with the item below them."""
    return _blocks(lines, re.compile(r"  - name:"))


def _blocks(lines, start):
    blocks, pending = [[]], []
    for line in lines:
        if start.match(line):
            blocks.append(pending + [line])
            pending = []
        elif not line.strip() or line.lstrip().startswith("#"):
            pending.append(line)
        else:
            blocks[-1] += pending + [line]
            pending = []
    blocks[-1] += pending
    return [block for block in blocks if block]


def _uses(block, absent):
    return any(re.match(r"\s*path:.*/" + re.escape(name) + r"\s*(#.*)?$", line)
               for line in block for name in absent)


def effective(text, absent):
    """The configuration for the cache folder, without the layers, zones and covariates whose files are absent."""
    kept, dropped = [], []
    has_zones = True
    for block in top_level_blocks(text.splitlines()):
        if any(line.startswith("layers:") for line in block):
            for layer in layer_blocks(block):
                if _uses(layer, absent):
                    name = next(line for line in layer if line.startswith("  - name:"))
                    dropped.append(name.split(":", 1)[1].split("#")[0].strip())
                else:
                    kept += layer
        elif any(line.startswith("zones:") for line in block) and _uses(block, absent):
            has_zones = False
        else:
            kept += block
    lines = [_rewritten(line, dropped, has_zones) for line in kept]
    notice = ["# Written by scripts/make-demo-input from config/demo.yaml: change that file, not this one."]
    if absent:
        notice.append(f"# Left out, because it could not be fetched: {', '.join(absent)}.")
    return "\n".join(notice + [""] + lines) + "\n"


def _rewritten(line, dropped, has_zones):
    line = line.replace(FETCHED_PREFIX, EFFECTIVE_PREFIX).replace(COMMITTED_PREFIX, EFFECTIVE_PREFIX)
    covariates = re.match(r"(  covariates: \[)(.*)(\].*)$", line)
    if covariates:
        names = [name.strip() for name in covariates[2].split(",")]
        return covariates[1] + ", ".join(n for n in names if n not in dropped) + covariates[3]
    if not has_zones and re.match(r"  units: \[cell, zone\]", line):
        return line.replace("[cell, zone]", "[cell]")
    return line
