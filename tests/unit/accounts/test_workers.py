"""What the accounts' stream tells: lines by their posting, never by account number."""

from __future__ import annotations

import json

import pytest

from chalicelib.accounts.domain import lines_of
from chalicelib.accounts.workers import _counterparty, _message
from chalicelib.ledger.service import postings_of
from chalicelib.transfers.posting import entry_of
from tests.event_schemas import check
from tests.unit.samples import PAYEE, PAYER, account_change, instruction, instruction_image

ENTRY_IMAGE = instruction_image(fee_fen=200) | {"postings": postings_of(entry_of(instruction(fee_fen=200)))}


@pytest.mark.parametrize(
    ("account_id", "legs", "kinds", "postings"),
    [(PAYER, [-12_345, -200], ["principal", "fee"], ["0", "2"]), (PAYEE, [12_345], ["principal"], ["1"])],
    ids=["payer", "payee"],
)
def test_each_line_is_told_by_its_posting(
    account_id: str, legs: list[int], kinds: list[str], postings: list[str]
) -> None:
    # given the lines of one account
    lines = lines_of(*account_change(legs, kinds=kinds, account_id=account_id))
    messages = [_message(ENTRY_IMAGE, line) for line in lines]
    # then each message fits its schema and names the posting, but no account
    told = [check(message.to_json()) for message in messages]
    assert [message["data"]["posting"] for message in told] == postings
    assert len({message["event_id"] for message in told}) == len(told)
    text = json.dumps(told, ensure_ascii=False)
    assert not any(secret in text for secret in (PAYER, PAYEE, "赵小明", "钱红", "12345"))


@pytest.mark.parametrize(
    ("legs", "kinds", "kind", "counterparty"),
    [
        ([-12_345], ["principal"], "transfer", (PAYEE, "钱红")),
        ([12_345], ["principal"], "transfer", (PAYER, "赵小明")),
        ([-200], ["fee"], "transfer", None),
        ([500], ["cash"], "cash_deposit", None),
    ],
    ids=["paid", "received", "fee", "cash"],
)
def test_the_other_side_of_a_line(
    legs: list[int], kinds: list[str], kind: str, counterparty: tuple[str, str] | None
) -> None:
    (line,) = lines_of(*account_change(legs, kinds=kinds))
    assert _counterparty({**ENTRY_IMAGE, "kind": kind}, line) == counterparty
