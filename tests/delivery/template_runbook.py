"""docs/runbook.md against template.yaml: when each alarm goes off, and that either names only what there is."""

import re

from template_parts import ROOT, functions, of_type
from template_watch import Asked, alarmed, series

# What `condition` reads of an alarm. Others, such as ActionsEnabled or DatapointsToAlarm, would change what it says.
READ = {"AlarmDescription", "AlarmActions", "Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Unit", "Period",
        "EvaluationPeriods", "ComparisonOperator", "Threshold", "TreatMissingData", "Metrics"}
OPERATORS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<", "LessThanOrEqualToThreshold": "≤"}
MISSING = {"notBreaching": "", "breaching": ", or no data"}
NUMERALS = {"two": 2, "three": 3, "five": 5, "ten": 10}
IN_UNITS = {"minute": 60, "hour": 3600}


def thresholds(template: dict, text: str):
    """An alarm goes off when its row of the runbook says."""
    rows = dict(re.findall(r"^\| `(\w+Alarm)` \| ([^|]+) \|", text, re.M))
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        for other in sorted(set(alarm) - READ):
            yield f"{name}: has {other}, of which the runbook cannot tell"
        returned = [part["Id"] for part in alarm.get("Metrics", []) if part.get("ReturnData", True)]
        if "Metrics" in alarm and len(returned) != 1:
            yield f"{name}: looks at {returned}, and CloudWatch takes one"
        if (found := condition(name, alarm, template)) != rows.get(name):
            yield f"{name}: goes off at “{found}”, the runbook says “{rows.get(name)}”"


def condition(name: str, alarm: dict, template: dict) -> str:
    """When an alarm goes off, as the runbook has it."""
    parts, asked = series(alarm), [asked for asked in alarmed(template) if asked.place == name]
    statistic = "/".join(sorted({str(part["Stat"]) for part in parts}))
    periods = "/".join(sorted({str(part["Period"]) for part in parts}))
    times = "" if alarm["EvaluationPeriods"] == 1 else f"{alarm['EvaluationPeriods']} × "
    operator = OPERATORS.get(alarm["ComparisonOperator"], alarm["ComparisonOperator"])
    missing = MISSING.get(alarm.get("TreatMissingData"), f", no data {alarm.get('TreatMissingData')}")
    return f"{statistic} {quantity(alarm, asked, template)} {operator} {plain(alarm['Threshold'])} in {times}{periods} s{missing}"


def quantity(alarm: dict, asked: list[Asked], template: dict) -> str:
    """What an alarm compares with its threshold."""
    ids = [part["Id"] for part in alarm.get("Metrics", []) if "MetricStat" in part]
    expression = next((plain(part["Expression"]) for part in alarm.get("Metrics", []) if "Expression" in part), "SUM(METRICS())")
    sources = {source(one): None for one in asked}
    names = {one.metric: None for one in asked}
    if expression == "SUM(METRICS())":
        # Each metric of each source, or said one by one.
        whole = len({(one.metric, source(one)) for one in asked}) == len(names) * len(sources) == len(asked)
        measured = " + ".join(names if whole else (f"{one.metric} of {source(one)}" for one in asked))
        sources = sources if whole else {}
    else:
        measured = re.sub(r"\b[a-z]\w*\b", lambda word: asked[ids.index(word[0])].metric if word[0] in ids else word[0], expression)
    if sources.keys() == functions(template).keys():
        return f"{measured} of every function"
    return f"{measured} of {', '.join(sources)}" if any(sources) else measured


def source(asked: Asked) -> str:
    return "/".join(re.sub(r"\$\{(\w+).*\}", r"\1", value) for value in asked.dimensions.values())


def plain(value) -> str:
    """A parameter by its name, and so within a text."""
    if isinstance(value, dict):
        ((_, value),) = value.items()
    return re.sub(r"\$\{(\w+)\}", r"\1", str(value))


def descriptions(template: dict, text: str):
    """Numbers in an alarm's description, and in its row of the runbook, are its own."""
    rows = dict(re.findall(r"^\| `(\w+Alarm)` \| [^|]+ \| ([^|]+) \|", text, re.M))
    received = {queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]: queue["RedrivePolicy"]["maxReceiveCount"]
                for _, queue in of_type(template, "AWS::SQS::Queue") if "RedrivePolicy" in queue}
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        own = {alarm["Threshold"] if isinstance(alarm["Threshold"], int) else None, alarm["EvaluationPeriods"]}
        for part in series(alarm):
            own |= {part["Period"], part["Period"] * alarm["EvaluationPeriods"]}
        own |= {received.get(source(asked)) for asked in alarmed(template) if asked.place == name}
        for place, words in (("its description", alarm.get("AlarmDescription", "")), ("the runbook", rows.get(name, ""))):
            yield from (f"{name}: {place} says {said}, which is no number of it" for said, amount in amounts(words) if amount not in own)


def amounts(text: str):
    """The numbers of a text, times in seconds."""
    text = text.replace("a quarter of an hour", "15 minutes")
    for said, number, unit in re.findall(rf"\b((\d+|{'|'.join(NUMERALS)})\b(?: (minute|hour)s?)?)", text):
        yield said, (NUMERALS.get(number) or int(number)) * IN_UNITS.get(unit, 1)


def runbook(template: dict, text: str):
    """The runbook names every alarm and every script, and it and the scripts name only what there is."""
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
