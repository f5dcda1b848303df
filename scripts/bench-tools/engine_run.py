"""One run of the engine with tiles that compute nothing: a coordinator process, worker processes, TCP.

    engine_run.py BENCHMARKS DIRECTORY --tiles N [--processes P] [--sessions S] [--slots K] [--credit C]
        [--milliseconds D] [--idle SECONDS] [--stop-after N] [--heartbeat MS] [--kill-after SECONDS]
        [--files] [--no-log]

Prints one line of JSON: what the coordinator says (Benchmarks engine-coordinator) reckoned into rates.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time


def arguments():
    """The command's options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("benchmarks")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--tiles", type=int, required=True)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=1, help="in each process")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--credit", type=int)
    parser.add_argument("--milliseconds", type=int, default=0)
    parser.add_argument("--idle", type=float, default=0)
    parser.add_argument("--stop-after", type=int)
    parser.add_argument("--heartbeat", type=int, default=3000)
    parser.add_argument("--kill-after", type=float)
    parser.add_argument("--files", action="store_true")
    parser.add_argument("--no-log", action="store_true")
    return parser.parse_args()


def kill_when_working(options, victim):
    """Kills a worker so long after the first lease; the moment, seconds since boot."""
    log = options.directory / "logs" / "coordinator.jsonl"
    while not log.exists() or "lease.granted" not in log.read_text():
        time.sleep(0.01)
    time.sleep(options.kill_after)
    victim.kill()
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def used(first, last):
    """Processor seconds between two moments of the coordinator."""
    return sum(last[key] - first[key] for key in ("userSeconds", "systemSeconds"))


def main():
    options = arguments()
    shutil.rmtree(options.directory, ignore_errors=True)
    common = ["--files"] if options.files else []
    coordinator = [options.benchmarks, "engine-coordinator", "--directory", options.directory,
                   "--tiles", options.tiles, "--sessions", options.processes * options.sessions,
                   "--idle", options.idle, "--heartbeat", options.heartbeat, *common]
    if options.stop_after:
        coordinator += ["--stop-after", options.stop_after]
    if options.no_log:
        coordinator += ["--no-log"]
    worker = [options.benchmarks, "engine-workers", "--join", options.directory / "join.json",
              "--sessions", options.sessions, "--slots", options.slots,
              "--milliseconds", options.milliseconds, *common]
    if options.credit:
        worker += ["--credit", options.credit]
    run = subprocess.Popen([str(part) for part in coordinator], stdout=subprocess.PIPE, text=True)
    started = time.clock_gettime(time.CLOCK_BOOTTIME)
    workers = [subprocess.Popen([str(part) for part in worker]) for _ in range(options.processes)]
    killed = kill_when_working(options, workers[0]) if options.kill_after else None
    output = run.communicate()[0]
    if options.stop_after:
        # An interrupted coordinator will be back, so its workers wait for it.
        for process in workers:
            process.terminate()
    worker_seconds = 0.0
    for process in workers:
        _, _, usage = os.wait4(process.pid, 0)
        worker_seconds += usage.ru_utime + usage.ru_stime
    if run.returncode != 0:
        sys.exit(f"engine_run: the coordinator ended with {run.returncode}")
    said = json.loads(output.strip().splitlines()[-1])
    begun, finished = said["begun"], said.get("finished") or said["end"]
    seconds, count = finished["at"] - begun["at"], said["committed"]
    result = {
        "tiles": options.tiles, "committed": count, "outcome": said["outcome"], "seconds": seconds,
        "tilesPerSecond": count / seconds,
        "coordinatorMicroseconds": used(begun, finished) / count * 1e6,
        "workerMicroseconds": worker_seconds / count * 1e6,
        "bytesPerTile": (said["peakBytes"] - said["start"]["residentBytes"]) / options.tiles,
        "joinSeconds": said["lastJoinedAt"] - started, "grantedAgain": said["grantedAgain"],
        "journalBytes": (options.directory / "journal.sqlite").stat().st_size,
    }
    if "idleFrom" in said:
        first, last = said["idleFrom"], said["idleTo"]
        result["idleCores"] = used(first, last) / (last["at"] - first["at"])
        result["idleGrowthBytes"] = last["residentBytes"] - first["residentBytes"]
    if killed:
        result["lostSeconds"] = said["lostAt"] - killed
        result["grantedAgainSeconds"] = said["lastGrantAgainAt"] - killed
    print(json.dumps(result))


main()
