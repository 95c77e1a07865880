"""A local AWS for one deployment, on a free port."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
# Becomes the local AWS. When the pipe at its standard input closes, however this process ends, all of its group ends: the functions too.
RUN = 'exec 3<&0; (cat <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$0" </dev/null 3<&-'


class LocalAws:
    """A local AWS with TLS, which the bucket policies demand, and with IAM in force."""

    def __init__(self, home: Path, folder: Path):
        self.program, self.folder, self.log = home / "venv/bin/ministack", folder, home / "deployed.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.endpoint = f"https://127.0.0.1:{self.port}"
        # Made by the local AWS at its start.
        self.certificate = folder / "ministack-tls/server.crt"
        self.roots = folder / "roots.pem"

    def __enter__(self):
        settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "AUTH": "true", "USE_SSL": "1",
                    "AWS_ENDPOINT_URL": self.endpoint, "TMPDIR": str(self.folder), "STATE_DIR": str(self.folder / "state"),
                    "CLOUDTRAIL_RECORDING": "1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(["/bin/sh", "-c", RUN, self.program], env=os.environ | settings, stdin=subprocess.PIPE,
                                            stdout=log, stderr=log, start_new_session=True)
        self.wait()
        self.roots.write_bytes((ROOT / "deploy/amazon-roots.pem").read_bytes() + self.certificate.read_bytes())
        return self

    def wait(self):
        for _ in range(300):
            if self.process.poll() is not None:
                sys.exit(f"error: the local AWS ended at once; see {self.log}")
            try:
                self.client("s3").list_buckets()
                return
            except (BotoCoreError, OSError):
                time.sleep(0.2)
        sys.exit(f"error: the local AWS did not answer; see {self.log}")

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, verify=str(self.certificate),
                            aws_access_key_id="test", aws_secret_access_key="test")

    def owner(self) -> dict[str, str]:
        """Variables of a program that calls it as the account's owner."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                "SSL_CERT_FILE": str(self.certificate)}

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
