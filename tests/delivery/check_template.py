"""Checks template.yaml: cfn-lint on the translated template, then what no linter knows about this project.

Needs aws-sam-cli (which brings the translator) and cfn-lint: `tests/delivery/template` sets both up.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from translate import logical_name, translate
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
# Read by the SDK, the runtime and the logger, which is not what a function's own configuration is.
STACK_NAME = {"Ref": "AWS::StackName"}
FOREIGN_VARIABLES = re.compile(r"AWS_|RUST_|_LAMBDA|_HANDLER")


# What AWS measures by itself, as far as it is looked at here: no linter tells another name from a right one.
METRICS = {
    "AWS/ApiGateway": {"Count", "4xx", "5xx", "Latency", "IntegrationLatency"},
    "AWS/DynamoDB": {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible", "ApproximateAgeOfOldestMessage"},
}


def main() -> int:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "template.yaml"
    template = yaml_parse(source.read_text())
    translated = translate(source)
    findings = lint(translated) + cors(translated)
    for check in (names, variables, roles, privileges, routes, visibility, lifecycle, dashboard, alarms, metrics, filters, logs, runbook):
        findings += [f"{check.__name__}: {text}" for text in check(template)]
    for finding in findings:
        print(finding, file=sys.stderr)
    if not findings:
        count = len(list(events(template, "HttpApi")))
        print(f"{source.name}: {len(functions(template))} functions, {count} routes, nothing found")
    return 1 if findings else 0


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


def variables(template: dict):
    """A function gets what its main.rs reads and the names of the resources that its role may use: neither more nor less."""
    names = read_variables(ROOT / "shared/store/src/lib.rs")
    for resource, function in functions(template).items():
        own = read_variables(ROOT / "functions" / Path(function["CodeUri"]).name / "src/main.rs")
        given = function.get("Environment", {}).get("Variables", {})
        for name in sorted(own - set(given)):
            yield f"{resource}: main.rs reads {name}, the template does not set it"
        for name in sorted(set(given) - own - names):
            yield f"{resource}: sets {name}, which nothing reads"
        named = resources(list(given.values()), template)
        granted = resources([statement["Resource"] for statement in granted_statements(function, template)], template)
        sources = resources([event["Properties"].get("Queue") for event in function.get("Events", {}).values()], template)
        for name in sorted(named - granted):
            yield f"{resource}: is told of {name}, which its role may not use"
        for name in sorted(granted - named - sources):
            yield f"{resource}: may use {name}, of which it is not told"


def read_variables(source: Path) -> set[str]:
    """The variables that a source file names. A missing one is the business of `names`."""
    text = source.read_text() if source.exists() else ""
    return {name for name in re.findall(r'"([A-Z][A-Z0-9_]{2,})"', text) if not FOREIGN_VARIABLES.match(name)}


def resources(values: list, template: dict) -> set[str]:
    """The resources that some values refer to, but for log groups, which every function has."""
    referred = re.findall(r'"(?:Ref|Fn::GetAtt|Fn::Sub)": \[?"(?:\$\{)?(\w+)', json.dumps(values))
    described = template["Resources"]
    return {name for name in referred if name in described and described[name]["Type"] != "AWS::Logs::LogGroup"}


def granted_statements(function: dict, template: dict):
    """The statements of a function's role, with those of the policies that it attaches."""
    role = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    attached = [template["Resources"][policy["Ref"]]["Properties"] for policy in role.get("ManagedPolicyArns", [])]
    return [statement for properties in [role, *attached] for statement in statements(properties)]


def roles(template: dict):
    """Each function has a role of its own, written out: SAM's generated ones grant SQS and logs on every resource."""
    owned = [json.dumps(function.get("Role")) for function in functions(template).values()]
    for resource, function in functions(template).items():
        if "Role" not in function or owned.count(json.dumps(function["Role"])) > 1:
            yield f"{resource}: needs a role of its own"
        if "Policies" in function:
            yield f"{resource}: Policies beside Role are ignored by SAM"
    for resource, entry in template["Resources"].items():
        if entry["Type"] not in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy"):
            if entry["Type"].startswith("AWS::IAM::"):
                yield f"{resource}: {entry['Type']} gives rights that no check looks into"
            continue
        if attached := {"Roles", "Users", "Groups"} & set(entry["Properties"]):
            yield f"{resource}: attaches itself ({', '.join(sorted(attached))}); roles name what they attach"
        for policy in entry["Properties"].get("ManagedPolicyArns", []):
            if not isinstance(policy, dict) or policy.get("Ref") not in template["Resources"]:
                yield f"{resource}: has {policy}, which this template does not describe"
        for statement in statements(entry["Properties"]):
            if statement["Effect"] != "Allow" or set(statement) - {"Effect", "Action", "Resource", "Condition"}:
                yield f"{resource}: {statement} is more than Allow, Action, Resource and Condition"
            actions = as_list(statement.get("Action", []))
            yield from (f"{resource}: {action} is a wildcard" for action in actions if "*" in action)
            if "*" in as_list(statement["Resource"]) and not all(action.startswith("xray:") for action in actions):
                yield f"{resource}: {', '.join(actions)} on every resource"


def privileges(template: dict):
    """A role grants what its function was seen to use during the tests, and what Lambda itself does with it."""
    for resource, function in functions(template).items():
        golden = ROOT / "tests/privileges" / f"{Path(function['CodeUri']).name}.txt"
        used = set(golden.read_text().splitlines()) if golden.exists() else set()
        wanted = used | set(rights_of_lambda(function))
        granted = {right for statement in granted_statements(function, template) for right in rights(statement)}
        yield from (f"{resource}: may not {right}, which it needs" for right in sorted(wanted - granted))
        yield from (f"{resource}: may {right}, which it was not seen to need" for right in sorted(granted - wanted))


def rights_of_lambda(function: dict):
    """Lambda takes messages, writes logs and sends traces with the function's own role."""
    logging = ["logs:CreateLogStream", "logs:PutLogEvents"]
    yield from rights({"Action": logging, "Resource": function["LoggingConfig"]["LogGroup"]})
    if function.get("Tracing") == "Active":
        yield from rights({"Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"})
    for event in function.get("Events", {}).values():
        if event["Type"] == "SQS":
            polling = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
            yield from rights({"Action": polling, "Resource": event["Properties"]["Queue"]})


def rights(statement: dict):
    """`action resource` for each pair of a statement, with its condition, as tests/privileges/ has it."""
    condition = statement.get("Condition", {})
    equal = "".join(f" {key}={value}" for key, value in condition.get("StringEquals", {}).items())
    if set(condition) - {"StringEquals"}:
        equal += f" {json.dumps(condition)}"
    for action in as_list(statement["Action"]):
        for resource in as_list(statement["Resource"]):
            yield f"{action} {plain(resource)}{equal}"


def plain(resource) -> str:
    """A resource as text: its logical name, with what follows the ARN."""
    if isinstance(resource, str):
        return resource
    ((_, value),) = resource.items()
    name = value[0] if isinstance(value, list) else value
    return re.sub(r"\$\{(\w+)(\.Arn)?\}", r"\1", name)


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
    build = template["Resources"]["BuildQueue"]["Properties"]["VisibilityTimeout"]
    if build != {"Fn::FindInMap": ["BuildVisibility", {"Ref": "WorkerTimeoutSeconds"}, "Seconds"]}:
        yield f"BuildQueue: visibility {build} does not follow from WorkerTimeoutSeconds"
    arrival = template["Resources"]["ArrivalQueue"]["Properties"]["VisibilityTimeout"]
    if arrival < 6 * functions(template)["UploadArrivalFunction"]["Timeout"]:
        yield f"ArrivalQueue: visibility {arrival} s is below six times the function's timeout"


def lifecycle(template: dict):
    """Only what is tagged as a build may expire in the artifacts bucket: configuration documents stay."""
    rules = template["Resources"]["ArtifactsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    for rule in rules:
        expires = any(key.startswith("Expiration") for key in rule)
        if expires and rule.get("TagFilters") != [{"Key": "kind", "Value": "build"}]:
            yield f"ArtifactsBucket: rule {rule['Id']} expires more than builds"
    for bucket in ("UploadsBucket", "ArtifactsBucket"):
        rules = template["Resources"][bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{bucket}: unfinished multipart uploads stay for ever"


def dashboard(template: dict):
    """Every function and every queue is on the dashboard."""
    shown = set()
    for widget in json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]:
        before = []
        for row in widget["properties"].get("metrics", []):
            row = [part for part in row if isinstance(part, str)]
            # The dashboard's own shorthand: as in the row before, but for the last value.
            before = [*before[:-1], row[-1]] if row[:1] == ["..."] else row
            shown |= {(before[1], name) for part in before[3:] for name in re.findall(r"\$\{(\w+)", part)}
    wanted = {(metric, name) for metric in ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
              for name in functions(template)}
    wanted |= {("ApproximateNumberOfMessagesVisible", name) for name in queues(template)}
    wanted |= {("ApproximateAgeOfOldestMessage", name) for name in queues(template) - dead_letter_queues(template)}
    yield from (f"{metric} of {name} is not on the dashboard" for metric, name in sorted(wanted - shown))


def alarms(template: dict):
    """Every function's errors and throttles, every queue's age and every dead letter have an alarm, and every alarm tells somebody."""
    watched = set()
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}] or "AlarmDescription" not in alarm:
            yield f"{name}: tells nobody, or not what it means"
        for metric in measured(alarm):
            watched |= {(metric["MetricName"], source) for source in resources(metric.get("Dimensions", []), template)}
    wanted = {(metric, name) for metric in ("Errors", "Throttles") for name in functions(template)}
    wanted |= {("ApproximateNumberOfMessagesVisible", name) for name in dead_letter_queues(template)}
    wanted |= {("ApproximateAgeOfOldestMessage", name) for name in queues(template) - dead_letter_queues(template)}
    yield from (f"{metric} of {name} has no alarm" for metric, name in sorted(wanted - watched))


def measured(alarm: dict) -> list[dict]:
    """The metrics of an alarm: its own, or those that it reckons with."""
    parts = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", []) if "MetricStat" in part]
    return parts or [alarm]


def metrics(template: dict):
    """Alarms and the dashboard ask AWS for metrics that it has."""
    asked = {(name, metric["Namespace"], metric["MetricName"]) for name, alarm in of_type(template, "AWS::CloudWatch::Alarm")
             for metric in measured(alarm) if metric["Namespace"] != STACK_NAME}
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    asked |= {("Dashboard", *pair) for pair in re.findall(r'\["(AWS/\w+)", "(\w+)"', body)}
    for place, namespace, metric in sorted(asked):
        if metric not in METRICS.get(namespace, ()):
            yield f"{place}: {namespace} has no {metric}, as far as METRICS here knows"


def logs(template: dict):
    """No log group keeps its lines for ever."""
    for name, group in of_type(template, "AWS::Logs::LogGroup"):
        if group.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name}: its retention is not LogRetentionDays"


def filters(template: dict):
    """Metric filters look for what the function of their log group logs, and somebody looks at what they count."""
    owners = {function["LoggingConfig"]["LogGroup"]["Ref"]: Path(function["CodeUri"]).name for function in functions(template).values()}
    counted = set()
    for name, described in of_type(template, "AWS::Logs::MetricFilter"):
        sources = (ROOT / "functions" / owners[described["LogGroupName"]["Ref"]]).glob("src/*.rs")
        source = "".join(path.read_text() for path in sources)
        (transformation,) = described["MetricTransformations"]
        counted.add(transformation["MetricName"])
        text = json.dumps(described)
        pattern = described["FilterPattern"]
        if not re.fullmatch(r'\{ \$\.(level = "(ERROR|WARN|INFO)"|fields\.message = "[^"]+") \}', pattern):
            yield f"{name}: {pattern} selects neither a level nor a message"
        for word in set(re.findall(r'message = \\"(.+?)\\"', text)) | set(re.findall(r"\$\.fields\.(\w+)", text)) - {"message"}:
            if not re.search(rf"\b{word}\b", source):
                yield f"{name}: {owners[described['LogGroupName']['Ref']]} does not log {word}"
    alarms = {alarm.get("MetricName") for _, alarm in of_type(template, "AWS::CloudWatch::Alarm") if alarm.get("Namespace") == STACK_NAME}
    shown = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    yield from (f"{metric} is counted by no filter" for metric in sorted(alarms - counted))
    yield from (f"{metric} is counted and not on the dashboard" for metric in sorted(counted) if metric not in shown)


def runbook(template: dict):
    """The runbook names every alarm and every script, and it and the scripts name only what there is."""
    text = (ROOT / "docs/runbook.md").read_text()
    operate = [path for path in (ROOT / "deploy/operate").iterdir() if path.name != "common"]
    alarms = {name for name, _ in of_type(template, "AWS::CloudWatch::Alarm")}
    for name in sorted(alarms ^ set(re.findall(r"\w+Alarm\b", text))):
        yield f"{name}: {'is not in the runbook' if name in alarms else 'is in the runbook only'}"
    scripts = {path.name for path in operate}
    for name in sorted(scripts ^ set(re.findall(r"deploy/operate/([\w-]+)", text))):
        yield f"deploy/operate/{name}: {'is not in the runbook' if name in scripts else 'is in the runbook only'}"
    known = template["Outputs"].keys() | {"OutputsOf"}
    for place, used in [("docs/runbook.md", text), *((path.name, path.read_text()) for path in operate)]:
        # Variables in capitals only are the operator's own.
        for name in sorted(set(re.findall(r"\$\{?([A-Z]\w*[a-z]\w*)", used)) - known):
            yield f"{place}: ${name} is no output of the stack"
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^## (.+)$", text, re.M)}
    yield from (f"docs/runbook.md: no section {link}" for link in sorted(set(re.findall(r"\]\(#([\w-]+)\)", text)) - anchors))


def of_type(template: dict, kind: str):
    """Logical id and properties of the resources of one type."""
    return [(name, entry["Properties"]) for name, entry in template["Resources"].items() if entry["Type"] == kind]


def queues(template: dict) -> set[str]:
    return {name for name, _ in of_type(template, "AWS::SQS::Queue")}


def dead_letter_queues(template: dict) -> set[str]:
    return resources([queue.get("RedrivePolicy") for _, queue in of_type(template, "AWS::SQS::Queue")], template)


def functions(template: dict) -> dict:
    """Logical id → properties, with what Globals gives every function."""
    shared = template["Globals"]["Function"]
    resources = template["Resources"].items()
    return {name: shared | entry["Properties"] for name, entry in resources if entry["Type"] == "AWS::Serverless::Function"}


def events(template: dict, kind: str):
    """Event name and properties of one kind of event source."""
    for resource, function in functions(template).items():
        for name, event in function.get("Events", {}).items():
            if event["Type"] == kind:
                yield f"{resource}.{name}", event["Properties"]


def statements(properties: dict):
    """The statements of a role or managed policy."""
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])] + [properties.get("PolicyDocument", {})]
    return [statement for document in documents for statement in document.get("Statement", [])]


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    sys.exit(main())
