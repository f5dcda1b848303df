"""Workers that share an object store instead of a file system give the mosaics of a plain run, bit for bit.

usage: object_store.py SECTILE CONFIGURATION RUN

RUN is a plain run of the configuration. moto serves the bucket on loopback and tells of every request. A
coordinator and two workers without shared storage, which leave their results in the bucket, do the same run:
every band of every mosaic and the tables must be equal, objects must have been written under their digests,
and workers must have read some of them again.
"""

import collections
import hashlib
import logging
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from run_outputs import differences
from s3_bucket import gdal_environment, s3_bucket

BUCKET = "sectile"
PREFIX = "results"
SECONDS = 300


class Requests(logging.Handler):
    """What was asked of the store, from its access log: method, key and status, and how often."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = collections.Counter()

    def emit(self, record: logging.LogRecord) -> None:
        # The log is coloured by status.
        line = re.sub(r"\x1b\[[\d;]*m", "", record.getMessage())
        match = re.search(rf'"(\w+) /{BUCKET}/(\S*?)(?:\?\S*)? HTTP/[\d.]+" (\d+)', line)
        if match:
            self.counts[match[1], match[2], int(match[3])] += 1

    def succeeded(self, method: str) -> dict[str, int]:
        """How often a method did what was asked, for each key of a result."""
        found = collections.Counter()
        for (verb, key, status), count in self.counts.items():
            if verb == method and status < 300 and key.endswith(".tif"):
                found[key] += count
        return found


def wait_for(path: pathlib.Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{path.name} does not appear, exit code {process.returncode}")
        time.sleep(0.05)


def distributed_run(
    sectile: str, configuration: str, folder: pathlib.Path, environment: dict[str, str]
) -> bool:
    """A run by a coordinator and two workers; what failed is printed."""
    output = folder / "run"
    processes = {}
    try:
        with open(folder / "coordinator.log", "wb") as log:
            processes["coordinator"] = subprocess.Popen(
                [sectile, "coordinator", configuration, "--output", str(output)]
                + ["--listen", "tcp://127.0.0.1:0", "--advertise", "127.0.0.1"],
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        wait_for(output / "join.json", processes["coordinator"])
        shutil.copy(output / "join.json", folder / "join.json")
        for number in (1, 2):
            with open(folder / f"worker-{number}.log", "wb") as log:
                processes[f"worker-{number}"] = subprocess.Popen(
                    [sectile, "worker", "--join", str(folder / "join.json"), "--no-shared-storage"]
                    + ["--scratch", str(folder / f"scratch-{number}"), "--slots", "1"]
                    + ["--object-prefix", f"/vsis3/{BUCKET}/{PREFIX}"],
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env=environment,
                )
        codes = {name: process.wait(SECONDS) for name, process in processes.items()}
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        print(f"wrong: {error}")
        codes = {name: process.poll() for name, process in processes.items()}
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
    for name, code in codes.items():
        if code != 0:
            print(f"wrong: exit code {code} of {name}; the end of its log:")
            print((folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:])
    for log in sorted(folder.glob("worker-*.log")):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if "could not be stored" in line:
                print(f"wrong: {log.stem}: {line}")
    return all(code == 0 for code in codes.values())


def main() -> int:
    sectile, configuration, run = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    requests = Requests()
    with s3_bucket(BUCKET, requests) as (client, address), tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        is_good = distributed_run(sectile, configuration, folder, gdal_environment(address))
        if is_good:
            other = differences(folder / "run", run)
            print(f"bands and tables that differ from the plain run: {', '.join(other) or 'none'}")
            is_good = not other
        # Before this program itself reads there.
        written, read = requests.succeeded("PUT"), requests.succeeded("GET")
        keys = [
            entry["Key"]
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for entry in page.get("Contents", [])
            # Folders are empty objects whose names end so.
            if not entry["Key"].endswith("/")
        ]
        misnamed = [
            key
            for key in keys
            if hashlib.sha256(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()
            != pathlib.PurePosixPath(key).stem
        ]
    print(
        f"{len(keys)} results in the bucket, {len(misnamed)} not under their digest; {sum(written.values())} times stored, "
        f"{len(read)} of them read by {sum(read.values())} requests"
    )
    is_good = is_good and len(keys) > 0 and not misnamed and set(keys) == set(written)
    return 0 if is_good and len(read) > 0 and set(read) <= set(keys) else 1


if __name__ == "__main__":
    sys.exit(main())
