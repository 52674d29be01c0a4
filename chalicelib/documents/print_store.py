"""ReceiptPrintsTable: a row a print, under its paper, and one that says which print a document has of it.

Rows are added and never changed.
"""

from __future__ import annotations

from chalicelib.documents.domain import Paper
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import ItemPut, s, to_raw

# As many digits as a row's place has, so that the order of text is that of numbers.
_DIGITS = 6


def number_of(document_id: str, paper: Paper) -> int | None:
    """Which print of a paper a document holds, or None while it has none."""
    image = reading.item(settings.table("receipt_prints"), {"book": s(_document(document_id)), "line": s(paper.line)})
    return int(image["number"]) if image is not None else None


def newest(paper: Paper) -> int:
    """How often a paper was printed."""
    answer = aws.dynamodb().query(
        TableName=settings.table("receipt_prints"),
        KeyConditionExpression="#book = :book",
        ExpressionAttributeNames={"#book": "book"},
        ExpressionAttributeValues={":book": s(paper.book)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return int(answer["Items"][0]["line"]["S"]) if answer["Items"] else 0


def puts_of(paper: Paper, number: int, document_id: str, customer_id: str, at: str) -> list[ItemPut]:
    """One print more: who has it when by which document. They fail together where the number or the document's own
    place is taken.
    """
    facts = {"number": number, "document_id": document_id, "customer_id": customer_id, "at": at}
    return [
        _put(paper.book, f"{number:0{_DIGITS}d}", facts),
        _put(_document(document_id), paper.line, {"number": number, "at": at}),
    ]


def _put(book: str, line: str, facts: dict[str, object]) -> ItemPut:
    return ItemPut(settings.table("receipt_prints"), "book", to_raw({"book": book, "line": line, **facts}))


def _document(document_id: str) -> str:
    return f"document#{document_id}"
