"""OFX: read back by ofxtools, which shares nothing with what writes it."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from ofxtools.Parser import OFXTree

from chalicelib.platform.money import decimal_text
from chalicelib.statements.files.ofx_file import write
from tests.unit.statements.papers import CASES, RARE_SHOWN, RECEIPT, Listed, statement, written


def read_back(data: bytes) -> Any:
    """The statement that the file holds."""
    tree = OFXTree()
    tree.parse(io.BytesIO(data))
    (found,) = tree.convert().statements
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_read_back_leads_from_opening_to_closing(case: str, language: str) -> None:
    listed = Listed(*CASES[case])
    found = read_back(written(write, statement(listed, language=language), listed))
    (opening,) = found.ballist
    amounts = [transaction.trnamt for transaction in found.transactions]
    assert amounts == [Decimal(decimal_text(row.amount_fen)) for row in listed.rows]
    assert opening.value + sum(amounts) == found.balance.balamt == Decimal(decimal_text(listed.figures.closing_fen))
    assert len({transaction.fitid for transaction in found.transactions}) == len(listed.rows)


def test_a_transaction_says_what_it_is() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    found = read_back(written(write, statement(listed), listed))
    assert (found.curdef, found.account.acctid) == ("CNY", "9000010000000000017")
    assert [transaction.trntype for transaction in found.transactions] == ["DEP", "DEBIT", "FEE", "CASH", "CREDIT"]
    out = found.transactions[1]
    assert (out.name, out.memo, out.refnum) == ("*红", "转出 900001*********0025 房租", RECEIPT)
    assert out.dtposted.isoformat() == "2026-11-21T02:00:00+00:00"


def test_characters_stay_or_leave_a_sign_and_long_texts_fit() -> None:
    listed = Listed(*CASES["rare"])
    rare, long = read_back(written(write, statement(listed), listed)).transactions
    assert RARE_SHOWN in rare.memo
    assert len(long.memo) == 255


def test_midnight_is_shanghais() -> None:
    listed = Listed(*CASES["midnight"])
    found = read_back(written(write, statement(listed), listed)).transactions
    assert (found.dtstart.isoformat(), found.dtend.isoformat()) == (
        "2026-10-31T16:00:00+00:00",
        "2026-11-30T15:59:59+00:00",
    )
