"""What a deployed stack has to do: protect an app, answer browsers, and keep every function to its role."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from socket import create_server

from local_aws import ROOT, LocalAws

# How often each function is started; the quickest counts, because others may use the machine.
STARTS = 10
# A recorded event for each function's folder, which changes nothing about a job that has ended.
EVENTS = {"automate-upload": "cancel", "automate-status": "status", "upload-arrival": "put", "protection-worker": "wake-up",
          "maintenance": "each-minute", "frontend-config": "config", "frontend-users": "get-users-permissions",
          "frontend-builds": "get-applications", "support": "list-documents", "billing": "check-subscription", "helpbot": "status"}

# Whom the documented sign-in names; the seeded tenant is theirs.
OWNER, PASSWORD = "owner@example.com", "Local-password-1"


def protect(aws: LocalAws, app: Path, artifacts: str, tools: Path, client: dict) -> str:
    """One app through the deployed API, with the customer's own command line; other tools judge what comes out. Returns the job."""
    begun, output = time.monotonic(), aws.folder / "protected.apk"
    job = json.loads(run(tools / "apptego", "upload", "--json", "--env", "prod", app, **client))["job_id"]
    # Nobody asks for the status yet, which would queue the job too: only notification and queues can bring it here.
    wait_for_build(aws, artifacts)
    run(tools / "apptego", "status", "--wait", "--timeout", "60", job, **client)
    run(tools / "apptego", "download", "--out", output, job, **client)
    judge(app, output, tools)
    print(f"{app.name}: protected through the deployed API in {time.monotonic() - begun:.1f} s; apksigner, zipalign and diff agree")
    return job


def judge(app: Path, output: Path, tools: Path):
    """What other tools say of an output."""
    run("apksigner", "verify", output)
    run("zipalign", "-c", "4", output)
    run(tools / "inspect", "diff", app, output)


def documented(aws: LocalAws, app: Path, tools: Path, client: dict):
    """The documentation's own shell example, with curl and jq; only its pause is shortened."""
    begun, folder = time.monotonic(), aws.folder / "documented"
    folder.mkdir()
    shutil.copy(app, folder / "app-release.apk")
    pause = folder / "sleep"
    pause.write_text("#!/bin/sh\nPATH=/usr/bin:/bin exec sleep 0.5\n")
    pause.chmod(0o755)
    said = run("bash", ROOT / "tests/shell/single-part.sh", cwd=folder, API_URL=client["APPTEGO_API_URL"], APPTEGO_API_KEY=client["APPTEGO_API_KEY"],
               CURL_CA_BUNDLE=client["SSL_CERT_FILE"], PATH=f"{folder}:{os.environ['PATH']}")
    if said != "Build complete\n":
        sys.exit(f"error: the documented example says {said}")
    judge(app, folder / "app-release-protected.apk", tools)
    print(f"{app.name}: protected by the documented shell example in {time.monotonic() - begun:.1f} s")


def managed(aws: LocalAws, outputs: dict, told: dict, tools: Path, client: dict):
    """From a password to a call with an API token, by the shell example; the operator does meanwhile what it waits for."""
    begun = time.monotonic()
    people, ids = aws.client("cognito-idp"), {"UserPoolId": outputs["UserPoolId"], "ClientId": outputs["UserPoolClientId"]}
    owner = {"UserPoolId": ids["UserPoolId"], "Username": OWNER}
    verified = [{"Name": "email", "Value": OWNER}, {"Name": "email_verified", "Value": "true"}]
    people.admin_create_user(MessageAction="SUPPRESS", UserAttributes=verified, **owner)
    people.admin_set_user_password(Password=PASSWORD, Permanent=True, **owner)
    flows = people.describe_user_pool_client(**ids)["UserPoolClient"]["ExplicitAuthFlows"]
    try:
        people.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=ids["ClientId"], AuthParameters={"USERNAME": OWNER, "PASSWORD": PASSWORD})
        sys.exit("error: the user pool takes a password otherwise than by SRP")
    except people.exceptions.InvalidParameterException:
        # The example has curl only, which does not know SRP.
        people.update_user_pool_client(ExplicitAuthFlows=[*flows, "ALLOW_USER_PASSWORD_AUTH"], **ids)
    variables = {"API_URL": client["APPTEGO_API_URL"], "AWS_ENDPOINT_URL": aws.endpoint, "USER_POOL_CLIENT_ID": ids["ClientId"],
                 "CURL_CA_BUNDLE": client["SSL_CERT_FILE"]}
    said = waited_for(["bash", ROOT / "tests/shell/token.sh"], variables, lambda asked: run(tools / "local", *asked, **told | aws.owner()))
    people.update_user_pool_client(ExplicitAuthFlows=flows, **ids)
    tenants, applications, deleted = (json.loads(line) for line in said.splitlines()[-3:])
    if ([tenant["plan"] for tenant in tenants["tenants"]], applications, deleted) != (["TEAM"], [], {"success": True}):
        sys.exit(f"error: the example of a token says {said}")
    print(f"{OWNER}: from a password to a tenant and a token through the deployed API in {time.monotonic() - begun:.1f} s")


def waited_for(command: list, variables: dict, act) -> str:
    """What a script prints that waits for commands of ./dev, each of which is acted on."""
    said = []
    with subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as script:
        for line in script.stdout:
            said.append(line)
            if line.startswith("Waiting for ./dev "):
                act(line.split()[3:])
    if script.returncode:
        sys.exit(f"error: {command[-1].name}: {''.join(said)}")
    return "".join(said)


def multipart(aws: LocalAws, app: Path, table: str, tools: Path, client: dict):
    """An app of more than 100 MB, which goes in by parts."""
    large, output = aws.folder / "large.apk", aws.folder / "large-protected.apk"
    enlarge(app, large)
    begun = time.monotonic()
    printed = json.loads(run(tools / "apptego", "protect", "--json", "--env", "prod", "--out", output, "--timeout", "300", large, **client))
    took = time.monotonic() - begun
    if printed["report"]["input"]["sha256"] != hashlib.sha256(large.read_bytes()).hexdigest():
        sys.exit(f"error: the worker had something else than {large.name}: {printed['report']['input']}")
    jobs = aws.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    (job,) = [item for item in jobs if item["sk"]["S"] == f"JOB#{printed['job_id']}"]
    if "S" not in job.get("upload_id", {}):
        sys.exit(f"error: {large.name} did not go in by parts: {job}")
    judge(large, output, tools)
    print(f"{large.name}: {large.stat().st_size:,} bytes in parts through the deployed API in {took:.1f} s; apksigner, zipalign and diff agree")


def enlarge(app: Path, large: Path):
    """A real app with an asset that no compression makes smaller; the first size that is sent in parts is 100 MiB."""
    noise = random.Random(1)
    with zipfile.ZipFile(app) as before, zipfile.ZipFile(large, "w") as after:
        for entry in before.infolist():
            after.writestr(entry, before.read(entry), entry.compress_type)
        with after.open("assets/noise", "w") as asset:
            for _ in range(101):
                asset.write(noise.randbytes(1 << 20))


def wait_for_build(aws: LocalAws, artifacts: str):
    storage, end = aws.client("s3"), time.monotonic() + 60
    while not any("/builds/" in entry["Key"] for entry in storage.list_objects_v2(Bucket=artifacts).get("Contents", [])):
        if time.monotonic() > end:
            sys.exit(f"error: the upload led to no build; see {aws.log}")
        time.sleep(0.5)


def run(*command, cwd: Path | None = None, **variables: str) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | variables, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: {Path(command[0]).name}: {done.stdout}{done.stderr}")
    return done.stdout


def preflight(client: dict):
    """What a browser asks before it calls."""
    answer = run("curl", "--silent", "--show-error", "--fail", "--include", "--request", "OPTIONS", "--cacert", client["SSL_CERT_FILE"],
                 "--header", "Origin: https://portal.example", "--header", "Access-Control-Request-Method: POST",
                 f"{client['APPTEGO_API_URL']}/automate/upload").lower()
    for header in ("access-control-allow-origin: *", "access-control-allow-methods: get,post,delete,options"):
        if header not in answer:
            sys.exit(f"error: the preflight is answered without {header}:\n{answer}")


def refusals(aws: LocalAws):
    """No function was refused anything, and none did what only a condition that the local IAM does not know would refuse."""
    logs, trail = aws.client("logs"), aws.client("cloudtrail")
    for group in logs.describe_log_groups()["logGroups"]:
        for event in logs.filter_log_events(logGroupName=group["logGroupName"], filterPattern='"is not authorized"')["events"]:
            sys.exit(f"error: {group['logGroupName']}: {event['message']}")
    decrypted = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "Decrypt"}])["Events"]
    contexts = [json.loads(event["CloudTrailEvent"])["requestParameters"]["EncryptionContext"] for event in decrypted]
    if not contexts or any(context["purpose"] != "signing_key" for context in contexts):
        sys.exit(f"error: the contexts of kms:Decrypt are {contexts}, which its condition in the template refuses")
    print("IAM: in force, and nothing was refused")


def roles(aws: LocalAws, functions: dict, job: str, key: str):
    """Each function fails when its own role is denied everything, and no other does."""
    identities, client = aws.client("iam"), aws.client("lambda")
    nothing = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    expect_failed(aws, functions, job, key, [])
    for folder, function in functions.items():
        arn = client.get_function_configuration(FunctionName=function)["Role"]
        role = {"RoleName": arn.split("/")[-1], "PolicyName": "nothing"}
        identities.put_role_policy(PolicyDocument=nothing, **role)
        expect_failed(aws, functions, job, key, [folder])
        identities.delete_role_policy(**role)
    print("IAM: each function fails when its own role is denied everything, and no other does")


def expect_failed(aws: LocalAws, functions: dict, job: str, key: str, expected: list[str]):
    """Sends every function its event and looks which of them fail."""
    failed, last = [], None
    for folder, function in functions.items():
        payload = (ROOT / f"events/{folder}/{EVENTS[folder]}.json").read_text().replace("$JOB_ID", job).replace("$APPTEGO_API_KEY", key)
        answer = aws.client("lambda").invoke(FunctionName=function, Payload=payload)
        body = json.load(answer["Payload"]) or {}
        if "FunctionError" in answer or body.get("statusCode", 200) >= 500 or body.get("batchItemFailures"):
            failed.append(folder)
            last = body
    if failed != expected:
        sys.exit(f"error: with everything denied to the roles of {expected or 'none'}, these fail: {failed or 'none'}; the last with {last}")


def starts(aws: LocalAws, variables: dict) -> dict[str, float]:
    """Milliseconds from the start of each function's process to its first poll of the Runtime API."""
    return {folder: min(start(folder, given | aws.owner() | {"SSL_CERT_FILE": str(aws.roots)}) for _ in range(STARTS))
            for folder, given in variables.items()}


def start(folder: str, variables: dict) -> float:
    with create_server(("127.0.0.1", 0)) as api:
        api.settimeout(30)
        runtime = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.getsockname()[1], "AWS_LAMBDA_FUNCTION_NAME": folder,
                   "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"}
        begun = time.perf_counter()
        process = subprocess.Popen([ROOT / f"target/lambda/{folder}/bootstrap"], env=variables | runtime,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            api.accept()[0].close()
            return (time.perf_counter() - begun) * 1000
        finally:
            process.kill()
            process.wait()
