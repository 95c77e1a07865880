"""Deploys template.yaml with the release binaries onto a local AWS of its own, and protects an app through it.

`./dev deploy-local` has built everything that this needs. The stack is there until Ctrl-C; with --check, only as long as the checks take.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from botocore.exceptions import WaiterError

import deployed_checks as checks
import function_table
from emulate import emulate
from local_aws import REGION, ROOT, LocalAws
from translate import logical_name, translate

STACK, CODE_BUCKET = "app-protection", "code"
APP = "ApiDemos-debug.apk"


def main() -> int:
    options = arguments()
    # A person's own account has no part in this.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_DEFAULT_REGION"] = REGION
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    with tempfile.TemporaryDirectory(prefix="deployed-") as folder, LocalAws(options.home, Path(folder)) as aws:
        outputs, functions = deploy(aws, options.template)
        variables = given_variables(aws, functions)
        # For programs that are told what all functions together are told.
        told = {name: value for given in variables.values() for name, value in given.items()}
        key = seed(aws, options.tools, told)
        # Where the local AWS serves what ApiUrl names: only AWS has that host.
        api = outputs["ApiUrl"].removeprefix("https://").split(".")[0]
        client = {"APPTEGO_API_URL": f"{aws.endpoint}/_aws/execute-api/{api}/$default", "APPTEGO_API_KEY": key,
                  "SSL_CERT_FILE": str(aws.certificate)}
        app = options.samples / APP
        job = checks.protect(aws, app, outputs["ArtifactsBucketName"], options.tools, client)
        if not options.check and not options.write:
            checks.refusals(aws)
            serve(outputs, client)
        checks.documented(aws, app, options.tools, client)
        checks.managed(aws, outputs, told, options.tools, client)
        checks.multipart(aws, app, outputs["TableName"], options.tools, client)
        checks.refusals(aws)
        checks.preflight(client)
        checks.roles(aws, functions, job, key)
        starts = checks.starts(aws, variables)
    found = {folder: ((ROOT / f"target/lambda/{folder}.zip").stat().st_size, start) for folder, start in starts.items()}
    if options.write:
        function_table.write(found)
    differing = function_table.compare(found)
    for finding in differing:
        print(f"error: {finding}", file=sys.stderr)
    return 1 if differing else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="where ./dev keeps the local AWS")
    parser.add_argument("--tools", type=Path, required=True, help="folder of the binaries local, apptego and inspect")
    parser.add_argument("--samples", type=Path, required=True, help="folder of the real packages")
    parser.add_argument("--template", type=Path, default=ROOT / "template.yaml", help="another template than the project's")
    parser.add_argument("--check", action="store_true", help="check IAM and browsers' calls, measure the starts of functions, and end")
    parser.add_argument("--write", action="store_true", help="the same, and write docs/functions.md anew")
    return parser.parse_args()


def deploy(aws: LocalAws, source: Path) -> tuple[dict, dict]:
    """Creates the stack and returns its outputs, and the names of its functions by those of their folders."""
    storage, stacks = aws.client("s3"), aws.client("cloudformation")
    storage.create_bucket(Bucket=CODE_BUCKET)

    def put(folder: Path) -> str:
        storage.upload_file(str(ROOT / folder.with_suffix(".zip")), CODE_BUCKET, f"{folder.name}.zip")
        return f"s3://{CODE_BUCKET}/{folder.name}.zip"

    template = translate(source, put)
    for change in emulate(template, str(aws.roots)):
        print(f"for the local AWS: {change}")
    begun = time.monotonic()
    # By way of the bucket: a request has room for 51,200 bytes of template only.
    storage.put_object(Bucket=CODE_BUCKET, Key="template.json", Body=json.dumps(template).encode())
    address = f"https://s3.amazonaws.com/{CODE_BUCKET}/template.json"
    stacks.create_stack(StackName=STACK, TemplateURL=address, Capabilities=["CAPABILITY_IAM"])
    try:
        stacks.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    except WaiterError:
        for event in reversed(stacks.describe_stack_events(StackName=STACK)["StackEvents"]):
            if "FAILED" in event["ResourceStatus"]:
                print(event["LogicalResourceId"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"error: the stack was not created; see {aws.log}")
    resources = stacks.describe_stack_resources(StackName=STACK)["StackResources"]
    print(f"{STACK}: {len(resources)} resources in {time.monotonic() - begun:.0f} s")
    names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
    outputs = stacks.describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    folders = sorted(path.parent.name for path in ROOT.glob("functions/*/Cargo.toml"))
    return outputs, {folder: names[logical_name(folder)] for folder in folders}


def given_variables(aws: LocalAws, functions: dict) -> dict:
    """What the stack tells each function, by folder."""
    client = aws.client("lambda")
    return {folder: client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            for folder, name in functions.items()}


def seed(aws: LocalAws, tools: Path, told: dict) -> str:
    """A tenant and an automation key."""
    return checks.run(tools / "local", "seed", **told | aws.owner()).strip()


def serve(outputs: dict, client: dict):
    for name, value in [*outputs.items(), *client.items()]:
        print(f"{name}={value}")
    print("Ctrl-C ends the local AWS and deletes what is in it.", flush=True)
    signal.pause()


if __name__ == "__main__":
    sys.exit(main())
