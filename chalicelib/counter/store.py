"""TillsTable: tills by business date, and each branch's vault. CounterVouchersTable: only ever added to.

A voucher's number is its key, and its put does not pass where there is one: so a branch's row of a day has no gap and
no number twice, without a counter. Its prints, and the references that found it, are rows beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.counter.domain import Till
from chalicelib.counter.errors import TillNotOpen, VaultShort
from chalicelib.counter.vouchers import Number, Voucher, VoucherDraft
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import Refusal

VAULT = "vault"
_PLACES = 6
PAGE = 200


def till_put(till: Till) -> ItemPut:
    """A till as it is opened: one a teller and business date."""
    item = {"part": till.business_date, "holder": till.teller_id, **asdict(till)}
    return ItemPut(settings.table("tills"), "part", to_raw(item))


def till_update(business_date: str, teller_id: str, missing: type[Refusal] = TillNotOpen) -> ItemUpdate:
    """A conditional update of one till."""
    key = {"part": s(business_date), "holder": s(teller_id)}
    return ItemUpdate(settings.table("tills"), key, missing=missing)


def vault_update(branch_id: str) -> ItemUpdate:
    """A conditional update of a branch's vault; one that never held cash is told as one without enough."""
    return ItemUpdate(settings.table("tills"), {"part": s(VAULT), "holder": s(branch_id)}, missing=VaultShort)


def open_vault(branch_id: str) -> None:
    """Make a branch's vault on its first use, empty."""
    item = {"part": VAULT, "holder": branch_id, "cash_fen": 0}
    try:
        aws.dynamodb().put_item(**ItemPut(settings.table("tills"), "part", to_raw(item)).parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return


def vault_fen(branch_id: str) -> int:
    """What should be in a branch's vault now."""
    image = _read(VAULT, branch_id)
    return int(image["cash_fen"]) if image else 0


def till(business_date: str, teller_id: str) -> Till | None:
    """A till as it is now, or None."""
    image = _read(business_date, teller_id)
    return Till.from_image(image) if image else None


def _read(part: str, holder: str) -> dict[str, Any] | None:
    return reading.item(settings.table("tills"), {"part": s(part), "holder": s(holder)})


def tills_of(business_date: str) -> Iterator[Till]:
    """All tills of a business date, a page in memory at a time."""
    found = reading.rows(
        aws.dynamodb().query,
        TableName=settings.table("tills"),
        KeyConditionExpression="#part = :part",
        ExpressionAttributeNames={"#part": "part"},
        ExpressionAttributeValues={":part": s(business_date)},
        ConsistentRead=True,
        Limit=PAGE,
    )
    return map(Till.from_image, found)


def next_number(branch_id: str, business_date: str) -> Number:
    """The number after the newest of the branch's day, as it is now."""
    return Number(branch_id, business_date, _newest(_day(branch_id, business_date)) + 1)


def _newest(book: str) -> int:
    answer = aws.dynamodb().query(
        TableName=settings.table("counter_vouchers"),
        KeyConditionExpression="#book = :book",
        ExpressionAttributeNames={"#book": "book"},
        ExpressionAttributeValues={":book": s(book)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return int(answer["Items"][0]["line"]["S"]) if answer["Items"] else 0


def voucher_put(number: Number, draft: VoucherDraft) -> ItemPut:
    """A voucher under its number; the write fails when another took that."""
    voucher = Voucher(
        number=str(number),
        kind=draft.kind.code,
        branch_id=number.branch_id,
        business_date=number.business_date,
        teller_id=draft.teller_id,
        at=draft.at,
        facts=dict(draft.facts),
        amount_fen=draft.amount_fen,
        checker_id=draft.checker_id,
        entry_id=draft.entry_id,
        customer_id=draft.customer_id,
        request=draft.request,
    )
    return _put(_day(number.branch_id, number.business_date), number.place, asdict(voucher))


def reference_put(branch_id: str, reference: str, number: Number) -> ItemPut:
    """Which voucher an operation has that has no write of its own to carry it; one a branch and reference."""
    item = {"book": f"reference#{branch_id}", "line": reference, "number": str(number)}
    return ItemPut(settings.table("counter_vouchers"), "book", to_raw(item))


def number_of(branch_id: str, reference: str) -> str | None:
    """The number of the voucher of an operation, or None."""
    image = _voucher_row(f"reference#{branch_id}", reference)
    return str(image["number"]) if image else None


def voucher(number: Number) -> Voucher | None:
    """A voucher, or None."""
    image = _voucher_row(_day(number.branch_id, number.business_date), _line(number.place))
    return Voucher.from_image(image) if image else None


def prints_of(number: str) -> int:
    """How often a voucher was printed."""
    return _newest(f"print#{number}")


def print_put(number: str, place: int, facts: Mapping[str, str]) -> ItemPut:
    """One more print of a voucher: who, when and why; the write fails when another was faster."""
    return _put(f"print#{number}", place, facts)


def _put(book: str, place: int, facts: Mapping[str, Any]) -> ItemPut:
    return ItemPut(settings.table("counter_vouchers"), "book", to_raw({"book": book, "line": _line(place), **facts}))


def _voucher_row(book: str, line: str) -> dict[str, Any] | None:
    return reading.item(settings.table("counter_vouchers"), {"book": s(book), "line": s(line)})


def _day(branch_id: str, business_date: str) -> str:
    return f"{branch_id}#{business_date}"


def _line(place: int) -> str:
    return f"{place:0{_PLACES}d}"
