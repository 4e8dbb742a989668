"""A service that speaks S3, moto's, on a free port of loopback, with the bucket `files`.

Writes `port N` when it listens.
"""

import threading

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
_, port = server.get_host_and_port()
boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    region_name="us-east-1",
    aws_access_key_id="id",
    aws_secret_access_key="secret",
).create_bucket(Bucket="files")
print(f"port {port}", flush=True)
threading.Event().wait()
