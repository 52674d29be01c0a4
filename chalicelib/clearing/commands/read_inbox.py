"""Read the files that clearing has answered with: each end once, and what is no answer of ours is kept aside."""

from __future__ import annotations

import datetime as dt

from botocore.exceptions import ClientError

from chalicelib.clearing import exchange, file_store, messages, networks, store
from chalicelib.clearing.commands.take_answer import note_contradiction, take_answer
from chalicelib.clearing.domain import DUE, ENDED, Answer, Order, Reported
from chalicelib.clearing.errors import AnswerRefused
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, log, metrics
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import OutcomeUnknown, Refusal, Retryable, TryAgain

# Files that a run looks at, and answers after which it opens no other: some 150 s of work at most.
MAX_FILES = 200
MAX_ANSWERS = 500


def read_inbox(now: dt.datetime) -> int:
    """Take every status report of the inbox; how many payments came to their end.

    A file goes when all that it says is taken or kept, and to those that were refused when something of it is not:
    what else it says is taken all the same. What is busy leaves its file for the next run; so does what AWS refuses,
    which rings. Two runs at a time, and a crash anywhere, do nothing twice.
    """
    ended = answers = 0
    for file in file_store.files(file_store.INBOX, MAX_FILES):
        if answers >= MAX_ANSWERS:
            break
        try:
            data, said = _open(file)
            answers += len(said)
            ended += _take_file(file, data, said, now)
        except AnswerRefused as refused:
            _set_aside(file, [refused.reason], now)
        except ClientError as error:
            # One that was encrypted with a key of its sender's cannot even be moved. It holds back no other.
            metrics.count(metrics.CLEARING_FILES_REFUSED)
            log.logger.error("a file cannot be read", extra={"code": error.response["Error"]["Code"]})
    return ended


def _open(file: file_store.File) -> tuple[bytes, list[Reported]]:
    if file.size_bytes > exchange.MAX_BYTES:
        raise AnswerRefused("too_large")
    data = file_store.read(file.key)
    # One that another run has taken meanwhile says nothing any more.
    return (b"", []) if data is None else (data, messages.read_report(data))


def _take_file(file: file_store.File, data: bytes, said: list[Reported], now: dt.datetime) -> int:
    ended, reasons, busy = 0, [], False
    for reported in said:
        try:
            ended += _take(reported, data, now)
        except AnswerRefused as refused:
            reasons.append(refused.reason)
        except (TryAgain, OutcomeUnknown, Retryable):
            busy = True
        except Refusal as refusal:
            # The answer is kept: it is taken when the payment is asked for again.
            metrics.count(metrics.CLEARING_NOT_RETURNED)
            log.logger.error("a payment cannot be ended", extra={"code": refusal.code})
    if busy:
        log.logger.info("a file is left for the next run", extra={"code": file.digest})
    elif reasons:
        _set_aside(file, reasons, now)
    else:
        file_store.remove(file)
    return ended


def _take(reported: Reported, data: bytes, now: dt.datetime) -> bool:
    """Whether this brought the payment's end. What is said is kept before it is applied."""
    image, payment = _payment(reported.entry_id)
    reported.require(Order.from_image(image))
    answer, entry_id = reported.answer(), image["entry_id"]
    earlier = _earlier(payment, now)
    if answer is None:
        exchange.keep(entry_id, data, is_end=False)
        return False
    if earlier not in (None, answer):
        note_contradiction(payment["business_date"], entry_id, answer)
        raise AnswerRefused("contradicts")
    exchange.keep(entry_id, data, is_end=earlier is None)
    return take_answer(entry_id, answer, now)


def _payment(entry_id: str) -> tuple[Image, Image]:
    """The entry and the payment that was sent by files; raises AnswerRefused where there is none."""
    image = ledger.read_entry(entry_id)
    payment = store.read(image["business_date"], entry_id) if image and "business_date" in image else None
    if image is None or payment is None or payment["state"] == DUE or payment.get("network") not in exchange.SENT_AS:
        raise AnswerRefused("unknown")
    return image, payment


def _earlier(payment: Image, now: dt.datetime) -> Answer | None:
    """The end that stands: applied, or told by a file and not applied yet."""
    if payment["state"] in ENDED:
        return Answer(payment["state"], payment["reason"])
    network = networks.network(now, payment["network"])
    return network.enquire(payment["entry_id"], clock.from_text(payment["sent_at"]), now)


def _set_aside(file: file_store.File, reasons: list[str], now: dt.datetime) -> None:
    if not file_store.set_aside(file, clock.business_date(now), reasons[0]):
        return
    metrics.count(metrics.CLEARING_FILES_REFUSED)
    log.logger.error("a file of clearing is set aside", extra={"code": ",".join(sorted(set(reasons)))})
