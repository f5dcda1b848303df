"""Layers in an S3 bucket give the same city table as the same files on disk.

usage: s3_input.py SECTILE CONFIGURATION RUN

The bucket is served by moto on loopback. The configuration's rasters are uploaded and its paths replaced by
/vsis3/; RUN is a run of the configuration itself. A layer whose object is missing must be refused with its key.
"""

import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "inputs"


def main() -> int:
    sectile, configuration, run = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    folder = configuration.parent
    text = configuration.read_text(encoding="utf-8")
    for path in sorted(set(re.findall(r"path: (\S+\.tif)", text))):
        key = pathlib.Path(path).name
        client.upload_file(str(folder / path), BUCKET, key)
        text = text.replace(f"path: {path}", f"path: /vsis3/{BUCKET}/{key}")
    text = re.sub(r"path: (\.\./\S+)", lambda match: f"path: {(folder / match[1]).resolve()}", text)
    environment = os.environ | {
        "AWS_S3_ENDPOINT": f"{host}:{port}",
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }
    with tempfile.TemporaryDirectory() as name:
        remote = pathlib.Path(name) / "remote.yaml"
        remote.write_text(text, encoding="utf-8")
        output = pathlib.Path(name) / "run"
        subprocess.run(
            [sectile, "run", str(remote), "--output", str(output), "--log-level", "error"],
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        is_equal = (output / "tables/cities.csv").read_bytes() == (
            run / "tables/cities.csv"
        ).read_bytes()
        print(f"city table from S3 {'equals' if is_equal else 'DIFFERS FROM'} the one from disk")
        remote.write_text(re.sub(r"(/vsis3/\S+?)\.tif", r"\1-absent.tif", text, count=1))
        plan = subprocess.run(
            [sectile, "plan", str(remote)], env=environment, capture_output=True, text=True
        )
        is_refused = plan.returncode == 2 and "layers[0].path" in plan.stderr
        print(f"a missing object: exit code {plan.returncode}, {plan.stderr.strip()[:200]}")
    server.stop()
    return 0 if is_equal and is_refused else 1


if __name__ == "__main__":
    sys.exit(main())
