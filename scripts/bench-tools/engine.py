"""The engine with tiles that compute nothing: rate, cost, memory, recovery, size; beside its peers."""

import json
import shutil
import subprocess
import sys
import time

from bench import CACHE, TOOLS, number, table

PYTHON = CACHE / "venv-engine" / "bin" / "python"
SETTING = "journal `synchronous=FULL`, CURVE on"


def section(bench):
    """The text of the results."""
    quick = bench.options.quick
    parts = [rate(bench, quick), sessions(bench, quick), overhead(bench, quick), peers(bench, quick),
             size(bench, quick), recovery(bench, quick)]
    for path in bench.scratch.glob("engine-*"):
        shutil.rmtree(path, ignore_errors=True)
    return "\n\n".join([INTRODUCTION.strip()] + parts)


INTRODUCTION = f"""
The engine's own coordinator actor, journal, codec and channel in one process, its own workers in other processes, over TCP on this
machine; only the tiles are empty (`Benchmarks engine-coordinator`, `engine-workers`, driven by `scripts/bench-tools/engine_run.py`).
Throughout: {SETTING}, group commit, two durable records for each tile (lease granted, result committed), each in force before
the message that depends on it leaves; every log line written that a run writes, save where it says otherwise. What an empty tile skips:
inputs, computing, partial sums, and the object. A result bears an object's name and digests, but no file is written, synchronised or looked
at, as in the other programs' tasks; the row "with a file" has an empty one for each tile, which the coordinator looks at as it does in a run.
Leases are granted to slots; one beyond them waits at the worker. Processor time is that of the whole process (getrusage).
"""


def engine(bench, name, *options):
    """A run of the engine in a directory of its own."""
    return bench.run([sys.executable, TOOLS / "engine_run.py", bench.binaries / "Benchmarks",
                      bench.scratch / f"engine-{name}", *options], cores=2)


def rate(bench, quick):
    """Tiles per second."""
    count = 5_000 if quick else 60_000
    busy = ["--tiles", count, "--slots", 64, "--credit", 128]
    # Two disks' waits for each tile, not hidden by others: slower by far.
    single = ["--tiles", count // 3, "--slots", 1, "--credit", 2]
    rows = []
    for text, more in [("as a run does it", []), ("with a file for each tile", ["--files"]),
                       ("without a log", ["--no-log"]),
                       ("one slot for each worker", single)]:
        found = engine(bench, "rate", *busy, *more)
        rows.append([text, "1 + 1" if more is single else "64 + 64", number(found["tilesPerSecond"]),
                     number(found["coordinatorMicroseconds"]), number(found["workerMicroseconds"])])
    return f"""### Tiles per second

Two worker processes, {count:,} tiles (a third of them in the last row), {SETTING}. Bars: 5,000 tiles per second, 200 µs of the coordinator for each tile.

{table(["", "slots + waiting, each worker", "tiles per second", "coordinator µs per tile", "workers µs per tile"], rows)}"""


def sessions(bench, quick):
    """Cost while sessions grow; joining and idling."""
    rows, idle = [], None
    layouts = [(1, 1, 64, 128), (2, 8, 8, 16), (2, 128, 1, 2), (4, 250, 1, 2)]
    for processes, each, slots, credit in layouts[:2] if quick else layouts:
        many = processes * each >= 1000
        more = ["--idle", 20] if many else []
        found = engine(bench, "sessions", "--tiles", 5_000 if quick else 20_000, "--processes", processes,
                       "--sessions", each, "--slots", slots, "--credit", credit, *more)
        idle = found if many else idle
        rows.append([f"{processes * each:,}", processes, f"{slots} + {credit - slots}",
                     number(found["tilesPerSecond"]), number(found["coordinatorMicroseconds"]),
                     number(found["joinSeconds"])])
    text = ""
    if idle:
        text = f"""

A thousand workers without work, which then say so each 6 s, over 20 s: {idle['idleCores']:.1%} of a core{", a bar missed," if idle['idleCores'] > 0.02 else ""} and {idle['idleGrowthBytes'] / 1024:+,.0f} KiB of
resident memory in the coordinator (bars: 2 %, none). They had joined within {idle['joinSeconds']:.1f} s of the start of all processes (bar: 10 s)."""
    return f"""### Sessions

Workers are sessions of their own, with a socket, a key exchange, heartbeats and an actor each, several in a process. {SETTING[0].upper() + SETTING[1:]}. Rates are
those of this machine's two cores, which the workers share.

{table(["sessions", "processes", "slots + waiting, each", "tiles per second", "coordinator µs per tile",
        "all joined after s"], rows)}{text}"""


DURATIONS = [(10, 1_000), (100, 100), (1_000, 10)]


def overhead(bench, quick):
    """Time beyond the tiles' own."""
    rows = []
    for milliseconds, count in DURATIONS[:1] if quick else DURATIONS:
        found = engine(bench, "overhead", "--tiles", count, "--milliseconds", milliseconds)
        ideal = count / 2 * milliseconds / 1000
        rows.append([f"{milliseconds:,}", count, number(ideal), number(found["seconds"]),
                     f"{found['seconds'] / ideal - 1:.1%}"])
    return f"""### Overhead

Two workers of one slot; a tile waits so long instead of computing. {SETTING[0].upper() + SETTING[1:]}. From the first lease to the last durable commit. Bar: 5 %
at 100 ms.

{table(["tile ms", "tiles", "ideal s", "s", "overhead"], rows)}"""


def peer(bench, name, *options):
    """A run of another program."""
    return bench.run([PYTHON, TOOLS / "engine_peer.py", name, *options], cores=2, limit=180)


def version(name):
    """The version that is pinned."""
    for line in (TOOLS / "requirements-engine.txt").read_text().splitlines():
        if line.startswith(f"{name}=="):
            return line.split("==")[1]
    return "unknown"


def peers(bench, quick):
    """The same tasks by Dask and Parsl."""
    count = 1_000 if quick else 5_000
    columns = {}
    columns["Sectile"] = [engine(bench, "peers", "--tiles", 4 * count, "--slots", 64, "--credit", 128)]
    columns["Dask"] = [peer(bench, "dask", "--tasks", count, "--threads", 8)]
    columns["Parsl"] = [peer(bench, "parsl", "--tasks", count, "--prefetch", 64)]
    durations = DURATIONS[:1] if quick else DURATIONS
    for milliseconds, tasks in durations:
        columns["Sectile"].append(engine(bench, "peers", "--tiles", tasks, "--milliseconds", milliseconds))
        for name in ("Dask", "Parsl"):
            columns[name].append(peer(bench, name.lower(), "--tasks", tasks, "--milliseconds", milliseconds))
    rows = []
    for name, found in columns.items():
        if name == "Sectile":
            speed, cost = found[0]["tilesPerSecond"], found[0]["coordinatorMicroseconds"]
        elif found[0]:
            speed, cost = count / found[0]["seconds"], found[0]["processorSeconds"] / count * 1e6
        else:
            speed = cost = float("nan")
        shares = [f"{one['seconds'] / (tasks / 2 * milliseconds / 1000) - 1:.1%}" if one else "too long"
                  for one, (milliseconds, tasks) in zip(found[1:], durations)]
        rows.append([name, number(speed), number(cost), *shares, *GUARANTEES[name]])
    header = ["", "empty tasks per second", "scheduler µs per task",
              *[f"overhead at {ms:,} ms" for ms, _ in durations], "scheduler dies", "worker dies",
              "a result counts", "on the wire"]
    return f"""### Beside Dask distributed and Parsl

The same empty tasks in the same run: two worker processes over TCP (`scripts/bench-tools/engine_peer.py`). Dask distributed {version('distributed')}: scheduler and workers
as processes of their own, 8 threads each for empty tasks, one otherwise; its time is the scheduler's. Parsl {version('parsl')}: HighThroughputExecutor with one manager,
encrypted as by default, 64 tasks prefetched for empty tasks, none otherwise; its time is that of the submitting process and the interchange.
A task is a Python function of one number. From the first submission until every result is there. The programs do not promise the same:

{table(header, rows)}"""


GUARANTEES = {
    "Sectile": ["the run goes on from the journal, tiles under way are taken over",
                "its tiles are granted anew within three heartbeats, uncharged",
                "once: a durable record; its digest is compared at each reading", "CURVE, a key for each worker"],
    "Dask": ["everything is lost", "tasks run again, results in its memory are computed again",
             "functions may run several times; in memory only", "plain TCP (TLS is optional)"],
    "Parsl": ["everything is lost, save results a checkpoint file was asked to keep",
              "an error, unless retries were asked for", "in the submitting program's memory",
              "CURVE, one key for all"],
}


def command_milliseconds(bench, *arguments):
    """The time of a command of the program as its user waits for it; middle of nine."""
    times = []
    for _ in range(9):
        start = time.perf_counter()
        subprocess.run([bench.binaries / "sectile", *arguments], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


def size(bench, quick):
    """Memory, resuming and status of large runs."""
    rows, missed = [], []
    for count in [10_000] if quick else [100_000, 1_000_000]:
        whole = engine(bench, "size", "--tiles", count, "--slots", 64, "--credit", 128,
                       "--stop-after", count * 9 // 10)
        directory = bench.scratch / "engine-size"
        resumed = bench.measure("engine-coordinator", "--directory", directory, "--tiles", count,
                                "--sessions", 0, "--only-open", cores=2)
        start, ready = resumed["start"], resumed["underWay"]
        status = command_milliseconds(bench, "status", directory)
        missed += [f"{count:,}"] if status > 100 else []
        rows.append([
            f"{count:,}", number(whole["tilesPerSecond"]), number(whole["coordinatorMicroseconds"]),
            number(whole["bytesPerTile"]), number(whole["journalBytes"] / count),
            number(ready["at"] - start["at"]),
            number((ready["residentBytes"] - start["residentBytes"]) / count),
            number(status),
            number(command_milliseconds(bench, "--version"))])
    return f"""### Size

Two worker processes with 64 slots; the coordinator is interrupted after nine tenths, taken up again and asked how far it is. {SETTING[0].upper() + SETTING[1:]}. Memory is what the process
grew by at its largest, the plan included; resuming is from the start of the process to the state in which leases are granted, with the journal checked page by page;
the status is the time of the whole command `sectile status`, beside it that of `sectile --version`, which is the start of the process. Bars: 1 KiB for each tile, 10 s, 100 ms.{f" The last is missed for {' and '.join(missed)} tiles." if missed else ""}

{table(["tiles", "tiles per second", "coordinator µs per tile", "memory, bytes per tile", "journal, bytes per tile",
        "resumed after s", "memory then, bytes per tile", "status ms", "of it process ms"], rows)}"""


def recovery(bench, quick):
    """How soon the tiles of a killed worker are someone else's."""
    found = [engine(bench, "recovery", "--tiles", 16, "--slots", 16, "--milliseconds", 5_000,
                    "--heartbeat", 1_000, "--kill-after", after)
             for after in ([0.5] if quick else [0.2, 0.5, 0.8])]
    beats = [one["grantedAgainSeconds"] for one in found]
    tiles = found[0]["grantedAgain"]
    return f"""### A worker killed with SIGKILL

Heartbeats each 1 s, leases of three; one of two workers is killed with {tiles} tiles, from outside, so that nothing but its silence tells. All
were granted to the other {', '.join(f'{beat:.2f}' for beat in beats)} heartbeats later (bar: 3). A worker that `sectile run` started itself is missed at once."""
