"""camt.053: valid by the schema as ISO publishes it, and its balances follow from its entries."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from chalicelib.clearing import schemas
from chalicelib.platform.money import decimal_text
from chalicelib.statements.files.camt053_file import MESSAGE, NAMESPACE, write
from tests.unit.statements.papers import CASES, RARE_SHOWN, RECEIPT, Listed, bill, statement, written

# What most banks and programs exchange: another edition, in which nothing that is written here differs.
COMMON = "camt.053.001.08"


@cache
def published() -> Any:
    """The schema as ISO publishes it, in a package that the bank does not run."""
    path = Path(str(distribution("openpurse").locate_file(f"openpurse/schemas/{MESSAGE}.xsd")))
    return etree.XMLSchema(etree.parse(path))


def found(message: bytes, path: str) -> list[str]:
    """The texts of the elements at a path."""
    return [element.text for element in etree.fromstring(message).iterfind(f".//{path}", {None: NAMESPACE})]


def signed(message: bytes, path: str) -> list[Decimal]:
    """Amounts, with the sign that stands beside them."""
    amounts, signs = found(message, f"{path}/Amt"), found(message, f"{path}/CdtDbtInd")
    return [Decimal(a) * {"CRDT": 1, "DBIT": -1}[sign] for a, sign in zip(amounts, signs, strict=True)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("is_bill", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_it_is_valid_and_opening_and_entries_lead_to_closing(case: str, is_bill: bool, language: str) -> None:
    listed = Listed(*CASES[case])
    said = (bill if is_bill else statement)(listed, language=language)
    message = written(write, said, listed)
    published().assertValid(etree.fromstring(message))
    schemas.schema_of(COMMON).assertValid(etree.fromstring(message.replace(MESSAGE.encode(), COMMON.encode())))
    opening, closing = signed(message, "Bal")
    entries = signed(message, "Ntry")
    assert entries == [Decimal(decimal_text(row.amount_fen)) for row in listed.rows]
    assert opening + sum(entries) == closing == Decimal(decimal_text(listed.figures.closing_fen))
    assert found(message, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "CLBD"]
    assert found(message, "TxsSummry/TtlDbtNtries/Sum") == [decimal_text(listed.figures.out_fen)] * is_bill


def test_an_entry_says_what_it_is() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    message = written(write, statement(listed), listed)
    assert found(message, "Ntry/BkTxCd/Domn/Fmly/SubFmlyCd") == ["CDPT", "DMCT", "FEES", "CWDL", "FEES"]
    assert found(message, "TxDtls/RltdPties/Cdtr/Pty/Nm") == ["*红"]
    assert found(message, "TxDtls/RltdPties/CdtrAcct/Id/Othr/Id") == ["900001*********0025"]
    assert found(message, "TxDtls/RmtInf/Ustrd") == ["房租", "房租"]
    assert found(message, "TxDtls/Refs/Prtry/Ref") == [RECEIPT] * 3
    assert found(message, "TxDtls/RltdDts/TxDtTm") == ["2026-11-21T10:00:00+08:00"] * 5
    assert found(message, "Acct/Ownr/Nm") == ["赵小明"]


def test_a_period_that_is_not_over_has_a_balance_meanwhile() -> None:
    listed = Listed(*CASES["one line"])
    message = written(write, statement(listed, is_over=False), listed)
    published().assertValid(etree.fromstring(message))
    assert found(message, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "ITBD"]
    assert found(message, "FrToDt/ToDtTm") == ["2026-12-01T09:30:00+08:00"]


def test_characters_stay_or_leave_a_sign_and_long_texts_are_whole() -> None:
    listed = Listed(*CASES["rare"])
    rare, *long = found(written(write, statement(listed), listed), "TxDtls/RmtInf/Ustrd")
    assert rare == RARE_SHOWN
    assert "".join(long) == "长" * 300


def test_midnight_is_shanghais() -> None:
    listed = Listed(*CASES["midnight"])
    message = written(write, statement(listed), listed)
    assert found(message, "FrToDt/FrDtTm") + found(message, "FrToDt/ToDtTm") == [
        "2026-11-01T00:00:00+08:00",
        "2026-11-30T23:59:59+08:00",
    ]
    assert found(message, "Ntry/BookgDt/Dt") == ["2026-11-01", "2026-11-30"]
