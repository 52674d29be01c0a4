"""DocumentsTable: a row a document, and one a customer and day that counts what was asked for.

Its stream is the outbox: a new row, or one that waits anew, asks for the file.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from chalicelib.documents.domain import FAILED, READY, WAITING, Document, as_read_rule, not_ready_rule, stored
from chalicelib.platform import aws, reading, settings, transactions, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s, to_raw
from chalicelib.platform.errors import NotFound, Refusal

KEY, LISTED = "document_id", "listed"
OF_CUSTOMER = reading.Listing("ByCustomer", "customer_id", LISTED, KEY)


def put_once(document: Document) -> Document | None:
    """None when it was written, else the one that has its id. Raises TryAgain, OutcomeUnknown."""
    row = {**stored(document), LISTED: f"{document.created_at}#{document.document_id}"}
    there = updates.put(ItemPut(settings.table("documents"), KEY, to_raw(row)))
    return Document.from_image(there) if there is not None else None


def get(document_id: str) -> Document | None:
    """A document as it is now, or None."""
    image = reading.item(settings.table("documents"), {KEY: s(document_id)})
    return Document.from_image(image) if image is not None else None


def count_asked(customer_id: str, business_date: str, most: int, expires_at: int) -> bool:
    """Count one more file that is asked for on a day; False when there were `most` already."""
    try:
        aws.dynamodb().update_item(
            TableName=settings.table("documents"),
            Key={KEY: s(f"day#{customer_id}#{business_date}")},
            UpdateExpression="ADD #asked :one SET #expires_at = :expires",
            ConditionExpression="attribute_not_exists(#asked) OR #asked < :most",
            ExpressionAttributeNames={"#asked": "asked", "#expires_at": "expires_at"},
            ExpressionAttributeValues={":one": n(1), ":most": n(most), ":expires": n(expires_at)},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def ask_again(document: Document, at: str, expires_at: int) -> bool:
    """Have it made again, to go at another time unless that is 0; False when another request was quicker.

    Raises TryAgain, OutcomeUnknown.
    """
    update = _update(document.document_id).require(as_read_rule(document.asked_at)).remove("code", "zh", "en")
    update.set("#state = :waiting, #asked_at = :at, #tries = :none", waiting=s(WAITING), at=s(at), none=n(0))
    if expires_at:
        update.set("#expires_at = :expires", expires=n(expires_at))
    return transactions.commit([update])


def note_try(document_id: str, tries: int, ends_by: Refusal | None, at: str) -> bool:
    """Count a try before it is made; one that is the last is noted as failed by `ends_by`, until it is not.

    False when the document has become ready. Raises TryAgain, OutcomeUnknown.
    """
    update = _update(document_id).require(not_ready_rule()).set("#tries = :tries", tries=n(tries))
    return transactions.commit([update if ends_by is None else _failed(update, ends_by, at)])


def note_failed(document_id: str, refusal: Refusal, at: str) -> bool:
    """Note why it cannot be made; False when it has become ready. Raises TryAgain, OutcomeUnknown."""
    return transactions.commit([_failed(_update(document_id).require(not_ready_rule()), refusal, at)])


def note_ready(document_id: str, size_bytes: int, sha256: str, at: str) -> bool:
    """Note the file, once: False when it is noted already. Raises TryAgain, OutcomeUnknown."""
    update = _update(document_id).require(not_ready_rule()).remove("code", "zh", "en")
    update.set(
        "#state = :done, #size_bytes = :size, #sha256 = :sha256, #ended_at = :at",
        done=s(READY),
        size=n(size_bytes),
        sha256=s(sha256),
        at=s(at),
    )
    return transactions.commit([update])


def page(customer_id: str, limit: int, cursor: str | None) -> tuple[list[Document], str | None]:
    """At most `limit` of a customer's documents, newest first; the next page's cursor, None at the end.

    One that was just asked for, or has just ended, may be missing or unfinished there for a moment.
    """
    documents, following = OF_CUSTOMER.page(settings.table("documents"), customer_id, limit, cursor)
    return [Document.from_image(image) for image in documents], following


def _failed(update: ItemUpdate, refusal: Refusal, at: str) -> ItemUpdate:
    return update.set(
        "#state = :failed, #code = :code, #zh = :zh, #en = :en, #ended_at = :at",
        failed=s(FAILED),
        code=s(refusal.code),
        zh=s(refusal.text("zh")),
        en=s(refusal.text("en")),
        at=s(at),
    )


def _update(document_id: str) -> ItemUpdate:
    return ItemUpdate(settings.table("documents"), {KEY: s(document_id)}, missing=NotFound)
