"""Expand the SAM template as CloudFormation would, without an account, so that cfn-lint sees the real resources."""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402


class ManagedPolicies:
    """Answers what the translator would ask IAM: the ARN of a managed policy. The template names none of AWS's."""

    def load(self):
        return {}


def translate(source: Path, code=lambda folder: "s3://bucket/code.zip") -> dict:
    """The translated template. Local code folders become S3 addresses, as `sam package` would make them."""
    template = yaml_parse(source.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code(Path(resource["Properties"]["CodeUri"]))
    parameters = {name: entry["Default"] for name, entry in template["Parameters"].items()}
    return Translator(ManagedPolicies().load(), Parser()).translate(template, parameters)


def logical_name(folder: str) -> str:
    """The resource in template.yaml that belongs to a function's folder."""
    return "".join(word.capitalize() for word in folder.split("-")) + "Function"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(translate(source), indent=1))
