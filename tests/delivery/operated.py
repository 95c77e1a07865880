"""The local server as a deployed stack: what the scripts of deploy/operate are run against.

The stack that they ask for names is a stand-in: outputs alone, with the names of template.yaml and the local server's resources.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
STACK, REGION = "operations", "us-east-1"
UPLOAD = {"M": {"etag": {"S": '"0123456789abcdef0123456789abcdef"'}, "size": {"N": "9"}}}


class Server:
    """`./dev serve` in a folder of its own, with maintenance each second: a purge takes several runs."""

    def __init__(self, binary: Path, home: Path, folder: Path):
        (folder / "venv").symlink_to((home / "venv").resolve())
        self.binary, self.folder = binary, folder
        said = self.start()
        self.key = said["APPTEGO_API_KEY"]

    def start(self) -> dict:
        """Starts the program, and returns what it prints first."""
        command = [self.binary, "serve", "--home", self.folder, "--port", "0", "--maintenance-seconds", "1"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=(self.folder / "log").open("a"), text=True)
        said = dict(line.strip().partition("=")[::2] for line in (self.process.stdout.readline() for _ in range(3)))
        self.api = said["API_URL"]
        self.endpoint = said["AWS_ENDPOINT_URL"]
        return said

    def restart(self):
        self.__exit__()
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def call(self, method: str, path: str, body=None, key=None, tenant=""):
        """Status and answer of the API."""
        headers = {"authorization": f"Bearer {key or self.key}", "content-type": "application/json", "tenant": tenant}
        request = urllib.request.Request(self.api + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


class Stack:
    """The local server's resources by the names of the template's outputs."""

    def __init__(self, server: Server):
        self.server = server
        self.connect()
        self.outputs = {}
        queue = {name: self.sqs.get_queue_url(QueueName=f"apptego-{name}")["QueueUrl"]
                 for name in ("build", "library", "arrival", "build-dead-letters", "library-dead-letters", "arrival-dead-letters")}
        real = {"TableName": "apptego-main", "EventsTableName": "apptego-events", "UploadsBucketName": "apptego-uploads",
                "ArtifactsBucketName": "apptego-artifacts", "BuildQueueUrl": queue["build"], "BuildDeadLetterQueueUrl": queue["build-dead-letters"],
                "LibraryQueueUrl": queue["library"], "LibraryDeadLetterQueueUrl": queue["library-dead-letters"],
                "ArrivalQueueUrl": queue["arrival"], "ArrivalDeadLetterQueueUrl": queue["arrival-dead-letters"],
                "PepperSecretArn": self.client("secretsmanager").describe_secret(SecretId="apptego-pepper")["ARN"], **self.site()}
        described = yaml_parse((ROOT / "template.yaml").read_text())["Outputs"]
        assert real.keys() <= described.keys(), real.keys() - described.keys()
        template = {"Parameters": {"RecoveryDays": {"Type": "Number", "Default": 14}},
                    "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
                    "Outputs": {name: {"Value": real.get(name, "not on the local server")} for name in described}}
        stacks = self.client("cloudformation")
        stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
        stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        self.table, self.events_table, self.queue = real["TableName"], real["EventsTableName"], queue
        lines = self.run("outputs").replace("export ", "").splitlines()
        self.outputs = {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}
        self.tenant = next(item["id"]["S"] for item in self.items() if item["sk"]["S"] == "TENANT")

    def connect(self):
        self.settings = {"AWS_ENDPOINT_URL": self.server.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
                         "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "STACK": STACK}
        self.dynamodb, self.sqs, self.s3 = self.client("dynamodb"), self.client("sqs"), self.client("s3")

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.server.endpoint, region_name=REGION, aws_access_key_id="test",
                            aws_secret_access_key="test")

    def site(self) -> dict:
        """A bucket and a distribution, which the local server does without."""
        self.s3.create_bucket(Bucket="apptego-documents")
        origin = {"Id": "documents", "DomainName": "apptego-documents.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behavior = {"TargetOriginId": "documents", "ViewerProtocolPolicy": "redirect-to-https"}
        made = self.client("cloudfront").create_distribution(DistributionConfig={
            "CallerReference": "operations", "Comment": "", "Enabled": True, "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behavior})
        return {"DocumentsBucketName": "apptego-documents", "SiteId": made["Distribution"]["Id"]}

    def check(self, functions):
        for function in functions:
            begun = time.monotonic()
            function(self)
            print(f"{function.__name__}: as the runbook says, {time.monotonic() - begun:.1f} s", flush=True)

    def run(self, script: str, *arguments: str, status: int = 0, **variables: str) -> str:
        """What a script prints on standard output."""
        environment = os.environ | self.settings | self.outputs | variables
        done = subprocess.run([ROOT / "deploy/operate" / script, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == status, f"{script} {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def items(self, table: str | None = None, tenant: str | None = None) -> list[dict]:
        items = self.dynamodb.scan(TableName=table or self.table, ConsistentRead=True)["Items"]
        return [item for item in items if tenant in (None, item.get("tenant", {}).get("S"), item["pk"]["S"].removeprefix("TENANT#"))]

    def objects(self, tenant: str) -> list[str]:
        found = [self.s3.list_objects_v2(Bucket=f"apptego-{bucket}", Prefix=f"{tenant}/") for bucket in ("uploads", "artifacts")]
        return [entry["Key"] for page in found for entry in page.get("Contents", [])]

    def sign_in(self) -> str:
        """An ID token of the tenant's owner."""
        options = ["--home", self.server.folder]
        return subprocess.run([self.server.binary, "sign-in", *options], check=True, capture_output=True, text=True).stdout.strip()

    def manage(self, name: str, body=None, key: str = "") -> dict:
        """What a call of the Management API in the tenant answers to the owner, or to whoever `key` is of."""
        method = "GET" if body is None else "POST"
        status, answer = self.server.call(method, f"/frontend/{name}", body, key or self.sign_in(), self.tenant)
        assert status == 200, answer
        return answer

    def new_job(self) -> str:
        """A job whose upload never comes."""
        status, answer = self.server.call("POST", "/automate/upload", {"file_name": "app.apk", "platform": "android", "version": "dev"})
        assert status == 200, answer
        return answer["job_id"]

    def key(self, job: str) -> dict:
        return {"pk": {"S": f"TENANT#{self.tenant}"}, "sk": {"S": f"JOB#{job}"}}

    def item(self, job: str) -> dict:
        return self.dynamodb.get_item(TableName=self.table, Key=self.key(job), ConsistentRead=True)["Item"]

    def stuck_job(self) -> str:
        """A queued job of which no message tells and at which maintenance does not look. Its upload is missing, so that its build fails at once."""
        job = self.new_job()
        item = self.item(job) | {"state": {"M": {"kind": {"S": "queued"}, "upload": UPLOAD}}, "due_at": {"N": "99999999999"}}
        self.dynamodb.put_item(TableName=self.table, Item=item)
        return job

    def ends_as(self, job: str, code: str):
        for _ in range(100):
            _, answer = self.server.call("GET", f"/automate/status/{job}")
            if answer.get("status") == "failed":
                assert answer["failure_code"] == code, answer
                return
            time.sleep(0.1)
        raise AssertionError(f"job {job} did not end: {self.item(job)}")

    def ledger(self) -> dict:
        return next(item for item in self.items(tenant=self.tenant) if item["sk"]["S"] == "LEDGER")


class Meanwhile:
    """An `aws` before whose first call of a command somebody puts an item into the stack's table, or which is answered otherwise."""

    def __init__(self, stack: Stack, command: str, item: dict | None = None, answer: str = ""):
        self.folder, real = tempfile.TemporaryDirectory(prefix="meanwhile-"), shutil.which("aws")
        folder = Path(self.folder.name)
        (folder / "item").write_text(json.dumps({"TableName": stack.table, "Item": item}))
        put = f"{real} --endpoint-url {stack.server.endpoint} dynamodb put-item --cli-input-json file://{folder}/item"
        (folder / "aws").write_text(f"""#!/bin/sh
echo "$*" >>{folder}/calls
case "$*" in *{command}*) if mkdir {folder}/once 2>/dev/null; then {put if item else f"echo {answer}; exit"}; fi ;; esac
exec {real} "$@"
""")
        (folder / "aws").chmod(0o755)

    def calls(self) -> str:
        return (Path(self.folder.name) / "calls").read_text()

    def __enter__(self) -> str:
        return f"{self.folder.name}:{os.environ['PATH']}"

    def __exit__(self, *_):
        self.folder.cleanup()
