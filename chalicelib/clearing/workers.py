"""Payments to other banks go out and come to their end from here."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate, SQSEvent

from chalicelib.clearing.commands.ask_open import ask_open
from chalicelib.clearing.commands.read_inbox import read_inbox
from chalicelib.clearing.commands.send_payment import send_payment
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import Answer as Answered
from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages

blueprint = Blueprint(__name__)

ASK_EVERY_MIN = 5

_QUEUE: Any = {"Fn::GetAtt": ["ClearingQueue", "Arn"]}


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="clear_payments", batch_size=10)
def clear_payments(event: SQSEvent) -> Answer:
    """Send each payment told, once, and take each answer, once, however often they are told."""
    return handle_messages(event, _clear)


@blueprint.schedule(Rate(ASK_EVERY_MIN, unit=Rate.MINUTES), name="ask_clearing")
def ask_clearing(event: CloudWatchEvent) -> dict[str, int]:
    """Read the files that came, and ask for what has no answer; two runs at a time end nothing twice."""
    log.begin(str(event.to_dict()["id"]))
    ended = read_inbox(clock.now()) + ask_open(clock.now())
    log.logger.info("clearing asked", extra={"count": ended})
    return {"ended": ended}


def _clear(message: Message) -> None:
    if message.event_type == "clearing.due":
        send_payment(message.aggregate_id, clock.now())
    elif message.event_type == "clearing.answered":
        take_answer(message.aggregate_id, Answered.from_data(message.data), clock.now())
    else:
        raise ValueError("a message that is none of clearing's")
