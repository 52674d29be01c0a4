"""Counts that an alarm watches, as CloudWatch reads them out of a log line: no call, no permission needed.

`infra/alarms.py` has one alarm on each name that is counted here (an architecture test holds them together).
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from chalicelib.platform import settings

NAMESPACE = "RuralBank"

# An account's lines do not follow each other: it is set aside until the sweeper has rebuilt what is missing.
LINE_GAPS = "LineGaps"
# The sweeper cannot tell which lines are missing: a person has to look.
LINES_NOT_REBUILT = "LinesNotRebuilt"
# A posted transfer had no receipt, or no row in the customer's list: told again, but a message was lost for good.
TRANSFERS_RETOLD = "TransfersRetold"
# A hold's time is over and its money cannot be freed: a person has to look.
HOLDS_NOT_EXPIRED = "HoldsNotExpired"
TRANSFERS_NOT_EXECUTED = "TransfersNotExecuted"
# Clearing answered a payment with another end than the one before: a person has to look.
CLEARING_CONTRADICTED = "ClearingContradicted"
# A payment came back from clearing and its money cannot be given back: a person has to look.
CLEARING_NOT_RETURNED = "ClearingNotReturned"
# A file of clearing is no answer of ours, or not one that can be taken: a person has to look.
CLEARING_FILES_REFUSED = "ClearingFilesRefused"

# A member of staff has taken an emergency right: administrators have to know, and one of them to review it.
EMERGENCIES_OPENED = "EmergenciesOpened"

# A row of what staff did was changed, or removed before its term: nothing in the bank does that.
STAFF_ACTIONS_REWRITTEN = "StaffActionsRewritten"
# A row of what staff did had no link minutes after: linked now, but a record was lost for good, or held up.
STAFF_ACTIONS_UNLINKED = "StaffActionsUnlinked"
# A transaction lacks what should have followed: lines, legs, receipt, notification, the end of a hold.
TRANSACTIONS_STUCK = "TransactionsStuck"
# Of the payments of the day before more failed by the bank's fault than may (YQ-4.1.1).
PAYMENTS_FAILED = "PaymentsFailed"
# Service was suspended without a plan: somebody has to see to it, and to what the regulator is told.
OUTAGES_OPENED = "OutagesOpened"
# A report to the regulator will be due, or is due soon.
OUTAGE_WARNINGS = "OutageWarnings"
# A report to the regulator is late.
OUTAGE_REPORTS_LATE = "OutageReportsLate"
# A look at the bank's own health failed; some in a row open an outage.
PROBES_FAILED = "ProbesFailed"
# A bill or statement does not add up, or a line is missing: it is not issued.
BILLS_UNBALANCED = "BillsUnbalanced"
# A bill was issued over a day after its month had ended: the first night's run had left it out.
BILLS_LATE = "BillsLate"
# A business date was closed long ago and has no seal yet: an entry or a receipt is missing.
DAYS_NOT_SEALED = "DaysNotSealed"
# Documents cannot be signed, or soon cannot: a certificate has to be asked for.
DOCUMENT_CERTIFICATE_ENDS = "DocumentCertificateEnds"

# The bank has sent as many SMS as it may on a day: customers hear by inbox and push alone, but for codes and security.
SMS_CAPPED = "SmsCapped"

ALARMED = (
    LINE_GAPS,
    LINES_NOT_REBUILT,
    TRANSFERS_RETOLD,
    HOLDS_NOT_EXPIRED,
    TRANSFERS_NOT_EXECUTED,
    CLEARING_CONTRADICTED,
    CLEARING_NOT_RETURNED,
    CLEARING_FILES_REFUSED,
    EMERGENCIES_OPENED,
    STAFF_ACTIONS_REWRITTEN,
    STAFF_ACTIONS_UNLINKED,
    TRANSACTIONS_STUCK,
    PAYMENTS_FAILED,
    OUTAGES_OPENED,
    OUTAGE_WARNINGS,
    OUTAGE_REPORTS_LATE,
    PROBES_FAILED,
    BILLS_UNBALANCED,
    BILLS_LATE,
    DAYS_NOT_SEALED,
    DOCUMENT_CERTIFICATE_ENDS,
    SMS_CAPPED,
)


def count(name: str) -> None:
    """Count one occurrence of `name` in this stage."""
    with single_metric(
        name=name,
        unit=MetricUnit.Count,
        value=1,
        namespace=NAMESPACE,
        default_dimensions={"stage": settings.get("STAGE")},
    ):
        pass
