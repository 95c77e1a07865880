"""The parts of template.yaml, as the checks of it ask for them."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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
    return {name: shared | properties for name, properties in of_type(template, "AWS::Serverless::Function")}


def events(template: dict, kind: str):
    """Event name and properties of one kind of event source."""
    for resource, function in functions(template).items():
        for name, event in function.get("Events", {}).items():
            if event["Type"] == kind:
                yield f"{resource}.{name}", event["Properties"]


def resources(values: list, template: dict) -> set[str]:
    """The resources that some values refer to, but for log groups, which every function has."""
    referred = re.findall(r'"(?:Ref|Fn::GetAtt|Fn::Sub)": \[?"(?:\$\{)?(\w+)', json.dumps(values))
    described = template["Resources"]
    return {name for name in referred if name in described and described[name]["Type"] != "AWS::Logs::LogGroup"}


def folder_of(function: dict) -> str:
    """The folder below functions/ that a function's properties name."""
    return Path(function["CodeUri"]).name


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]
