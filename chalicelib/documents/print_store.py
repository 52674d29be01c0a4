"""ReceiptPrintsTable: a row a print, under the receipt's entry, and one that says which print a document has of it.

Rows are added and never changed.
"""

from __future__ import annotations

from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import ItemPut, s, to_raw

# As many digits as a row's place has, so that the order of text is that of numbers.
_DIGITS = 6


def number_of(document_id: str, entry_id: str) -> int | None:
    """Which print of an entry's receipt a document holds, or None while it has none."""
    image = reading.item(settings.table("receipt_prints"), {"book": s(_document(document_id)), "line": s(entry_id)})
    return int(image["number"]) if image is not None else None


def newest(entry_id: str) -> int:
    """How often an entry's receipt was printed."""
    answer = aws.dynamodb().query(
        TableName=settings.table("receipt_prints"),
        KeyConditionExpression="#book = :book",
        ExpressionAttributeNames={"#book": "book"},
        ExpressionAttributeValues={":book": s(_receipt(entry_id))},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return int(answer["Items"][0]["line"]["S"]) if answer["Items"] else 0


def puts_of(entry_id: str, number: int, document_id: str, customer_id: str, at: str) -> list[ItemPut]:
    """One print more: who has it when by which document. They fail together where the number or the document's own
    place is taken.
    """
    facts = {"number": number, "document_id": document_id, "customer_id": customer_id, "at": at}
    return [
        _put(_receipt(entry_id), f"{number:0{_DIGITS}d}", facts),
        _put(_document(document_id), entry_id, {"number": number, "at": at}),
    ]


def _put(book: str, line: str, facts: dict[str, object]) -> ItemPut:
    return ItemPut(settings.table("receipt_prints"), "book", to_raw({"book": book, "line": line, **facts}))


def _receipt(entry_id: str) -> str:
    return f"receipt#{entry_id}"


def _document(document_id: str) -> str:
    return f"document#{document_id}"
