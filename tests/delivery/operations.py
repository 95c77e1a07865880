"""Runs the scripts of deploy/operate against the local server, and asks its API what came of them.

The stack that they ask for names is a stand-in: outputs alone, with the names of template.yaml and the local server's resources.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
STACK, REGION = "operations", "us-east-1"
OTHER = "0" * 32
UPLOAD = {"M": {"etag": {"S": '"0123456789abcdef0123456789abcdef"'}, "size": {"N": "9"}}}


def main() -> int:
    home = Path(os.environ.get("APPTEGO_HOME", ROOT / ".local"))
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/local"
    with tempfile.TemporaryDirectory(prefix="operations-") as folder, Server(binary, home, Path(folder)) as server:
        stack = Stack(server)
        # What may run at once; more builds than two at once would be refused.
        with ThreadPoolExecutor() as threads:
            list(threads.map(stack.check, ((show,), (end, wake, redrive))))
        stack.check((restore, pepper, delete))
    return 0


class Server:
    """`./dev serve` in a folder of its own."""

    def __init__(self, binary: Path, home: Path, folder: Path):
        (folder / "venv").symlink_to((home / "venv").resolve())
        self.binary, self.folder = binary, folder
        said = self.start()
        self.key = said["APPTEGO_API_KEY"]

    def start(self) -> dict:
        """Starts the program, and returns what it prints first."""
        command = [self.binary, "serve", "--home", self.folder, "--port", "0"]
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

    def call(self, method: str, path: str, body=None, key=None):
        """Status and answer of the API."""
        headers = {"authorization": f"Bearer {key or self.key}", "content-type": "application/json"}
        request = urllib.request.Request(self.api + path, json.dumps(body).encode() if body else None, headers, method=method)
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
                 for name in ("build", "arrival", "build-dead-letters", "arrival-dead-letters")}
        real = {"TableName": "apptego-main", "UploadsBucketName": "apptego-uploads", "ArtifactsBucketName": "apptego-artifacts",
                "BuildQueueUrl": queue["build"], "BuildDeadLetterQueueUrl": queue["build-dead-letters"],
                "ArrivalQueueUrl": queue["arrival"], "ArrivalDeadLetterQueueUrl": queue["arrival-dead-letters"],
                "PepperSecretArn": self.client("secretsmanager").describe_secret(SecretId="apptego-pepper")["ARN"]}
        described = yaml_parse((ROOT / "template.yaml").read_text())["Outputs"]
        assert real.keys() <= described.keys(), real.keys() - described.keys()
        template = {"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
                    "Outputs": {name: {"Value": real.get(name, "not on the local server")} for name in described}}
        stacks = self.client("cloudformation")
        stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
        stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        self.table, self.queue = real["TableName"], queue
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

    def check(self, functions):
        for function in functions:
            begun = time.monotonic()
            function(self)
            print(f"{function.__name__}: as the runbook says, {time.monotonic() - begun:.1f} s", flush=True)

    def run(self, script: str, *arguments: str, status: int = 0) -> str:
        """What a script prints on standard output."""
        done = subprocess.run([ROOT / "deploy/operate" / script, *arguments], env=os.environ | self.settings | self.outputs, capture_output=True, text=True)
        assert done.returncode == status, f"{script} {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def items(self, table: str | None = None, tenant: str | None = None) -> list[dict]:
        items = self.dynamodb.scan(TableName=table or self.table, ConsistentRead=True)["Items"]
        return [item for item in items if tenant in (None, item.get("tenant", {}).get("S"), item["pk"]["S"].removeprefix("TENANT#"))]

    def objects(self, tenant: str) -> list[str]:
        found = [self.s3.list_objects_v2(Bucket=f"apptego-{bucket}", Prefix=f"{tenant}/") for bucket in ("uploads", "artifacts")]
        return [entry["Key"] for page in found for entry in page.get("Contents", [])]

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


def show(stack: Stack):
    job = stack.new_job()
    shown = json.loads(stack.run("job", "show", stack.tenant, job))
    assert shown["job"]["state"] == {"kind": "awaiting_upload"}, shown
    assert shown["slot"] == {"active": True, "arrived": False, "recent": True}, shown
    assert stack.run("job", "due") == ""
    late = stack.item(job) | {"due_at": now(-300)}
    stack.dynamodb.put_item(TableName=stack.table, Item=late | {"due_pk": {"S": "DUE"}})
    due = stack.run("job", "due")
    # Maintenance, which looks each minute, may have been faster.
    assert due.startswith(f"{stack.tenant} {job} ") or stack.item(job)["due_at"] != late["due_at"], due
    stack.run("job", "end", stack.tenant, job, "--yes")


def end(stack: Stack):
    job = stack.new_job()
    before = stack.item(job)
    stack.run("job", "end", stack.tenant, job)
    assert stack.item(job) == before, "without --yes nothing changes"
    stack.run("job", "end", stack.tenant, job, "--yes")
    stack.ends_as(job, "cancelled")
    assert all(job not in stack.ledger().get(name, {}).get("NS", []) for name in ("active", "arrived", "recent")), stack.ledger()
    stack.run("job", "end", stack.tenant, job, "--yes", status=1)


def wake(stack: Stack):
    job = stack.stuck_job()
    time.sleep(2)
    assert stack.item(job)["state"]["M"]["kind"]["S"] == "queued", "only the message makes the difference"
    stack.run("job", "wake", stack.tenant, job)
    stack.ends_as(job, "upload_missing")


def redrive(stack: Stack):
    job, dead = stack.stuck_job(), stack.queue["build-dead-letters"]
    stack.sqs.send_message(QueueUrl=dead, MessageGroupId=stack.tenant, MessageBody=json.dumps({"v": 1, "tenant": stack.tenant, "job": int(job)}))
    shown = json.loads(stack.run("redrive", "build"))
    assert json.loads(shown["body"])["job"] == int(job), shown
    assert stack.item(job)["state"]["M"]["kind"]["S"] == "queued", "without --yes nothing moves"
    stack.run("redrive", "build", "--by-hand", "--yes")
    stack.ends_as(job, "upload_missing")
    left = stack.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == left["ApproximateNumberOfMessagesNotVisible"] == "0", left


def restore(stack: Stack):
    """A table from the past, made by copying, to which an item is lost and in which another one is damaged."""
    arn = stack.dynamodb.create_backup(TableName=stack.table, BackupName="before")["BackupDetails"]["BackupArn"]
    stack.dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=arn)
    stack.dynamodb.get_waiter("table_exists").wait(TableName="restored", WaiterConfig={"Delay": 1})
    before = entities(stack)
    lost = stack.dynamodb.delete_item(TableName=stack.table, ReturnValues="ALL_OLD", Key=stack.key("x") | {"sk": {"S": "TENANT"}})["Attributes"]
    damaged = next(item for item in before.values() if item["sk"]["S"].startswith("CONFIGURATION#"))
    stack.dynamodb.put_item(TableName=stack.table, Item=damaged | {"digest": {"S": "damaged"}})
    ledger = stack.dynamodb.delete_item(TableName=stack.table, ReturnValues="ALL_OLD", Key=stack.key("x") | {"sk": {"S": "LEDGER"}})["Attributes"]
    assert stack.run("restore-items", "restored", "--tenant", stack.tenant).split() == [lost["pk"]["S"], "TENANT"], "and no ledger"
    stack.dynamodb.put_item(TableName=stack.table, Item=ledger)
    stack.run("restore-items", "restored", "--only", "SIGNING_KEY#", "--overwrite", "--yes", status=1)
    stack.run("restore-items", "restored", "--tenant", status=1)
    stack.run("restore-items", "restored", "--tenant", stack.tenant, "--yes")
    stack.run("restore-items", "restored", "--only", "JOB#", "--overwrite", "--yes", status=1)
    stack.run("restore-items", "restored", "--tenant", stack.tenant, "--only", "CONFIGURATION#", "--overwrite", "--yes")
    assert entities(stack) == before


def entities(stack: Stack) -> dict:
    """By key, without jobs: maintenance may write those at any time."""
    items = {(item["pk"]["S"], item["sk"]["S"]): item for item in stack.items(tenant=stack.tenant)}
    return {key: item for key, item in items.items() if not key[1].startswith("JOB#")}


def pepper(stack: Stack):
    secrets, secret = stack.client("secretsmanager"), "apptego-pepper"
    before = secrets.get_secret_value(SecretId=secret)["SecretString"]
    assert stack.run("rotate-pepper") == "none\n"
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == before, "without --yes nothing changes"
    stack.run("rotate-pepper", "--yes")
    after = secrets.get_secret_value(SecretId=secret)["SecretString"]
    assert len(after) == 64 and after != before
    assert secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["SecretString"] == before
    assert stack.server.call("GET", "/automate/status/1700000000")[0] == 404, "the key is still accepted"
    assert stack.server.key.split(":")[0] in stack.run("rotate-pepper", "--yes", status=1)
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == after, "a key would have been lost"
    # As Lambda does now and then: a process that knows the new value moves the key.
    stack.server.restart()
    stack.connect()
    assert stack.server.call("GET", "/automate/status/1700000000")[0] == 404, "the key is accepted under the value before"
    assert stack.run("rotate-pepper") == "none\n"


def delete(stack: Stack):
    """One of two tenants, the second a copy of the first."""
    copy_tenant(stack)
    job = stack.new_job()
    stack.s3.put_object(Bucket="apptego-artifacts", Key=f"{stack.tenant}/builds/{job}/1/app.apk", Body=b"output")
    stack.s3.create_multipart_upload(Bucket="apptego-uploads", Key=f"{stack.tenant}/uploads/android/development/{job}/app.apk")
    others = keys(stack, OTHER)
    assert len(others) > 5 and stack.objects(stack.tenant)
    counted = stack.run("delete-tenant", stack.tenant)
    assert "1 automation keys" in counted and "1 unfinished uploads" in counted, counted
    assert stack.items(tenant=stack.tenant), "without --yes nothing is deleted"
    running = stack.item(job) | {"state": {"M": {"kind": {"S": "running"}, "upload": UPLOAD, "since": now(), "lease_until": now(300)}}}
    stack.dynamodb.put_item(TableName=stack.table, Item=running)
    stack.run("delete-tenant", stack.tenant, "--yes", status=3)
    ended = stack.item(job)
    assert ended["state"]["M"]["kind"]["S"] == "failed" and int(ended["due_at"]["N"]) > time.time() + 200, ended
    stack.dynamodb.put_item(TableName=stack.table, Item=ended | {"due_at": now()})
    stack.run("delete-tenant", "f" * 32, "--yes", status=1)
    evidence = stack.run("delete-tenant", stack.tenant, "--yes").splitlines()
    assert all(line.startswith("0 ") for line in evidence), evidence
    assert stack.items(tenant=stack.tenant) == [] and stack.objects(stack.tenant) == []
    assert stack.server.call("GET", f"/automate/status/{job}")[0] == 401
    assert keys(stack, OTHER) == others, "the other tenant is untouched"


def now(later: int = 0) -> dict:
    return {"N": str(int(time.time()) + later)}


def keys(stack: Stack, tenant: str) -> set:
    return {(item["pk"]["S"], item["sk"]["S"]) for item in stack.items(tenant=tenant)} | set(stack.objects(tenant))


def copy_tenant(stack: Stack):
    for item in stack.items(tenant=stack.tenant):
        # The envelope of a signing key is bytes, which nothing here looks at.
        copied = json.loads(json.dumps(item, default=repr).replace(stack.tenant, OTHER).replace("AUTOMATION_KEY#auto_", "AUTOMATION_KEY#auto_x"))
        stack.dynamodb.put_item(TableName=stack.table, Item=copied)
    for key in stack.objects(stack.tenant):
        stack.s3.copy_object(Bucket="apptego-artifacts", Key=key.replace(stack.tenant, OTHER), CopySource=f"apptego-artifacts/{key}")


if __name__ == "__main__":
    sys.exit(main())
