"""Checks template.yaml: cfn-lint on the translated template, then what no linter knows about this project.

Needs aws-sam-cli (which brings the translator) and cfn-lint: `tests/delivery/template` sets both up, and runs template_mutations.py,
which tries that each check finds something.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from template_parts import ROOT, events, functions
from template_rights import privileges, roles, variables
from template_runbook import descriptions, runbook, thresholds
from template_watch import alarms, dashboard, dimensions, filters, logs, metrics, units
from translate import logical_name, translate
from samcli.yamlhelper import yaml_parse

RUNBOOK = ROOT / "docs/runbook.md"


def main() -> int:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "template.yaml"
    template = yaml_parse(source.read_text())
    translated = translate(source)
    findings = lint(translated) + cors(translated) + judge(template, RUNBOOK.read_text())
    for finding in findings:
        print(finding, file=sys.stderr)
    if not findings:
        count = len(list(events(template, "HttpApi")))
        print(f"{source.name}: {len(functions(template))} functions, {count} routes, nothing found")
    return 1 if findings else 0


def judge(template: dict, text: str) -> list[str]:
    """What this project's own rules find in a template and the text of the runbook."""
    calls = [(check, (template,)) for check in CHECKS] + [(check, (template, text)) for check in CHECKS_OF_RUNBOOK]
    return [f"{check.__name__}: {found}" for check, arguments in calls for found in to_its_end(check, *arguments)]


def to_its_end(check, *arguments):
    """What a check finds. Where it stumbles over what another one finds to be missing, both are told."""
    try:
        yield from check(*arguments)
    except (LookupError, TypeError, ValueError) as error:
        yield f"stops at {error!r}"


def lint(translated: dict) -> list[str]:
    """cfn-lint's errors and warnings about the expanded resources."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(translated, indent=1))
        run = subprocess.run(["cfn-lint", "--format", "parseable", "--", str(file)], capture_output=True, text=True)
    if run.returncode and not run.stdout:
        return [f"cfn-lint: {run.stderr.strip()}"]
    return run.stdout.splitlines()


def cors(translated: dict) -> list[str]:
    """SAM takes a function in AllowOrigins for the whole configuration, and then no browser gets an answer."""
    described = json.dumps(translated["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"])
    keys = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge")
    return [f"cors: the translated API says nothing of {key}" for key in keys if f'"{key}"' not in described]


def names(template: dict):
    """One name everywhere: function folder, package, binary, resource."""
    folders = {path.parent.name for path in ROOT.glob("functions/*/Cargo.toml")}
    described = set()
    for resource, function in functions(template).items():
        folder = Path(function["CodeUri"])
        described.add(folder.name)
        if folder.parent != Path("target/lambda"):
            yield f"{resource}: CodeUri {folder} is not below target/lambda"
        if resource != logical_name(folder.name):
            yield f"{resource}: does not bear the name of {folder.name}"
    for folder in folders ^ described:
        yield f"{folder}: {'has no resource' if folder in folders else 'has no folder below functions/'}"


def routes(template: dict):
    """Routers answer wrong methods and unknown paths themselves, so routes take any method and one function has the rest."""
    defaults = 0
    for event, properties in events(template, "HttpApi"):
        if "Path" not in properties:
            defaults += 1
        elif properties.get("Method") != "ANY":
            yield f"{event}: {properties['Path']} takes {properties.get('Method')} instead of ANY"
    if defaults != 1:
        yield f"{defaults} functions take the unknown routes instead of 1"


def visibility(template: dict):
    """A message becomes visible again only after the function that holds it must have ended."""
    allowed = template["Parameters"]["WorkerTimeoutSeconds"]["AllowedValues"]
    mapping = {int(timeout): entry["Seconds"] for timeout, entry in template["Mappings"]["BuildVisibility"].items()}
    if mapping != {timeout: timeout + 30 for timeout in allowed}:
        yield f"BuildVisibility {mapping} is not each allowed worker timeout plus 30 s"
    for queue in ("BuildQueue", "LibraryQueue"):
        build = template["Resources"][queue]["Properties"]["VisibilityTimeout"]
        if build != {"Fn::FindInMap": ["BuildVisibility", {"Ref": "WorkerTimeoutSeconds"}, "Seconds"]}:
            yield f"{queue}: visibility {build} does not follow from WorkerTimeoutSeconds"
    worker = functions(template)["ProtectionWorkerFunction"]
    for place, timeout in (("it ends after", worker["Timeout"]), ("it is told", worker["Environment"]["Variables"]["WORKER_TIMEOUT_SECONDS"])):
        if timeout != {"Ref": "WorkerTimeoutSeconds"}:
            yield f"ProtectionWorkerFunction: {place} {timeout}, which does not follow from WorkerTimeoutSeconds"
    arrival = template["Resources"]["ArrivalQueue"]["Properties"]["VisibilityTimeout"]
    if arrival < 6 * functions(template)["UploadArrivalFunction"]["Timeout"]:
        yield f"ArrivalQueue: visibility {arrival} s is below six times the function's timeout"


def concurrency(template: dict):
    """Where concurrency is reserved, a function of the API has ReservedConcurrency, and one that builds what its first source may send it."""
    if template["Conditions"].get("ReservesConcurrency") != {"Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}]}:
        yield "ReservesConcurrency: does not mean that ReservedConcurrency is above 0"
    for resource, function in functions(template).items():
        sources = list(function.get("Events", {}).values())
        sent = [event["Properties"]["ScalingConfig"]["MaximumConcurrency"] for event in sources if "ScalingConfig" in event["Properties"]]
        # CloudFormation cannot add: the few that other sources may send are handed back where there is no room.
        wanted = [{"Ref": "ReservedConcurrency"}] if any(event["Type"] == "HttpApi" for event in sources) else sent[:1]
        reserved = function.get("ReservedConcurrentExecutions", {"Ref": "AWS::NoValue"})
        if reserved != ({"Fn::If": ["ReservesConcurrency", *wanted, {"Ref": "AWS::NoValue"}]} if wanted else {"Ref": "AWS::NoValue"}):
            yield f"{resource}: reserves {reserved}, which is not {wanted or 'nothing'} where concurrency is reserved"
    for event, properties in events(template, "SQS"):
        limit = properties.get("ScalingConfig", {}).get("MaximumConcurrency")
        limits = {"BuildQueue": {"Ref": "WorkerConcurrency"}, "LibraryQueue": 2}
        if limit != limits.get(properties["Queue"]["Fn::GetAtt"][0]):
            yield f"{event}: sends at most {limit} at once, and WorkerConcurrency is the limit of builds alone"


def lifecycle(template: dict):
    """Only what is tagged as a build, or not taken yet, may expire in the artifacts bucket: configuration documents stay."""
    rules = template["Resources"]["ArtifactsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    for rule in rules:
        expires = any(key.startswith("Expiration") for key in rule)
        if expires and rule.get("TagFilters") != [{"Key": "kind", "Value": "build"}] and rule.get("Prefix") not in ("message-uploads/", "attachment-uploads/"):
            yield f"ArtifactsBucket: rule {rule['Id']} expires more than builds"
    for bucket in ("UploadsBucket", "ArtifactsBucket"):
        rules = template["Resources"][bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{bucket}: unfinished multipart uploads stay for ever"


def site(template: dict):
    """CloudFront answers to no name that it was not told of, and takes one only together with a certificate of it from us-east-1."""
    nothing = {"Ref": "AWS::NoValue"}
    described = template["Resources"]["Site"]["Properties"]["DistributionConfig"]
    if described.get("Aliases") != {"Fn::If": ["HasSiteName", [{"Ref": "SiteName"}], nothing]}:
        yield "Site: does not answer to SiteName"
    match described.get("ViewerCertificate"):
        case {"Fn::If": ["HasSiteName", {"AcmCertificateArn": {"Ref": "SiteCertificateArn"}}, without]} if without == nothing:
            pass
        case other:
            yield f"Site: shows {other} instead of SiteCertificateArn"
    pattern = template["Parameters"]["SiteCertificateArn"].get("AllowedPattern", "")
    if not re.fullmatch(pattern, "") or re.fullmatch(pattern, "arn:aws:acm:eu-central-1:1:certificate/1"):
        yield f"SiteCertificateArn: {pattern!r} takes certificates of other regions than us-east-1, or demands one"


CHECKS = (names, variables, roles, privileges, routes, visibility, concurrency, lifecycle, site, dashboard, alarms, metrics, dimensions, units,
          filters, logs)
CHECKS_OF_RUNBOOK = (thresholds, descriptions, runbook)


if __name__ == "__main__":
    sys.exit(main())
