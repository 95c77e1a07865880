"""Tries that each check of template.yaml finds something: one mistake at a time, which a check has to name.

The mistakes are made in memory, and neither the translator nor cfn-lint runs again: what they find was tried when they were chosen
(docs/decisions/0005-template-checks.md).
"""

import copy
import sys
from typing import NamedTuple

from check_template import CHECKS, CHECKS_OF_RUNBOOK, RUNBOOK, cors, judge
from template_parts import ROOT
from translate import translate
from samcli.yamlhelper import yaml_parse

BODY = "Dashboard/DashboardBody/Fn::Sub"
OWN_STATEMENTS = "Policies/0/PolicyDocument/Statement"


class Project:
    """What a mistake is made in: the template, its translation, and the runbook."""

    def __init__(self, template: dict, translated: dict, text: str):
        self.template, self.translated, self.text = template, translated, text

    def holder(self, path: str):
        """The dictionary or list of a resource's properties that has the last part of a path, and that part."""
        resource, *parts = path.split("/")
        place = self.template["Resources"][resource]["Properties"]
        for part in parts[:-1]:
            place = place[int(part) if isinstance(place, list) else part]
        return place, int(parts[-1]) if isinstance(place, list) else parts[-1]

    def findings(self) -> list[str]:
        return cors(self.translated) + judge(self.template, self.text)


class Mistake(NamedTuple):
    """A change of a project, and how the finding begins that must come of it."""

    make: object
    found: str


def put(path: str, value):
    """Sets a property; a name behind a list's end adds to it."""
    def make(project: Project):
        place, key = project.holder(path)
        if isinstance(place, list) and key == len(place):
            place.append(None)
        place[key] = value
    return make


def lengthened(path: str, length: int):
    """Repeats the last entry of a list."""
    def make(project: Project):
        place, key = project.holder(path)
        place[key] += [place[key][-1]] * (length + 1 - len(place[key]))
    return make


def without(path: str):
    def make(project: Project):
        place, key = project.holder(path)
        del place[key]
    return make


def replaced(path: str, old: str, new: str):
    """In a property that is a text."""
    def make(project: Project):
        place, key = project.holder(path)
        place[key] = place[key].replace(old, new)
    return make


def resource(name: str, described: dict | None):
    """Adds a resource, or takes one away."""
    def make(project: Project):
        project.template["Resources"].pop(name, None)
        if described:
            project.template["Resources"][name] = described
    return make


def section(name: str, key: str, value):
    """In another section than the resources."""
    def make(project: Project):
        project.template[name][key] = value
    return make


def output_renamed(old: str, new: str):
    def make(project: Project):
        project.template["Outputs"][new] = project.template["Outputs"].pop(old)
    return make


def told(old: str, new: str):
    """In the runbook."""
    def make(project: Project):
        project.text = project.text.replace(old, new)
    return make


def cors_without(key: str):
    def make(project: Project):
        del project.translated["Resources"]["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"]["Fn::If"][1][key]
    return make


MISTAKES = {
    "cors": [Mistake(cors_without("maxAge"), "the translated API says nothing of maxAge")],
    "names": [
        Mistake(put("MaintenanceFunction/CodeUri", "target/lambda/maintenence/"), "MaintenanceFunction: does not bear"),
        Mistake(put("MaintenanceFunction/CodeUri", "target/debug/maintenance/"), "MaintenanceFunction: CodeUri"),
        Mistake(resource("MaintenanceFunction", None), "maintenance: has no resource"),
    ],
    "variables": [
        Mistake(without("AutomateUploadFunction/Environment/Variables/PEPPER_SECRET_ID"), "AutomateUploadFunction: may use PepperSecret"),
        Mistake(without("ProtectionWorkerFunction/Environment/Variables/WORKER_TIMEOUT_SECONDS"),
                "ProtectionWorkerFunction: main.rs reads"),
        Mistake(put("MaintenanceFunction/Environment/Variables/COLOUR", "red"), "MaintenanceFunction: sets COLOUR"),
        Mistake(put("MaintenanceFunction/Environment/Variables/BUILD_QUEUE_URL", {"Ref": "ArrivalQueue"}),
                "MaintenanceFunction: is told of ArrivalQueue"),
    ],
    "roles": [
        Mistake(without("MaintenanceFunction/Role"), "MaintenanceFunction: needs a role"),
        Mistake(put("MaintenanceFunction/Role", {"Fn::GetAtt": ["UploadArrivalRole", "Arn"]}), "MaintenanceFunction: needs a role"),
        Mistake(put("MaintenanceFunction/Policies", []), "MaintenanceFunction: Policies"),
        Mistake(resource("Other", {"Type": "AWS::IAM::Policy", "Properties": {}}), "Other: AWS::IAM::Policy"),
        Mistake(put("TracePolicy/Roles", ["somebody"]), "TracePolicy: attaches itself"),
        Mistake(put("MaintenanceRole/ManagedPolicyArns/0", "arn:aws:iam::aws:policy/AdministratorAccess"), "MaintenanceRole: has arn"),
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/1/Effect", "Deny"), "MaintenanceRole: "),
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/1/NotAction", "s3:*"), "MaintenanceRole: "),
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/8/Action", "sqs:*"), "MaintenanceRole: sqs:* is a wildcard"),
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/8/Resource", "*"), "MaintenanceRole: sqs:SendMessage on every resource"),
    ],
    "privileges": [
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/1/Action", "dynamodb:Scan"),
                "MaintenanceFunction: may not dynamodb:Query MainTable/index/due"),
        Mistake(put(f"MaintenanceRole/{OWN_STATEMENTS}/1/Action", ["dynamodb:Query", "dynamodb:Scan"]),
                "MaintenanceFunction: may dynamodb:Scan"),
        Mistake(without(f"ProtectionWorkerRole/{OWN_STATEMENTS}/4/Condition"), "ProtectionWorkerFunction: may kms:Decrypt"),
        Mistake(put(f"ProtectionWorkerRole/{OWN_STATEMENTS}/4/Condition", {"StringLike": {"a": "b"}}),
                "ProtectionWorkerFunction: may kms:Decrypt"),
        Mistake(without(f"UploadArrivalRole/{OWN_STATEMENTS}/1"), "UploadArrivalFunction: may not sqs:ReceiveMessage ArrivalQueue"),
        Mistake(without("MaintenanceRole/ManagedPolicyArns/1"), "MaintenanceFunction: may not xray:"),
    ],
    "routes": [
        Mistake(put("AutomateUploadFunction/Events/Abort/Properties/Method", "POST"),
                "AutomateUploadFunction.Abort: /automate/upload/abort takes POST"),
        Mistake(without("AutomateStatusFunction/Events/Unknown"), "0 functions"),
    ],
    "visibility": [
        Mistake(section("Mappings", "BuildVisibility", {"120": {"Seconds": 150}}), "BuildVisibility"),
        Mistake(put("BuildQueue/VisibilityTimeout", 330), "BuildQueue"),
        Mistake(put("LibraryQueue/VisibilityTimeout", 330), "LibraryQueue"),
        Mistake(put("ProtectionWorkerFunction/Timeout", 300), "ProtectionWorkerFunction: it ends after 300"),
        Mistake(put("ProtectionWorkerFunction/Environment/Variables/WORKER_TIMEOUT_SECONDS", 300),
                "ProtectionWorkerFunction: it is told 300"),
        Mistake(put("ArrivalQueue/VisibilityTimeout", 179), "ArrivalQueue"),
    ],
    "concurrency": [
        Mistake(section("Conditions", "ReservesConcurrency", {"Fn::Equals": [{"Ref": "ReservedConcurrency"}, 0]}), "ReservesConcurrency"),
        Mistake(put("ProtectionWorkerFunction/ReservedConcurrentExecutions/Fn::If/1", {"Ref": "ReservedConcurrency"}),
                "ProtectionWorkerFunction: reserves"),
        Mistake(put("ProtectionWorkerFunction/ReservedConcurrentExecutions/Fn::If/0", "HasZone"), "ProtectionWorkerFunction: reserves"),
        Mistake(put("ProtectionWorkerFunction/ReservedConcurrentExecutions", {"Ref": "WorkerConcurrency"}),
                "ProtectionWorkerFunction: reserves"),
        Mistake(put("AutomateUploadFunction/ReservedConcurrentExecutions/Fn::If/1", {"Ref": "WorkerConcurrency"}),
                "AutomateUploadFunction: reserves"),
        Mistake(without("AutomateStatusFunction/ReservedConcurrentExecutions"), "AutomateStatusFunction: reserves"),
        Mistake(put("MaintenanceFunction/ReservedConcurrentExecutions", 1), "MaintenanceFunction: reserves 1"),
        Mistake(put("ProtectionWorkerFunction/Events/Library/Properties/ScalingConfig/MaximumConcurrency", {"Ref": "WorkerConcurrency"}),
                "ProtectionWorkerFunction.Library: sends at most"),
        Mistake(put("ProtectionWorkerFunction/Events/Build/Properties/ScalingConfig/MaximumConcurrency", 10),
                "ProtectionWorkerFunction.Build: sends at most 10"),
        Mistake(without("ProtectionWorkerFunction/Events/Build/Properties/ScalingConfig"),
                "ProtectionWorkerFunction.Build: sends at most None"),
    ],
    "site": [
        Mistake(without("Site/DistributionConfig/Aliases"), "Site: does not answer to SiteName"),
        Mistake(put("Site/DistributionConfig/ViewerCertificate/Fn::If/1/AcmCertificateArn", {"Ref": "CertificateArn"}), "Site: shows"),
        Mistake(without("Site/DistributionConfig/ViewerCertificate"), "Site: shows None"),
        Mistake(section("Parameters", "SiteCertificateArn", {"Type": "String", "AllowedPattern": "|arn:.+"}), "SiteCertificateArn: "),
    ],
    "lifecycle": [
        Mistake(without("ArtifactsBucket/LifecycleConfiguration/Rules/0/TagFilters"), "ArtifactsBucket: rule expire-builds"),
        Mistake(put("ArtifactsBucket/LifecycleConfiguration/Rules/1/Prefix", ""), "ArtifactsBucket: rule expire-message-uploads"),
        Mistake(put("ArtifactsBucket/LifecycleConfiguration/Rules/2/Prefix", ""), "ArtifactsBucket: rule expire-attachment-uploads"),
        Mistake(without("ArtifactsBucket/LifecycleConfiguration/Rules/3"), "ArtifactsBucket: unfinished"),
        Mistake(without("UploadsBucket/LifecycleConfiguration/Rules/1"), "UploadsBucket: unfinished"),
    ],
    "dashboard": [
        Mistake(replaced(BODY, '["...", "${MaintenanceFunction}"', '["...", "${UploadArrivalFunction}"'),
                "ConcurrentExecutions of MaintenanceFunction"),
        Mistake(replaced(BODY, "${BuildDeadLetterQueue", "${BuildQueue"), "ApproximateNumberOfMessagesVisible of BuildDeadLetterQueue"),
        Mistake(replaced(BODY, "ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
                "ApproximateAgeOfOldestMessage of ArrivalQueue"),
    ],
    "alarms": [
        Mistake(put("BuildAgeAlarm/AlarmActions", []), "BuildAgeAlarm: tells nobody"),
        Mistake(without("BuildAgeAlarm/AlarmDescription"), "BuildAgeAlarm: tells nobody"),
        Mistake(without("BackgroundErrorsAlarm/Metrics/2"), "Errors of ProtectionWorkerFunction"),
        Mistake(lengthened("FunctionErrorsAlarm/Metrics", 11), "FunctionErrorsAlarm: reckons with more than 10"),
        Mistake(put("ArrivalAgeAlarm/Dimensions/0/Value/Fn::GetAtt/0", "BuildQueue"), "ApproximateAgeOfOldestMessage of ArrivalQueue"),
        Mistake(resource("BuildDeadLetterAlarm", None), "ApproximateNumberOfMessagesVisible of BuildDeadLetterQueue"),
    ],
    "metrics": [
        Mistake(put("ApiErrorsAlarm/MetricName", "5XXError"), "ApiErrorsAlarm: AWS/ApiGateway does not have"),
        Mistake(put("ApiErrorsAlarm/Namespace", "AWS/ApiGatewayV2"), "ApiErrorsAlarm: AWS/ApiGatewayV2 does not have"),
        Mistake(put("TableThrottlesAlarm/Metrics/1/MetricStat/Metric/MetricName", "ReadThrottles"),
                "TableThrottlesAlarm: AWS/DynamoDB does not have"),
        Mistake(replaced(BODY, '"4xx"', '"4XX"'), "Dashboard: AWS/ApiGateway does not have, as far as METRICS here knows, 4XX"),
        Mistake(put("WorkerTroubleAlarm/MetricName", "WorkerTroubles"), "WorkerTroubleAlarm: no filter counts WorkerTroubles"),
        Mistake(put("WorkerTroubleAlarm/Namespace", "app-protection"), "WorkerTroubleAlarm: app-protection does not have"),
        Mistake(put("OverdueFilter/MetricTransformations/0/MetricNamespace", "jobs"), "JobsOverdueAlarm: no filter counts OverdueSeconds"),
        Mistake(resource("BuildsFilter", None), "Dashboard: no filter counts BuildMilliseconds"),
        Mistake(replaced(BODY, "ArrivalTrouble", "WorkerTrouble"), "Dashboard: ArrivalTrouble is counted and not shown"),
    ],
    "dimensions": [
        # A queue's URL where its name belongs, a function's ARN, and the like.
        Mistake(put("BuildAgeAlarm/Dimensions/0/Value", {"Ref": "BuildQueue"}),
                "BuildAgeAlarm: ApproximateAgeOfOldestMessage of ${BuildQueue}: ${BuildQueue} is no QueueName"),
        Mistake(put("BuildDeadLetterAlarm/Dimensions/0/Value/Fn::GetAtt/1", "Arn"),
                "BuildDeadLetterAlarm: ApproximateNumberOfMessagesVisible of ${BuildDeadLetterQueue.Arn}"),
        Mistake(replaced(BODY, "${ArrivalQueue.QueueName}", "${ArrivalQueue}"),
                "Dashboard: ApproximateNumberOfMessagesVisible of ${ArrivalQueue}"),
        Mistake(put("MaintenanceSilentAlarm/Dimensions/0/Value", {"Fn::GetAtt": ["MaintenanceFunction", "Arn"]}),
                "MaintenanceSilentAlarm: Invocations of ${MaintenanceFunction.Arn}"),
        Mistake(put("MaintenanceSilentAlarm/Dimensions/0/Value", "maintenance"), "MaintenanceSilentAlarm: Invocations of maintenance"),
        Mistake(put("ApiErrorsAlarm/Dimensions/0/Value", {"Ref": "ApiDomain"}), "ApiErrorsAlarm: 5xx of ${ApiDomain}"),
        Mistake(put("ApiErrorsAlarm/Dimensions/0/Name", "ApiName"),
                "ApiErrorsAlarm: 5xx of ${Api}: asked by ['ApiName'], and kept by ['ApiId']"),
        Mistake(put("TableThrottlesAlarm/Metrics/5/MetricStat/Metric/Dimensions/1/Value", "dues"),
                "TableThrottlesAlarm: ReadThrottleEvents of ${MainTable}, dues"),
        Mistake(put("TableThrottlesAlarm/Metrics/5/MetricStat/Metric/Dimensions/0/Value", {"Fn::GetAtt": ["MainTable", "Arn"]}),
                "TableThrottlesAlarm: ReadThrottleEvents of ${MainTable.Arn}"),
        Mistake(put("FunctionErrorsAlarm/Metrics/1/MetricStat/Metric/Dimensions", []), "FunctionErrorsAlarm: Errors of no dimension"),
        # A metric of a filter is kept by the filter's dimensions.
        Mistake(put("WorkerTroubleAlarm/Dimensions", [{"Name": "FunctionName", "Value": {"Ref": "ProtectionWorkerFunction"}}]),
                "WorkerTroubleAlarm: WorkerTrouble of ${ProtectionWorkerFunction}: asked by"),
        Mistake(put("OverdueFilter/MetricTransformations/0/Dimensions", [{"Key": "Level", "Value": "$.level"}]),
                "JobsOverdueAlarm: OverdueSeconds of no dimension: asked by [], and kept by ['Level']"),
        Mistake(without("BuildsFilter/MetricTransformations/0/Dimensions"),
                "Dashboard: BuildMilliseconds of built: asked by ['Ended'], and kept by []"),
        Mistake(replaced(BODY, '"BuildMilliseconds", "Ended", "built"', '"BuildMilliseconds"'),
                "Dashboard: BuildMilliseconds of no dimension"),
        Mistake(replaced(BODY, ",Ended}", ",End}"), "Dashboard: BuildMilliseconds of any: asked by ['End']"),
    ],
    "units": [
        Mistake(put("JobsOverdueAlarm/Unit", "Count"), "JobsOverdueAlarm: OverdueSeconds in Count, and it is kept in Seconds"),
        Mistake(put("WorkerTroubleAlarm/Unit", "Count"), "WorkerTroubleAlarm: WorkerTrouble in Count, and it is kept in no unit"),
        Mistake(put("ArrivalAgeAlarm/Unit", "Milliseconds"), "ArrivalAgeAlarm: ApproximateAgeOfOldestMessage in Milliseconds"),
        Mistake(put("WorkerDurationAlarm/Metrics/1/MetricStat/Unit", "Seconds"), "WorkerDurationAlarm: Duration in Seconds"),
        Mistake(put("OverdueFilter/MetricTransformations/0/Unit", "Milliseconds"),
                "OverdueFilter: $.fields.overdue_seconds counts as Milliseconds"),
        Mistake(without("BuildsFilter/MetricTransformations/0/Unit"), "BuildsFilter: $.fields.milliseconds counts as None"),
        Mistake(put("WorkerTroubleFilter/MetricTransformations/0/Unit", "Seconds"), "WorkerTroubleFilter: 1 counts as Seconds"),
    ],
    "filters": [
        Mistake(put("WorkerTroubleFilter/FilterPattern", '{ $.level = "Error" }'), "WorkerTroubleFilter: "),
        Mistake(put("OverdueFilter/FilterPattern", '{ $.fields.message = "reconcilement" }'),
                "OverdueFilter: maintenance does not log reconcilement"),
        Mistake(put("BuildsFilter/MetricTransformations/0/Dimensions/0/Value", "$.fields.finished"),
                "BuildsFilter: protection-worker does not log finished"),
        Mistake(put("BuildsFilter/LogGroupName/Ref", "MaintenanceLogGroup"), "BuildsFilter: maintenance does not log build ends"),
    ],
    "logs": [
        Mistake(without("MaintenanceLogGroup/RetentionInDays"), "MaintenanceLogGroup"),
        Mistake(put("ApiAccessLogGroup/RetentionInDays", 30), "ApiAccessLogGroup"),
    ],
    "thresholds": [
        Mistake(put("BuildAgeAlarm/Threshold", 1800),
                "BuildAgeAlarm: goes off at “Maximum ApproximateAgeOfOldestMessage of BuildQueue > 1800 in 60 s”"),
        Mistake(put("BuildAgeAlarm/Threshold/Ref", "WorkerTimeoutSeconds"), "BuildAgeAlarm: goes off at"),
        Mistake(put("BuildAgeAlarm/Dimensions/0/Value/Fn::GetAtt/0", "ArrivalQueue"), "BuildAgeAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Threshold", 800), "WorkerDurationAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Metrics/0/Expression/Fn::Sub", "duration / (1000 * ${WorkerTimeoutSeconds})"),
                "WorkerDurationAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Metrics/0/Expression", "duration / 3000"), "WorkerDurationAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Metrics/1/MetricStat/Stat", "Average"), "WorkerDurationAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Metrics/1/MetricStat/Metric/Dimensions/0/Value/Ref", "MaintenanceFunction"),
                "WorkerDurationAlarm: goes off at"),
        Mistake(put("WorkerDurationAlarm/Metrics/1/ReturnData", True), "WorkerDurationAlarm: looks at ['share', 'duration']"),
        Mistake(put("FunctionErrorsAlarm/Metrics/0/Expression", "MAX(METRICS())"), "FunctionErrorsAlarm: goes off at"),
        Mistake(put("FunctionErrorsAlarm/Metrics/3/MetricStat/Period", 3600), "FunctionErrorsAlarm: goes off at"),
        Mistake(without("TableThrottlesAlarm/Metrics/4"), "TableThrottlesAlarm: goes off at"),
        Mistake(put("MaintenanceSilentAlarm/ComparisonOperator", "GreaterThanThreshold"), "MaintenanceSilentAlarm: goes off at"),
        Mistake(put("MaintenanceSilentAlarm/TreatMissingData", "notBreaching"), "MaintenanceSilentAlarm: goes off at"),
        Mistake(without("ApiErrorsAlarm/TreatMissingData"), "ApiErrorsAlarm: goes off at"),
        Mistake(put("ApiErrorsAlarm/Statistic", "Average"), "ApiErrorsAlarm: goes off at"),
        Mistake(put("BuildDeadLetterAlarm/Threshold", 10), "BuildDeadLetterAlarm: goes off at"),
        Mistake(put("BuildDeadLetterAlarm/Period", 3600), "BuildDeadLetterAlarm: goes off at"),
        Mistake(put("JobsOverdueAlarm/EvaluationPeriods", 30), "JobsOverdueAlarm: goes off at"),
        Mistake(put("JobsOverdueAlarm/DatapointsToAlarm", 1), "JobsOverdueAlarm: has DatapointsToAlarm"),
        Mistake(put("JobsOverdueAlarm/ActionsEnabled", False), "JobsOverdueAlarm: has ActionsEnabled"),
        Mistake(told("| Sum 5xx of Api ≥ 5 in 300 s |", "| Sum 5xx of Api ≥ 50 in 300 s |"), "ApiErrorsAlarm: goes off at"),
    ],
    "descriptions": [
        Mistake(put("ApiErrorsAlarm/Threshold", 50), "ApiErrorsAlarm: its description says five,"),
        Mistake(put("ApiErrorsAlarm/Period", 60), "ApiErrorsAlarm: its description says five minutes"),
        Mistake(put("WorkerDurationAlarm/Threshold", 90), "WorkerDurationAlarm: its description says 80"),
        Mistake(put("JobsOverdueAlarm/Threshold", 600), "JobsOverdueAlarm: its description says 15 minutes"),
        Mistake(put("MaintenanceSilentAlarm/Period", 600), "MaintenanceSilentAlarm: its description says five minutes"),
        Mistake(put("ArrivalTroubleAlarm/Threshold", 100), "ArrivalTroubleAlarm: the runbook says ten"),
        Mistake(put("BuildQueue/RedrivePolicy/maxReceiveCount", 5), "BuildDeadLetterAlarm: the runbook says 50"),
    ],
    "runbook": [
        Mistake(resource("ApiErrorsAlarm", None), "ApiErrorsAlarm: is in the runbook only"),
        Mistake(resource("OtherAlarm", {"Type": "AWS::CloudWatch::Alarm", "Properties": {
            "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold"}}), "OtherAlarm: is not in the runbook"),
        Mistake(output_renamed("AlarmTopicArn", "AlarmsTopicArn"), "docs/runbook.md: $AlarmTopicArn"),
        Mistake(output_renamed("PepperSecretArn", "PepperArn"), "rotate-pepper: $PepperSecretArn"),
        Mistake(told("deploy/operate/redrive", "deploy/operate/replay"), "deploy/operate/redrive: is not in the runbook"),
        Mistake(told("\n## Stuck jobs", "\n## Jobs that are stuck"), "docs/runbook.md: no section stuck-jobs"),
    ],
}


def main() -> int:
    source, text = ROOT / "template.yaml", RUNBOOK.read_text()
    template, translated = yaml_parse(source.read_text()), translate(source)
    checks = {check.__name__ for check in (cors, *CHECKS, *CHECKS_OF_RUNBOOK)}
    missed = [f"{name}: a check without a mistake, or the other way round" for name in sorted(checks ^ MISTAKES.keys())]
    for name, mistakes in MISTAKES.items():
        for number, mistake in enumerate(mistakes, 1):
            project = Project(copy.deepcopy(template), copy.deepcopy(translated), text)
            mistake.make(project)
            if (project.template, project.translated, project.text) == (template, translated, text):
                missed.append(f"{name}, mistake {number}: changes nothing")
                continue
            findings = project.findings()
            if not any(finding.startswith(f"{name}: {mistake.found}") for finding in findings):
                missed.append(f"{name}, mistake {number}: should be “{mistake.found}…”, and is {findings or 'not found'}")
    for line in missed:
        print(line, file=sys.stderr)
    if not missed:
        print(f"{sum(map(len, MISTAKES.values()))} mistakes in a template, all found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
