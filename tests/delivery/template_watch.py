"""What watches a deployed stack: checks of the alarms, the dashboard, the metric filters and the log groups of template.yaml."""

import json
import re
from typing import NamedTuple

from template_parts import ROOT, dead_letter_queues, folder_of, functions, of_type, queues

OWN = "${AWS::StackName}"
DATA_POINTS = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
VISIBLE, AGE = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
CAPACITY = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")

# What AWS measures by itself, as far as it is looked at here, and in which unit: no linter tells another name from a right one.
METRICS = {
    "AWS/ApiGateway": {"Count": "Count", "4xx": "Count", "5xx": "Count", "Latency": "Milliseconds", "IntegrationLatency": "Milliseconds"},
    "AWS/DynamoDB": dict.fromkeys(("ReadThrottleEvents", "WriteThrottleEvents", *CAPACITY), "Count"),
    "AWS/Lambda": dict.fromkeys(DATA_POINTS, "Count") | {"Duration": "Milliseconds"},
    "AWS/SQS": dict.fromkeys((VISIBLE, "ApproximateNumberOfMessagesNotVisible"), "Count") | {AGE: "Seconds"},
}
# By which dimensions it does: one more or one less, and there is nothing to see.
DIMENSIONS = {"AWS/ApiGateway": [{"ApiId"}], "AWS/DynamoDB": [{"TableName"}, {"TableName", "GlobalSecondaryIndexName"}],
              "AWS/Lambda": [{"FunctionName"}], "AWS/SQS": [{"QueueName"}]}
# The resource that a dimension names, and the attribute that is its name: `Ref` of a queue is its URL.
NAMED = {"ApiId": ("AWS::Serverless::HttpApi", ""), "FunctionName": ("AWS::Serverless::Function", ""),
         "QueueName": ("AWS::SQS::Queue", ".QueueName"), "TableName": ("AWS::DynamoDB::Table", "")}
# With so many metrics can an alarm reckon (CloudWatch user guide, "Limits that apply to alarms based on metric math expressions").
METRICS_OF_AN_ALARM = 10
# What a number is that is logged as a field with this last word; another one, or a constant, counts something.
UNITS = {"seconds": ["Seconds"], "milliseconds": ["Milliseconds"]}


class Asked(NamedTuple):
    """A metric that an alarm or the dashboard asks for, with its dimensions by name."""

    place: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    unit: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.metric} of {', '.join(self.dimensions.values()) or 'no dimension'}"


def series(alarm: dict) -> list[dict]:
    """The series of an alarm, as CloudWatch has them: what it takes of a metric, or what it reckons with."""
    if "Metrics" in alarm:
        return [part["MetricStat"] for part in alarm["Metrics"] if "MetricStat" in part]
    names = ("Namespace", "MetricName", "Dimensions")
    metric = {name: alarm[name] for name in names if name in alarm}
    statistic = alarm.get("Statistic", alarm.get("ExtendedStatistic"))
    return [{"Metric": metric, "Stat": statistic, "Period": alarm["Period"], "Unit": alarm.get("Unit")}]


def alarmed(template: dict) -> list[Asked]:
    """What the alarms ask for."""
    found = []
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        for part in series(alarm):
            metric = part["Metric"]
            dimensions = {entry["Name"]: as_text(entry["Value"]) for entry in metric.get("Dimensions", [])}
            found.append(Asked(name, as_text(metric["Namespace"]), metric["MetricName"], dimensions, part.get("Unit")))
    return found


def displayed(template: dict) -> list[Asked]:
    """What the dashboard asks for, row by row or with a search."""
    body, found = dashboard_body(template), []
    for widget in json.loads(body)["widgets"]:
        before = []
        for row in widget["properties"].get("metrics", []):
            row = [part for part in row if isinstance(part, str)]
            # The dashboard's own shorthand: as in the row before, but for the last value.
            before = [*before[:-1], row[-1]] if row[:1] == ["..."] else row
            if before:
                found.append(Asked("Dashboard", before[0], before[1], dict(zip(before[2::2], before[3::2], strict=True))))
    for namespace, names, metric in re.findall(r'\{\\"([^"]+)\\"((?:,\w+)*)\} MetricName=\\"(\w+)\\"', body):
        found.append(Asked("Dashboard", namespace, metric, dict.fromkeys(names.split(",")[1:], "any")))
    return found


def dashboard_body(template: dict) -> str:
    return template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]


def as_text(value) -> str:
    """A reference as Sub writes it, which is how the dashboard has all of its values."""
    if not isinstance(value, dict):
        return str(value)
    ((kind, named),) = value.items()
    return f"${{{'.'.join(named)}}}" if kind == "Fn::GetAtt" else f"${{{named}}}"


def counted(template: dict) -> dict[str, tuple[set, str | None]]:
    """The stack's own metrics, which filters count, with the names of their dimensions and their units."""
    found = {}
    for _, described in of_type(template, "AWS::Logs::MetricFilter"):
        (transformation,) = described["MetricTransformations"]
        if as_text(transformation["MetricNamespace"]) != OWN:
            continue
        dimensions = {entry["Key"] for entry in transformation.get("Dimensions", [])}
        found[transformation["MetricName"]] = (dimensions, transformation.get("Unit"))
    return found


def dashboard(template: dict):
    """Every function and every queue is on the dashboard."""
    shown = {(asked.metric, resource) for asked in displayed(template) for resource in re.findall(r"\$\{(\w+)", " ".join(asked.dimensions.values()))}
    wanted = {(metric, name) for metric in DATA_POINTS for name in functions(template)}
    wanted |= {(VISIBLE, name) for name in queues(template)}
    wanted |= {(AGE, name) for name in queues(template) - dead_letter_queues(template)}
    yield from (f"{metric} of {name} is not on the dashboard" for metric, name in sorted(wanted - shown))


def alarms(template: dict):
    """Every function's errors and throttles, every queue's age and every dead letter have an alarm, and every alarm can be made and tells somebody."""
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        if alarm.get("AlarmActions") != [{"Ref": "AlarmTopic"}] or "AlarmDescription" not in alarm:
            yield f"{name}: tells nobody, or not what it means"
        if len(series(alarm)) > METRICS_OF_AN_ALARM:
            yield f"{name}: reckons with more than {METRICS_OF_AN_ALARM} metrics"
    watched = {(asked.metric, source) for asked in alarmed(template) for source in re.findall(r"\$\{(\w+)", " ".join(asked.dimensions.values()))}
    wanted = {(metric, name) for metric in ("Errors", "Throttles") for name in functions(template)}
    wanted |= {(VISIBLE, name) for name in dead_letter_queues(template)}
    wanted |= {(AGE, name) for name in queues(template) - dead_letter_queues(template)}
    yield from (f"{metric} of {name} has no alarm" for metric, name in sorted(wanted - watched))


def metrics(template: dict):
    """Alarms and the dashboard ask for metrics that there are, and what filters count is looked at."""
    own, asked = counted(template), alarmed(template) + displayed(template)
    for one in asked:
        if one.metric not in (own if one.namespace == OWN else METRICS.get(one.namespace, ())):
            what = "no filter counts" if one.namespace == OWN else f"{one.namespace} does not have, as far as METRICS here knows,"
            yield f"{one.place}: {what} {one.metric}"
    shown = {one.metric for one in displayed(template) if one.namespace == OWN}
    yield from (f"Dashboard: {metric} is counted and not shown" for metric in sorted(own.keys() - shown))


def dimensions(template: dict):
    """Alarms and the dashboard ask by the dimensions under which a metric is kept, and with names of the right kind: others see nothing."""
    own = counted(template)
    for asked in alarmed(template) + displayed(template):
        names = set(asked.dimensions)
        kept = [own.get(asked.metric, (names, None))[0]] if asked.namespace == OWN else DIMENSIONS.get(asked.namespace, [names])
        if names not in kept:
            yield f"{asked}: asked by {sorted(names)}, and kept by {' or '.join(str(sorted(each)) for each in kept)}"
        yield from misnamed(asked, template)


def misnamed(asked: Asked, template: dict):
    """The dimensions whose value is not the name of a resource of theirs."""
    indexes = {index["IndexName"] for _, table in of_type(template, "AWS::DynamoDB::Table") for index in table.get("GlobalSecondaryIndexes", [])}
    for name, value in asked.dimensions.items():
        kind, attribute = NAMED.get(name, (None, ""))
        right = {f"${{{resource}{attribute}}}" for resource, _ in of_type(template, kind)}
        if name == "GlobalSecondaryIndexName":
            right = indexes
        if right and value not in right:
            yield f"{asked}: {value} is no {name}"


def units(template: dict):
    """An alarm that asks for another unit than that of its metric sees nothing, and so does who trusts a filter's wrong one."""
    own = counted(template)
    for asked in alarmed(template):
        unit = own.get(asked.metric, (None, None))[1] if asked.namespace == OWN else METRICS.get(asked.namespace, {}).get(asked.metric)
        if asked.unit not in (None, unit):
            yield f"{asked.place}: {asked.metric} in {asked.unit}, and it is kept in {unit or 'no unit'}"
    for name, described in of_type(template, "AWS::Logs::MetricFilter"):
        (transformation,) = described["MetricTransformations"]
        logged = re.split(r"[._]", transformation["MetricValue"])[-1]
        right = UNITS.get(logged, ["Count", None])
        if transformation.get("Unit") not in right:
            yield f"{name}: {transformation['MetricValue']} counts as {transformation.get('Unit')} instead of {right[0]}"


def filters(template: dict):
    """Metric filters look for what the function of their log group logs."""
    owners = {function["LoggingConfig"]["LogGroup"]["Ref"]: folder_of(function) for function in functions(template).values()}
    for name, described in of_type(template, "AWS::Logs::MetricFilter"):
        owner = ROOT / "functions" / owners[described["LogGroupName"]["Ref"]]
        sources = [*owner.glob("src/*.rs")]
        manifest = owner / "Cargo.toml"
        if manifest.exists() and "api.workspace" in manifest.read_text():
            sources += (ROOT / "shared/api/src").glob("*.rs")
        source = "".join(path.read_text() for path in sources)
        text = json.dumps(described)
        pattern = described["FilterPattern"]
        if not re.fullmatch(r'\{ \$\.(level = "(ERROR|WARN|INFO)"|fields\.message = "[^"]+") \}', pattern):
            yield f"{name}: {pattern} selects neither a level nor a message"
        for word in set(re.findall(r'message = \\"(.+?)\\"', text)) | set(re.findall(r"\$\.fields\.(\w+)", text)) - {"message"}:
            if not re.search(rf"\b{word}\b", source):
                yield f"{name}: {owners[described['LogGroupName']['Ref']]} does not log {word}"


def logs(template: dict):
    """No log group keeps its lines for ever."""
    for name, group in of_type(template, "AWS::Logs::LogGroup"):
        if group.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name}: its retention is not LogRetentionDays"
