"""Runs the scripts of deploy/operate against the local server, and asks its API what came of them."""

import base64
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from operated import ROOT, UPLOAD, Meanwhile, Server, Stack
from samcli.yamlhelper import yaml_parse

OTHER = "0" * 32
OWNER, OTHERS = "owner@example.com", "developer@example.com"


def main() -> int:
    home = Path(os.environ.get("APPTEGO_HOME", ROOT / ".local"))
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/local"
    with tempfile.TemporaryDirectory(prefix="operations-") as folder, Server(binary, home, Path(folder)) as server:
        stack = Stack(server)
        # What may run at once; more builds than two at once would be refused.
        with ThreadPoolExecutor() as threads:
            list(threads.map(stack.check, ((show, publish), (end, wake, redrive))))
        stack.check((key, restore, access, settings, pepper, delete))
    return 0


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


def publish(stack: Stack):
    bucket, site = stack.outputs["DocumentsBucketName"], stack.client("cloudfront")
    stack.s3.put_object(Bucket=bucket, Key="documents/legal/team/of-yesterday.pdf", Body=b"%PDF")
    stack.run("publish-documents")
    keys = lambda: {entry["Key"]: entry["Size"] for entry in stack.s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys() == {"documents/legal/team/of-yesterday.pdf": 4}, "without --yes nothing changes"
    stack.run("publish-documents", "--yes")
    assert keys() == {str(file.relative_to(ROOT)): file.stat().st_size for file in (ROOT / "documents").rglob("*.*")}, keys()
    terms = stack.s3.head_object(Bucket=bucket, Key="documents/legal/team/terms.pdf")
    assert terms["ContentType"] == "application/pdf", terms
    guide = stack.s3.head_object(Bucket=bucket, Key="documents/guides/getting-started.html")
    assert guide["ContentType"] == "text/html", guide
    forgotten = site.list_invalidations(DistributionId=stack.outputs["SiteId"])["InvalidationList"]
    assert forgotten["Quantity"] == 1, forgotten
    stack.run("publish-documents", "--no", status=2)


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
    with Meanwhile(stack, "describe-table", answer="CREATING") as path:
        stack.run("await-table", "restored", PATH=path)
    with Meanwhile(stack, "describe-table", answer="CREATING") as path:
        stack.run("await-table", "restored", status=1, PATH=path, HOURS="0")
    stack.run("await-table", "other", status=1)
    before = entities(stack)
    lost = stack.dynamodb.delete_item(TableName=stack.table, ReturnValues="ALL_OLD", Key=stack.key("x") | {"sk": {"S": "TENANT"}})["Attributes"]
    damaged = next(item for item in before.values() if item["sk"]["S"].startswith("CONFIGURATION#"))
    stack.dynamodb.put_item(TableName=stack.table, Item=damaged | {"digest": {"S": "damaged"}})
    ledger = stack.dynamodb.delete_item(TableName=stack.table, ReturnValues="ALL_OLD", Key=stack.key("x") | {"sk": {"S": "LEDGER"}})["Attributes"]
    assert stack.run("restore-items", "restored", "--tenant", stack.tenant).split() == [lost["pk"]["S"], "TENANT"], "and no ledger"
    stack.dynamodb.put_item(TableName=stack.table, Item=ledger)
    restore_beside_others(stack, lost, damaged)
    signing = next(item for item in before.values() if item["sk"]["S"].startswith("SIGNING_KEY#"))
    stack.dynamodb.put_item(TableName=stack.table, Item=signing | {"name": {"S": "damaged"}})
    # Bytes need version 2 of the command line.
    stack.run("restore-items", "restored", "--only", "SIGNING_KEY#", "--overwrite", "--yes", status=1)
    stack.dynamodb.put_item(TableName=stack.table, Item=signing)
    stack.run("restore-items", "restored", "--tenant", status=1)
    stack.run("restore-items", "restored", "--tenant", stack.tenant, "--yes")
    for kept in ("JOB#", "APPLICATION#", "APPLICATION_BUILD#"):
        stack.run("restore-items", "restored", "--only", kept, "--overwrite", "--yes", status=1)
    stack.run("restore-items", "restored", "--tenant", stack.tenant, "--only", "CONFIGURATION#", "--overwrite", "--yes")
    assert entities(stack) == before


def restore_beside_others(stack: Stack, lost: dict, damaged: dict):
    """While somebody else writes an item: theirs stays, whether one was missing or damaged there, and others are restored all the same."""
    theirs = lost | {"name": {"S": "theirs"}}
    with Meanwhile(stack, "transact-write-items", theirs) as path:
        said = stack.run("restore-items", "restored", "--tenant", stack.tenant, "--yes", status=1, PATH=path)
    assert said.endswith(f"written meanwhile: {lost['pk']['S']} TENANT\n"), said
    assert theirs in stack.items()
    stack.dynamodb.delete_item(TableName=stack.table, Key={name: lost[name] for name in ("pk", "sk")})
    other = next(item for item in stack.items("restored") if item["sk"]["S"].startswith("CONFIGURATION#") and item["sk"] != damaged["sk"])
    stack.dynamodb.put_item(TableName=stack.table, Item=other | {"digest": {"S": "damaged"}})
    theirs = damaged | {"digest": {"S": "theirs"}}
    with Meanwhile(stack, "transact-write-items", theirs) as path:
        said = stack.run("restore-items", "restored", "--only", "CONFIGURATION#", "--overwrite", "--yes", status=1, PATH=path)
    assert said.endswith(f"written meanwhile: {damaged['pk']['S']} {damaged['sk']['S']}\n"), said
    assert theirs in stack.items() and other in stack.items()


def entities(stack: Stack) -> dict:
    """By key, without jobs: maintenance may write those at any time."""
    items = {(item["pk"]["S"], item["sk"]["S"]): item for item in stack.items(tenant=stack.tenant)}
    return {key: item for key, item in items.items() if not key[1].startswith("JOB#")}


def access(stack: Stack):
    """What lets a token and people in: lost, and restored beside what people belong to since."""
    token = stack.manage("create_api_token", {})
    name, pair = token["token_key"], base64.b64encode(f"{token['token_key']}:{token['token_secret']}".encode()).decode()
    stack.manage("update_user_permissions", {"user_id": name, "permissions": "user_and_api_management"})
    stack.manage("add_user_to_tenant", {"user_id": OTHERS})
    # Their mail has been sent, or it would be missing as well.
    awaited(lambda: stack.items(tenant=stack.tenant), lambda items: not any(item["sk"]["S"].startswith("MAIL#") for item in items))
    them = person(OTHERS)
    stack.dynamodb.update_item(TableName=stack.table, Key=them, UpdateExpression="ADD tenants :other", ExpressionAttributeValues={":other": {"SS": [OTHER]}})
    arn = stack.dynamodb.create_backup(TableName=stack.table, BackupName="access")["BackupDetails"]["BackupArn"]
    stack.dynamodb.restore_table_from_backup(TargetTableName="access", BackupArn=arn)
    lost = [{"pk": {"S": f"API_TOKEN#{name}"}, "sk": {"S": "API_TOKEN"}}, tenant_key(stack, f"TOKEN#{name}"),
            tenant_key(stack, f"MEMBER#{OTHERS}"), tenant_key(stack, "ROSTER"), them]
    before = [stack.dynamodb.delete_item(TableName=stack.table, Key=key, ReturnValues="ALL_OLD")["Attributes"] for key in lost]
    owned = owner(stack)
    stack.dynamodb.put_item(TableName=stack.table, Item=owned | {"tenants": {"SS": [OTHER]}})
    assert stack.server.call("GET", "/frontend/get_tenants", key=pair)[0] == 401
    restore_access(stack, [*lost, person(OWNER)], owned)
    assert stack.manage("get_tenants", key=pair) == stack.manage("get_tenants")
    assert OTHERS in [user["user_id"] for user in stack.manage("get_users_permissions", key=pair)["users"]]
    after = [stack.dynamodb.get_item(TableName=stack.table, Key=key, ConsistentRead=True)["Item"] for key in lost]
    assert after == before[:-1] + [before[-1] | {"tenants": {"SS": [stack.tenant]}}], after
    stack.dynamodb.put_item(TableName=stack.table, Item=before[1] | {"permissions": {"L": []}})
    for kept in ("ROSTER", "PERSON"):
        stack.run("restore-items", "access", "--only", kept, "--overwrite", "--yes", status=1)
    stack.run("restore-items", "access", "--tenant", stack.tenant, "--only", "TOKEN#", "--overwrite", "--yes")
    stack.manage("remove_user_from_tenant", {"user_id": OTHERS}, key=pair)
    stack.manage("delete_api_token", {"token_key": name}, key=pair)
    stack.dynamodb.put_item(TableName=stack.table, Item=owned)


def restore_access(stack: Stack, lost: list[dict], owned: dict):
    """With somebody who changes one of the people meanwhile: theirs stays until it is restored once more."""
    listed = {f"{key['pk']['S']} {key['sk']['S']}" for key in lost}
    restored = ("restore-items", "access", "--tenant", stack.tenant)
    found = stack.run(*restored).splitlines()
    assert set(found) == listed and len(found) == len(listed), found
    with Meanwhile(stack, "transact-write-items", owned | {"tenants": {"SS": [OTHER, "1" * 32]}}) as path:
        said = stack.run(*restored, "--yes", status=1, PATH=path)
    assert said.endswith(f"written meanwhile: PERSON#{OWNER} PERSON\n"), said
    assert stack.run(*restored, "--yes") == f"PERSON#{OWNER} PERSON\n"
    there = owner(stack)
    assert sorted(there["tenants"]["SS"]) == sorted([OTHER, "1" * 32, stack.tenant]), there
    assert int(there["revision"]["N"]) == int(owned["revision"]["N"]) + 1, there
    assert stack.run(*restored) == ""


def settings(stack: Stack):
    """Of a table that was restored under the stack's name, as far as the local AWS keeps them; the period only reaches it."""
    described = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["MainTable"]["Properties"]
    shown = stack.run("table-settings", TableName="restored").splitlines()
    assert [line.split(",")[0] for line in shown] == ["expiry: DISABLED None", "recovery: DISABLED None", "protection: False"], shown
    asked = Meanwhile(stack, "nothing")
    with asked as path:
        stack.run("table-settings", "--yes", TableName="restored", PATH=path)
        stack.run("table-settings", "--yes", TableName="restored")
        assert "PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=14" in asked.calls()
    expiry = stack.dynamodb.describe_time_to_live(TableName="restored")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": described["TimeToLiveSpecification"]["AttributeName"]}, expiry
    backups = stack.dynamodb.describe_continuous_backups(TableName="restored")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED", backups
    assert stack.dynamodb.describe_table(TableName="restored")["Table"]["DeletionProtectionEnabled"] is described["DeletionProtectionEnabled"]


def key(stack: Stack):
    key, call = stack.server.key.split(":")[0], ("GET", "/automate/status/1700000000")
    listed = [json.loads(line) for line in stack.run("key", "list", stack.tenant).splitlines()]
    assert [(entry["key_id"], entry["enabled"]) for entry in listed] == [(key, True)], listed
    job = stack.new_job()
    shown = json.loads(stack.run("key", "show", key))
    assert shown["enabled"] and "secret_hash" not in shown, shown
    assert {"job": job, "state": "awaiting_upload"}.items() <= shown["jobs"][-1].items(), shown
    stack.run("job", "end", stack.tenant, job, "--yes")
    stack.run("key", "disable", key)
    assert stack.server.call(*call)[0] == 404, "without --yes nothing changes"
    stack.run("key", "disable", key, "--yes")
    assert stack.server.call(*call)[0] == 401
    stack.run("key", "disable", key, "--yes")
    record = next(item for item in stack.items() if item["sk"]["S"] == "AUTOMATION_KEY")
    # Somebody else enables it after this one has read it: theirs stays, and is not taken for what was asked.
    with Meanwhile(stack, "update-item", record | {"enabled": {"BOOL": True}}) as path:
        stack.run("key", "enable", key, "--yes", status=1, PATH=path)
    assert stack.server.call(*call)[0] == 404
    stack.run("key", "disable", key, "--yes")
    stack.run("key", "enable", key, "--yes")
    assert stack.server.call(*call)[0] == 404
    left = next(item for item in stack.items() if item["sk"]["S"] == "AUTOMATION_KEY")
    # The calls between note that it is used.
    assert left | {"last_used": None} == record | {"enabled": {"BOOL": True}, "last_used": None}, "and nothing else"
    stack.run("key", "disable", "auto_nobody", "--yes", status=1)
    assert all(item["pk"]["S"] != "AUTOMATION_KEY#auto_nobody" for item in stack.items())
    stack.run("key", "show", stack.server.key, status=1)


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
    """One of two tenants, the second a copy of the first, with the same owner."""
    copy_tenant(stack)
    job = stack.new_job()
    stack.s3.put_object(Bucket="apptego-artifacts", Key=f"{stack.tenant}/builds/{job}/1/app.apk", Body=b"output")
    stack.s3.create_multipart_upload(Bucket="apptego-uploads", Key=f"{stack.tenant}/uploads/android/development/{job}/app.apk")
    others = keys(stack, OTHER)
    assert len(others) > 5 and stack.objects(stack.tenant) and events(stack, OTHER)
    counted = stack.run("delete-tenant", stack.tenant).splitlines()
    assert {"1 automation keys", "1 people", "1 unfinished uploads in apptego-uploads", f"{len(events(stack, stack.tenant))} events"} <= set(counted), counted
    assert "deletion" not in tenant_item(stack), "without --yes nothing is deleted"
    running = stack.item(job) | {"state": {"M": {"kind": {"S": "running"}, "upload": UPLOAD, "since": now(), "lease_until": now(300)}}}
    stack.dynamodb.put_item(TableName=stack.table, Item=running)
    stack.run("delete-tenant", stack.tenant, "--yes", status=3, MINUTES="0")
    assert tenant_item(stack)["deletion"]["M"]["requested_by"] == {"S": "operator"}
    ended = awaited(lambda: stack.item(job), lambda item: item["state"]["M"]["kind"]["S"] == "failed")
    assert int(ended["due_at"]["N"]) > time.time() + 200, "its worker may still store an output"
    hurry_purge(stack)
    time.sleep(3)
    assert stack.objects(stack.tenant), "the purge waits for the worker"
    stack.dynamodb.put_item(TableName=stack.table, Item=ended | {"due_at": now()})
    stack.run("delete-tenant", "f" * 32, "--yes", status=1)
    *evidence, receipt = stack.run("delete-tenant", stack.tenant, "--yes").splitlines()
    assert len(evidence) == len(counted) and all(line.startswith("0 ") for line in evidence), evidence
    receipt = json.loads(receipt)
    assert receipt["requested_by"] == "operator" and receipt["removed"]["automation_keys"] == receipt["removed"]["people"] == 1, receipt
    left = [item["pk"]["S"] for item in stack.items() if stack.tenant in json.dumps(item, default=repr)]
    assert left == [f"RECEIPT#{stack.tenant}"] and stack.objects(stack.tenant) == events(stack, stack.tenant) == [], left
    assert stack.server.call("GET", f"/automate/status/{job}")[0] == 401
    assert keys(stack, OTHER) == others and events(stack, OTHER), "the other tenant is untouched"
    assert owner(stack)["tenants"] == {"SS": [OTHER]}


def hurry_purge(stack: Stack):
    """Once nothing opens the tenant any more, as if that had been so for a minute."""
    key = stack.key("x") | {"sk": {"S": "PURGE"}}
    read = lambda: stack.dynamodb.get_item(TableName=stack.table, Key=key, ConsistentRead=True).get("Item", {})
    awaited(read, lambda purge: "closed_at" in purge)
    stack.dynamodb.update_item(TableName=stack.table, Key=key, UpdateExpression="SET closed_at = :past", ExpressionAttributeValues={":past": now(-61)})


def awaited(read, holds):
    for _ in range(100):
        found = read()
        if holds(found):
            return found
        time.sleep(0.1)
    raise AssertionError(f"that does not come: {found}")


def tenant_item(stack: Stack) -> dict:
    return next(item for item in stack.items(tenant=stack.tenant) if item["sk"]["S"] == "TENANT")


def tenant_key(stack: Stack, name: str) -> dict:
    return {"pk": {"S": f"TENANT#{stack.tenant}"}, "sk": {"S": name}}


def person(address: str) -> dict:
    return {"pk": {"S": f"PERSON#{address}"}, "sk": {"S": "PERSON"}}


def owner(stack: Stack) -> dict:
    return stack.dynamodb.get_item(TableName=stack.table, Key=person(OWNER), ConsistentRead=True)["Item"]


def events(stack: Stack, tenant: str) -> list[dict]:
    found = stack.dynamodb.scan(TableName=stack.events_table, ConsistentRead=True)["Items"]
    return [item for item in found if item["pk"]["S"] == f"AUDIT#TENANT#{tenant}"]


def now(later: int = 0) -> dict:
    return {"N": str(int(time.time()) + later)}


def keys(stack: Stack, tenant: str) -> set:
    """Of items and objects."""
    return {(item["pk"]["S"], item["sk"]["S"]) for item in stack.items(tenant=tenant)} | set(stack.objects(tenant))


def copy_tenant(stack: Stack):
    for item in stack.items(tenant=stack.tenant):
        # The envelope of a signing key is bytes, which nothing here looks at.
        copied = json.loads(json.dumps(item, default=repr).replace(stack.tenant, OTHER).replace("AUTOMATION_KEY#auto_", "AUTOMATION_KEY#auto_x"))
        stack.dynamodb.put_item(TableName=stack.table, Item=copied)
    stack.dynamodb.put_item(TableName=stack.table, Item=owner(stack) | {"tenants": {"SS": [stack.tenant, OTHER]}})
    stack.dynamodb.put_item(TableName=stack.events_table, Item=events(stack, stack.tenant)[0] | {"pk": {"S": f"AUDIT#TENANT#{OTHER}"}})
    for key in stack.objects(stack.tenant):
        stack.s3.copy_object(Bucket="apptego-artifacts", Key=key.replace(stack.tenant, OTHER), CopySource=f"apptego-artifacts/{key}")


if __name__ == "__main__":
    sys.exit(main())
