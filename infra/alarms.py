"""CloudWatch alarms, derived from what is in the template: nothing can be added without one.

Every alarm tells AlarmsTopic. Alarms of a conditional resource carry its condition.
"""

import re
from typing import Any

from chalicelib.platform import metrics
from infra.environment import is_dead_letter_queue
from infra.workers import Worker

Template = dict[str, Any]

PERIOD_S = 300
# The local engine has no alarms on queries; those alarms exist in the cloud only.
IN_CLOUD = "IsInCloud"
# A queue is drained within seconds; a message that waits this long is late for the customer.
OLDEST_MESSAGE_S = 300
# A confirmation code is of no use after a minute.
OLDEST_CODE_S = 60
# A few requests that meet contention are told to try again; more than a few are an incident.
SERVER_ERRORS = 5
# The title of the API's definition, which Chalice takes from the app's name.
API_NAME = "rural-bank"
# As .chalice/config.json has it.
API_STAGE = "api"
ITERATOR_AGE_MS = 15 * 60 * 1000
# A template has at most 500 resources, so what is watched of every table alike is one query over all of them: a table
# that is concerned is a contributor of the alarm, by name. System errors have no value per table alone.
OF_TABLES = {
    "SystemErrors": (
        "Operation, TableName",
        "DynamoDB itself fails on a table, the alarm's contributor; requests are retried, money is safe",
    ),
    "ReadThrottleEvents": (
        "TableName",
        "Reads of a table, the alarm's contributor, are throttled: a hot item, or the account's quota",
    ),
    "WriteThrottleEvents": (
        "TableName",
        "Writes of a table, the alarm's contributor, are throttled: a hot item, or the account's quota",
    ),
}

# Alarms that are derived from each queue, function and stream have a runbook by kind; the others have their own.
BY_KIND = {
    "DeadLetterQueueMessagesAlarm": "dead-letters",
    "QueueAgeAlarm": "queue-age",
    "RestAPIServerErrorsAlarm": "rest-api-server-errors",
    "TablesSystemErrorsAlarm": "tables-system-errors",
    "TablesReadThrottleEventsAlarm": "tables-throttled",
    "TablesWriteThrottleEventsAlarm": "tables-throttled",
    "IteratorAgeAlarm": "iterator-age",
    "ErrorsAlarm": "function-errors",
}


def _alarm(description: str, condition: str | None, properties: dict[str, Any]) -> Template:
    resource: Template = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "AlarmActions": [{"Ref": "AlarmsTopic"}],
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            # Silence means that nothing went wrong: these metrics are only sent when something happens.
            "TreatMissingData": "notBreaching",
            **properties,
        },
    }
    return {"Condition": condition, **resource} if condition else resource


def _metric(namespace: str, name: str, dimensions: dict[str, Any], statistic: str, above: int) -> dict[str, Any]:
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistic": statistic,
        "Period": PERIOD_S,
        "Threshold": above,
    }


def query_of_tables(metric: str) -> str:
    """The query for a metric of every table, by table, the worst first."""
    schema, _ = OF_TABLES[metric]
    # The metric is a name of the table above, nobody's input.
    return f'SELECT SUM({metric}) FROM SCHEMA("AWS/DynamoDB", {schema}) GROUP BY TableName ORDER BY SUM() DESC'  # noqa: S608


def _of_all_tables() -> dict[str, Template]:
    found = {}
    for metric, (_, text) in OF_TABLES.items():
        query = {"Id": "by_table", "Expression": query_of_tables(metric), "Period": PERIOD_S, "ReturnData": True}
        found[f"Tables{metric}Alarm"] = _alarm(text, IN_CLOUD, {"Metrics": [query], "Threshold": 0})
    return found


def _of_queue(logical_id: str, condition: str | None) -> dict[str, Template]:
    dimensions = {"QueueName": {"Fn::GetAtt": [logical_id, "QueueName"]}}
    if is_dead_letter_queue(logical_id):
        metric = _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions, "Maximum", 0)
        text = f"A message was given up and waits in {logical_id}"
        return {f"{logical_id}MessagesAlarm": _alarm(text, condition, metric)}
    limit_s = OLDEST_CODE_S if logical_id == "CodesQueue" else OLDEST_MESSAGE_S
    metric = _metric("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions, "Maximum", limit_s)
    text = f"The oldest message of {logical_id} is over {limit_s} s old"
    return {f"{logical_id}AgeAlarm": _alarm(text, condition, metric)}


def _of_function(logical_id: str, reads_stream: bool) -> dict[str, Template]:
    dimensions = {"FunctionName": {"Ref": logical_id}}
    alarms = {
        f"{logical_id}ErrorsAlarm": _alarm(
            f"Function {logical_id} raised", None, _metric("AWS/Lambda", "Errors", dimensions, "Sum", 0)
        )
    }
    if reads_stream:
        age = _metric("AWS/Lambda", "IteratorAge", dimensions, "Maximum", ITERATOR_AGE_MS)
        text = f"{logical_id} is over 15 minutes behind its stream, whose records expire in 24 hours"
        alarms[f"{logical_id}IteratorAgeAlarm"] = _alarm(text, None, age)
    return alarms


# What a person has to know about each count that the application sends; one is enough.
COUNTED = {
    metrics.LINE_GAPS: "Statement lines of an account are missing; it is set aside, the sweeper rebuilds it",
    metrics.LINES_NOT_REBUILT: "Statement lines are missing and the journal does not explain the account",
    metrics.TRANSFERS_RETOLD: "Posted transfers had no receipt or row in a list; the sweeper told them again",
    metrics.EMERGENCIES_OPENED: "A member of staff took an emergency right: another person has to review the case",
    metrics.TRANSACTIONS_STUCK: "A transaction lacks its lines, legs, receipt or notification, or its hold never ends",
    metrics.PAYMENTS_FAILED: "Of yesterday's payments 0.05 % or more failed by the bank's fault (YQ-4.1.1)",
    metrics.TRANSFERS_NOT_EXECUTED: "A transfer is due and can neither be executed nor given back",
    metrics.HOLDS_NOT_EXPIRED: "A hold's time is over and its money cannot be freed",
    metrics.CLEARING_CONTRADICTED: "Clearing answered a payment with another end than before; the first one stands",
    metrics.CLEARING_NOT_RETURNED: "A payment came back from another bank and its money cannot be given back",
    metrics.CLEARING_FILES_REFUSED: "A file that clearing answered with is set aside: it is no answer to a payment",
    metrics.STAFF_ACTIONS_REWRITTEN: "A row of what staff did was changed, or removed before its term",
    metrics.BILLS_UNBALANCED: "A bill or statement does not add up or lacks a line; it is not issued",
    metrics.BILLS_LATE: "A bill was missing a day after its month had ended; a later night's run issued it",
    metrics.DAYS_NOT_SEALED: "A business date was closed long ago and is not sealed: an entry or a receipt is missing",
    metrics.DOCUMENT_CERTIFICATE_ENDS: "The certificate that documents are signed with ends in 30 days, or has ended",
    metrics.STAFF_ACTIONS_UNLINKED: "Rows of what staff did had no link in their chain; the sweeper linked them",
    metrics.SMS_CAPPED: "The bank sent as many SMS as it may on a day (sms.bank_day): alerts go another way",
    metrics.OUTAGES_OPENED: "An unplanned suspension of service is in the register: see to it, and to its report",
    metrics.OUTAGE_WARNINGS: "An outage must be reported to the regulator, or will have to be: see its deadlines",
    metrics.OUTAGE_REPORTS_LATE: "A report to the regulator about an outage is late",
    metrics.PROBES_FAILED: "A look at the bank's own health failed: the database, or what follows on transactions",
}


def _of_counts() -> dict[str, Template]:
    # As the functions send them: infra/overlay.yaml names the service, the stage is theirs.
    dimensions = {"stage": {"Ref": "Stage"}, "service": "rural-bank"}
    return {
        f"{name}Alarm": _alarm(COUNTED[name], None, _metric(metrics.NAMESPACE, name, dimensions, "Sum", 0))
        for name in metrics.ALARMED
    }


def _of_api() -> dict[str, Template]:
    """Return the alarm on refusals that are the bank's own fault: the function answers them, it does not raise."""
    dimensions = {"ApiName": API_NAME, "Stage": API_STAGE}
    metric = _metric("AWS/ApiGateway", "5XXError", dimensions, "Sum", SERVER_ERRORS)
    text = f"Over {SERVER_ERRORS} requests in five minutes were answered with 500 to 504"
    return {"RestAPIServerErrorsAlarm": _alarm(text, None, metric)}


def runbook_of(alarm: str) -> str:
    """The name of the runbook of an alarm; raises KeyError for one of a kind that is not known here."""
    metric = alarm.removesuffix("Alarm")
    if metric in COUNTED:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", metric).lower()
    for suffix, runbook in BY_KIND.items():
        if alarm.endswith(suffix):
            return runbook
    raise KeyError(alarm)


def alarms_for(resources: Template, workers: list[Worker]) -> dict[str, Template]:
    """Return the alarms of all tables, every queue, dead-letter queue, function and count, by logical id.

    Each says where its runbook is.
    """
    alarms = _of_counts() | _of_all_tables()
    for logical_id, resource in resources.items():
        condition = resource.get("Condition")
        if resource.get("Type") == "AWS::SQS::Queue":
            alarms |= _of_queue(logical_id, condition)
    alarms |= _of_function("APIHandler", reads_stream=False)
    alarms |= _of_api()
    for worker in workers:
        alarms |= _of_function(worker.logical_id, reads_stream=worker.kind == "Stream")
    for name, alarm in alarms.items():
        alarm["Properties"]["AlarmDescription"] += f". docs/runbooks/{runbook_of(name)}.md"
    return alarms
