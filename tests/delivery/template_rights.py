"""What functions are told of and what their roles grant: checks of template.yaml."""

import json
import re
from pathlib import Path

from template_parts import ROOT, as_list, folder_of, functions, of_type, resources

# Read by the SDK, the runtime and the logger, which is not what a function's own configuration is.
FOREIGN_VARIABLES = re.compile(r"AWS_|RUST_|_LAMBDA|_HANDLER")


def variables(template: dict):
    """A function gets what its main.rs reads and the names of the resources that its role may use: neither more nor less."""
    names = read_variables(ROOT / "shared/store/src/lib.rs") | read_variables(ROOT / "shared/identity/src/pool.rs")
    # Its keys are public: checking a token takes no right.
    public = {name for kind in ("UserPool", "UserPoolClient") for name, _ in of_type(template, f"AWS::Cognito::{kind}")}
    for resource, function in functions(template).items():
        own = read_variables(ROOT / "functions" / folder_of(function) / "src/main.rs")
        given = function.get("Environment", {}).get("Variables", {})
        for name in sorted(own - set(given)):
            yield f"{resource}: main.rs reads {name}, the template does not set it"
        for name in sorted(set(given) - own - names):
            yield f"{resource}: sets {name}, which nothing reads"
        named = resources(list(given.values()), template)
        granted = resources([statement["Resource"] for statement in granted_statements(function, template)], template)
        sources = resources([event["Properties"].get("Queue") for event in function.get("Events", {}).values()], template)
        for name in sorted(named - granted - public):
            yield f"{resource}: is told of {name}, which its role may not use"
        for name in sorted(granted - named - sources):
            yield f"{resource}: may use {name}, of which it is not told"


def read_variables(source: Path) -> set[str]:
    """The variables that a source file names. A missing one is the business of `names`."""
    text = source.read_text() if source.exists() else ""
    return {name for name in re.findall(r'"([A-Z][A-Z0-9_]{2,})"', text) if not FOREIGN_VARIABLES.match(name)}


def granted_statements(function: dict, template: dict):
    """The statements of a function's role, with those of the policies that it attaches. What is missing is the business of `roles`."""
    described = template["Resources"]
    if "Role" not in function:
        return []
    role = described[function["Role"]["Fn::GetAtt"][0]]["Properties"]
    attached = [policy["Ref"] for policy in role.get("ManagedPolicyArns", []) if isinstance(policy, dict)]
    return [statement for properties in [role, *(described[name]["Properties"] for name in attached)] for statement in statements(properties)]


def statements(properties: dict):
    """The statements of a role or managed policy."""
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])] + [properties.get("PolicyDocument", {})]
    return [statement for document in documents for statement in document.get("Statement", [])]


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
        golden = ROOT / "tests/privileges" / f"{folder_of(function)}.txt"
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
    equal = "".join(f" {key}={plain(value)}" for key, value in condition.get("StringEquals", {}).items())
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
