"""A bucket that moto serves on loopback, as an S3 server would."""

import contextlib
import logging
import os

import boto3
from moto.server import ThreadedMotoServer

KEY, SECRET, REGION = "testing", "testing", "us-east-1"


@contextlib.contextmanager
def s3_bucket(name, handler=None):
    """A client with an empty bucket of that name, and the server's host and port.

    The handler, where there is one, gets a record of each request; nothing else is told of them.
    """
    log = logging.getLogger("werkzeug")
    log.propagate = False
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    # After the start, so that the handler stays alone, whatever the server added.
    log.handlers = [handler] if handler else [logging.NullHandler()]
    log.setLevel(logging.INFO)
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket=name)
    try:
        yield client, (host, port)
    finally:
        server.stop()


def gdal_environment(address):
    """The environment in which GDAL finds the server at a host and port."""
    host, port = address
    return os.environ | {
        "AWS_S3_ENDPOINT": f"{host}:{port}",
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
    }
