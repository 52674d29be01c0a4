"""Codes and alerts leave from here."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.notifications import service
from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages

blueprint = Blueprint(__name__)

# What is sent to people goes one message an invocation: a slow gateway takes no time from another customer's.
_CODES: Any = {"Fn::GetAtt": ["CodesQueue", "Arn"]}
_ALERTS: Any = {"Fn::GetAtt": ["AlertsQueue", "Arn"]}
_REMINDERS: Any = {"Fn::GetAtt": ["FactorRemindersQueue", "Arn"]}
_NOTICES: Any = {"Fn::GetAtt": ["NoticeRunsQueue", "Arn"]}
_SECURITY_ALERTS: Any = {"Fn::GetAtt": ["SecurityAlertsQueue", "Arn"]}


@blueprint.on_sqs_message(queue_arn=_CODES, name="send_codes", batch_size=1)
def send_codes(event: SQSEvent) -> Answer:
    """Send each confirmation code asked for."""
    return handle_messages(event, _send_code)


@blueprint.on_sqs_message(queue_arn=_ALERTS, name="send_alerts", batch_size=1)
def send_alerts(event: SQSEvent) -> Answer:
    """Tell a movement to its account's owner, a recall to the other side, and what was not paid to who ordered it."""
    return handle_messages(event, _send_alert, backs_off="alerts")


@blueprint.on_sqs_message(queue_arn=_SECURITY_ALERTS, name="send_security_alerts", batch_size=1)
def send_security_alerts(event: SQSEvent) -> Answer:
    """Tell each security event to the owner of the log it is in."""
    return handle_messages(event, _send_security_alert, backs_off="security_alerts")


@blueprint.on_sqs_message(queue_arn=_REMINDERS, name="send_factor_reminders", batch_size=1)
def send_factor_reminders(event: SQSEvent) -> Answer:
    """Remind each owner of a token or certificate that ends, or has ended."""
    return handle_messages(event, _send_reminder, backs_off="factor_reminders")


@blueprint.on_sqs_message(queue_arn=_NOTICES, name="page_notices", batch_size=1)
def page_notices(event: SQSEvent) -> Answer:
    """Tell one page of customers of a maintenance notice."""
    return handle_messages(event, _tell_notice)


# What a code can be sent for. A type that is not here is poison.
_CODE_SENDERS = {
    "transfer.code_requested": service.send_code,
    "step_up.code_requested": service.send_step_up_code,
    "password.code_requested": service.send_password_code,
}


def _send_code(message: Message) -> None:
    if message.event_type == "certificate.code_requested":
        customer_id, factor_id = message.aggregate_id, message.data["factor_id"]
        done = service.send_download_code(customer_id, factor_id, int(message.data["attempt"]), clock.now())
        log.logger.info("download code sent" if done else "download code no longer wanted")
        return
    if message.event_type == "phone.changed":
        service.tell_phone_changed(message.aggregate_id)
        log.logger.info("change of phone told")
        return
    send = _CODE_SENDERS[message.event_type]
    sent = send(message.aggregate_id, int(message.data["attempt"]), clock.now())
    log.logger.info("code sent" if sent else "code no longer wanted")


def _send_alert(message: Message) -> None:
    if message.event_type == "recall.changed":
        told = service.tell_recall(message.aggregate_id, message.data["state"])
        log.logger.info("recall told" if told else "recall has changed since")
        return
    if message.event_type == "transfer.day_sum_passed":
        service.tell_day_sum(message.aggregate_id, message.data["business_date"], clock.now())
        log.logger.info("day's sum told")
        return
    if message.event_type == "transfer.returned":
        service.tell_returned(message.aggregate_id)
        log.logger.info("return told")
        return
    if message.event_type == "order.not_executed":
        service.tell_order(message.aggregate_id, int(message.data["revision"]))
        log.logger.info("order told")
        return
    if message.event_type == "bill_check.due":
        from chalicelib.notifications.commands.tell_bill_check import tell_bill_check  # noqa: PLC0415  # few are of bills

        data = message.data
        done = tell_bill_check(message.aggregate_id, data["kind"], data["number"], data["due_at"])
        log.logger.info("bill told" if done else "bill has changed since")
        return
    if message.event_type == "batch.ended":
        service.tell_batch(message.aggregate_id)
        log.logger.info("batch told")
        return
    service.tell_movement(
        message.aggregate_id,
        int(message.data["posting"]),
        message.data["business_date"],
        int(message.data["seq"]),
    )
    log.logger.info("movement told")


def _send_security_alert(message: Message) -> None:
    service.tell_security_event(message.aggregate_id, message.data["event"])
    log.logger.info("security event told")


def _send_reminder(message: Message) -> None:
    data = message.data
    told = service.tell_factor_due(message.aggregate_id, data["factor_id"], data["stage"], clock.now())
    log.logger.info("owner reminded" if told else "reminder no longer wanted")


def _tell_notice(message: Message) -> None:
    # A function of its own: who sends codes and alerts does without it.
    from chalicelib.notifications.commands import tell_notice  # noqa: PLC0415

    data, now = message.data, clock.now()
    told = tell_notice.tell_page(message.aggregate_id, data["occasion"], data["after"], message.correlation_id, now)
    log.logger.info("customers told of a notice" if told is not None else "notice no longer news")
