"""Layers in an S3 bucket give the same mosaics and tables as the same files on disk.

usage: s3_input.py SECTILE CONFIGURATION RUN [troubled]

The configuration's rasters are uploaded to a bucket on loopback and its paths replaced by /vsis3/; RUN is a run of the
configuration itself. A layer whose object is missing must be refused with its key.

With `troubled` the run's workers meet, for a while, a network that resets, closes and silences connections before and
within answers. Attempts must fail by that, and none may be committed with wrong samples: once the network is well, the
run ends, or goes on with --retry where tiles were given up, and everything must be the same as well.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import time

from run_outputs import differences
from s3_bucket import gdal_environment, s3_bucket
from troubled_proxy import TroubledProxy

BUCKET = "inputs"
# Every so-many-th connection has trouble, for so many seconds.
EVERY, SECONDS = 9, 20
PATIENCE = 600


def uploaded(configuration, client):
    """The text of a configuration whose rasters are in the bucket."""
    folder = configuration.parent
    text = configuration.read_text(encoding="utf-8")
    for path in sorted(set(re.findall(r"path: (\S+\.tif)", text))):
        key = pathlib.Path(path).name
        client.upload_file(str(folder / path), BUCKET, key)
        text = text.replace(f"path: {path}", f"path: /vsis3/{BUCKET}/{key}")
    return re.sub(r"path: (\.\./\S+)", lambda match: f"path: {(folder / match[1]).resolve()}", text)


def is_the_same(output, run):
    """Whether two runs left the same; what differs is printed."""
    other = differences(output, run)
    print(f"bands and tables that differ from the run from disk: {', '.join(other) or 'none'}")
    return not other


def is_plain_run_right(command, configuration, environment, output, run):
    """A run through a network that is well, and a plan with a missing object."""
    subprocess.run([*command, "--log-level", "error"], check=True, env=environment, stdout=subprocess.DEVNULL)
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(re.sub(r"(/vsis3/\S+?)\.tif", r"\1-absent.tif", text, count=1))
    plan = subprocess.run([command[0], "plan", str(configuration)], env=environment, capture_output=True, text=True)
    print(f"a missing object: exit code {plan.returncode}, {plan.stderr.strip()[:200]}")
    return is_the_same(output, run) and plan.returncode == 2 and "layers[0].path" in plan.stderr


def is_troubled_run_right(command, proxy, environment, output, run):
    """A run through a network that is ill for a while."""
    # A silent server is given up after 15 s unless the environment says otherwise.
    environment = environment | {"GDAL_HTTP_LOW_SPEED_TIME": "2"}
    log = output.with_suffix(".log")
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=file)
        while process.poll() is None and not (output / "journal.sqlite").exists():
            time.sleep(0.01)
        # A plan that cannot read its inputs ends: the trouble begins with the run.
        proxy.every = EVERY
        time.sleep(SECONDS)
        proxy.every = None
        try:
            # A worker that failed again and again is left alone for some minutes.
            code = process.wait(PATIENCE)
        finally:
            process.kill()
    classes = re.findall(r"attempt\.failed .*error\.class=(\w+)", log.read_text(encoding="utf-8", errors="replace"))
    print(f"connections: {dict(proxy.counts)}; exit code {code}; attempts failed as: {sorted(classes)}")
    if code == 3:
        code = subprocess.run([*command, "--retry"], env=environment, stdout=subprocess.DEVNULL).returncode
        print(f"exit code {code} of the same command with --retry")
    has_met_all = all(proxy.counts[kind] for kind in proxy.KINDS)
    return code == 0 and has_met_all and "storage" in classes and is_the_same(output, run)


def main() -> int:
    sectile, configuration, run = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    with s3_bucket(BUCKET) as (client, server), tempfile.TemporaryDirectory() as name:
        remote, output = pathlib.Path(name) / "remote.yaml", pathlib.Path(name) / "run"
        remote.write_text(uploaded(configuration, client), encoding="utf-8")
        command = [sectile, "run", str(remote), "--output", str(output)]
        if sys.argv[4:] == ["troubled"]:
            with TroubledProxy(server).running() as proxy:
                is_right = is_troubled_run_right(command, proxy, gdal_environment(proxy.address), output, run)
        else:
            is_right = is_plain_run_right(command, remote, gdal_environment(server), output, run)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
