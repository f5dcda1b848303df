"""Runs a part of the benchmarks and writes its section of the results page.

    bench.py PART [--quick] [--limit SECONDS] [--page FILE]

Called by scripts/bench, which builds the programs and makes the peers' environment. Parts: regression, inputs,
engine.
SECTILE_BENCH_PREFIX may hold a command that every single measurement is run under, such as a lock
shared with other jobs of the machine; what such a command waits counts towards --limit.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import resource
import shlex
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "scripts" / "bench-tools"
CACHE = ROOT / ".cache" / "bench"
PYTHON = CACHE / "venv" / "bin" / "python"
SERIAL = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Bench:
    """How things are run and what has been run."""

    def __init__(self, options):
        self.options = options
        self.binaries = pathlib.Path(os.environ["SECTILE_BENCH_BINARIES"])
        self.prefix = shlex.split(os.environ.get("SECTILE_BENCH_PREFIX", ""))
        self.scratch = CACHE / "run"
        self.scratch.mkdir(parents=True, exist_ok=True)
        # Processor seconds of other programs, and seconds, of the measurements so far.
        self.disturbance = []

    def run(self, command, cores=1, limit=None):
        """Last line of a command's output as JSON, None when it takes too long."""
        pinned = [str(part) for part in command]
        if platform.system() == "Linux":
            pinned = ["taskset", "--cpu-list", ",".join(str(core) for core in range(cores))] + pinned
        print("  " + " ".join(str(part) for part in command), file=sys.stderr, flush=True)
        before = (busy_seconds(), own_seconds(), time.time())
        # A session of its own, so that a pool's workers end with their parent and disturb nobody.
        process = subprocess.Popen(self.prefix + pinned, env=os.environ | SERIAL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        # With a prefix that waits, the time before the start counts, too: an upper bound.
        others = busy_seconds() - before[0] - (own_seconds() - before[1])
        self.disturbance.append((others, time.time() - before[2]))
        if process.returncode != 0:
            sys.exit(f"bench: {shlex.join(pinned)} failed:\n{output}{errors}")
        lines = output.strip().splitlines()
        return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}

    def measure(self, *arguments, cores=1):
        """A measurement of Sectile's own."""
        return self.run([self.binaries / "Benchmarks", *arguments], cores=cores)


def busy_seconds():
    """Processor seconds that all programs of the machine have had; 0 where it is not told."""
    if platform.system() != "Linux":
        return 0.0
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return sum(int(field) for field in fields[1:4]) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    """Processor seconds of the finished children of this script."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def disturbed(bench):
    """How much the machine did beside the measurements."""
    others = sum(one[0] for one in bench.disturbance)
    total = sum(one[1] for one in bench.disturbance)
    return f"Other programs took {others / max(total, 1e-9):.2f} cores on average meanwhile."


def machine():
    """Processor, memory, system and compiler in a sentence."""
    model = platform.machine()
    if pathlib.Path("/proc/cpuinfo").exists():
        fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$",
                                 pathlib.Path("/proc/cpuinfo").read_text(), re.M))
        model = fields.get("model name", model)
        if "model" in fields:
            model += f" (family {fields.get('cpu family')}, model {fields['model']})"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.system()
    release = pathlib.Path("/etc/os-release")
    if release.exists():
        named = re.search(r'^PRETTY_NAME="?(.*?)"?$', release.read_text(), re.M)
        system = named.group(1) if named else system
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"Swift version (\S+)", swift)
    return (f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB, {system}, "
            f"Swift {version.group(1) if version else 'unknown'}")


def table(header, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def number(value, digits=3):
    """A number with so many significant digits, without an exponent."""
    if value == 0 or value != value:
        return str(value)
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if abs(float(text)) >= 10 ** (digits - 1) else f"{float(text):g}"


def replace_section(page, title, text):
    """Puts a section in the place of the one with its title, or at the end."""
    old = page.read_text() if page.exists() else "# Benchmarks\n"
    parts = re.split(r"(?m)^(?=## )", old)
    section = f"## {title}\n\n{text.strip()}\n"
    kept = [part for part in parts if not part.startswith(f"## {title}\n")]
    place = next((i for i, part in enumerate(parts) if part.startswith(f"## {title}\n")), len(kept))
    kept.insert(place, section)
    page.write_text("\n".join(part.strip() + "\n" for part in kept))


def main():
    import engine
    import inputs
    import regression
    parts = {"regression": ("Regression", regression.section),
             "inputs": ("Inputs", inputs.section), "engine": ("Engine", engine.section)}
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=sorted(parts))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--limit", type=float, default=600)
    parser.add_argument("--page", type=pathlib.Path,
                        default=ROOT / "Sources/sectile/Documentation.docc/Benchmarks.md")
    options = parser.parse_args()
    start = time.time()
    title, section = parts[options.part]
    bench = Bench(options)
    commit = subprocess.run(["git", "describe", "--always"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    # Sources that differ from that commit say so; the page itself, which another part may just have written, does not.
    changed = subprocess.run(["git", "status", "--porcelain", "Package.swift", "Sources/*.swift", "Sources/*.c", "scripts"],
                             cwd=ROOT, capture_output=True, text=True).stdout.strip()
    commit += "-dirty" if changed else ""
    text = section(bench)
    command = f"scripts/bench {options.part}" + (" --quick" if options.quick else "")
    if options.limit != 600:
        command += f" --limit {options.limit:g}"
    head = (f"`{command}` on {datetime.date.today()}, {time.time() - start:.0f} s, commit {commit}: "
            f"{machine()}. {disturbed(bench)}\n\n")
    replace_section(options.page, title, head + text)
    print(f"wrote {options.page}")


if __name__ == "__main__":
    main()
