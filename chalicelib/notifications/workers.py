"""Codes and alerts leave from here."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.notifications import service
from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages

blueprint = Blueprint(__name__)

_CODES: Any = {"Fn::GetAtt": ["CodesQueue", "Arn"]}
_ALERTS: Any = {"Fn::GetAtt": ["AlertsQueue", "Arn"]}


@blueprint.on_sqs_message(queue_arn=_CODES, name="send_codes", batch_size=1)
def send_codes(event: SQSEvent) -> Answer:
    """Send each confirmation code asked for."""
    return handle_messages(event, _send_code)


@blueprint.on_sqs_message(queue_arn=_ALERTS, name="send_alerts", batch_size=10)
def send_alerts(event: SQSEvent) -> Answer:
    """Tell each movement to its account's owner."""
    return handle_messages(event, _send_alert)


def _send_code(message: Message) -> None:
    sent = service.send_code(message.aggregate_id, int(message.data["attempt"]), clock.now())
    log.logger.info("code sent" if sent else "code no longer wanted")


def _send_alert(message: Message) -> None:
    service.tell_movement(
        message.aggregate_id,
        int(message.data["posting"]),
        message.data["business_date"],
        int(message.data["seq"]),
    )
    log.logger.info("movement told")
