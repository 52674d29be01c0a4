"""OFX 2.2, as bookkeeping programs import it: a statement response with its transactions and balances."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO

from lxml import etree

from chalicelib.platform import clock
from chalicelib.platform.money import CURRENCY, decimal_text
from chalicelib.platform.xml import Part, made
from chalicelib.statements.paper import Row, Rows, Statement

_HEADER = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    b'<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
_FINE: dict[str, Part] = {"CODE": "0", "SEVERITY": "INFO"}
_KINDS = {"fee": ("CREDIT", "FEE"), "cash": ("DEP", "CASH"), "principal": ("CREDIT", "DEBIT")}
# The longest that the format takes of each.
_BANK, _NAME, _MEMO = 9, 32, 255
# No path of a request: a file that was asked for, not an answer.
_TRANSACTION_ID = "0"


def write(statement: Statement, rows: Rows, sink: BinaryIO) -> None:
    """The file: an account's transactions, the balance after them, and in the list of balances the one before."""
    sink.write(_HEADER)
    with etree.xmlfile(sink, encoding="UTF-8") as file, file.element("OFX"):
        language = statement.say("ZHO", "ENG")
        sign_on = {"STATUS": _FINE, "DTSERVER": _time(statement.made_at), "LANGUAGE": language}
        file.write(made("SIGNONMSGSRSV1", {"SONRS": sign_on}))
        with file.element("BANKMSGSRSV1"), file.element("STMTTRNRS"):
            file.write(_text("TRNUID", _TRANSACTION_ID), made("STATUS", _FINE))
            with file.element("STMTRS"):
                _write_statement(statement, rows, file)


def _write_statement(statement: Statement, rows: Rows, file: Any) -> None:
    account = {
        "BANKID": statement.bank_code[-_BANK:],
        "BRANCHID": statement.bank_code,
        "ACCTID": statement.account_id,
        "ACCTTYPE": "SAVINGS",
    }
    file.write(_text("CURDEF", CURRENCY), made("BANKACCTFROM", account))
    with file.element("BANKTRANLIST"):
        file.write(_text("DTSTART", _time(statement.begins_at)), _text("DTEND", _time(statement.ends_at)))
        for row in rows:
            file.write(_transaction(row, statement))
    closing = {"BALAMT": decimal_text(statement.closing_fen), "DTASOF": _time(statement.ends_at)}
    opening = {
        "NAME": "OPENING",
        "DESC": statement.say("期初余额", "Opening balance"),
        "BALTYPE": "NUMBER",
        "VALUE": decimal_text(statement.opening_fen),
        "DTASOF": _time(statement.begins_at),
    }
    file.write(made("LEDGERBAL", closing), made("BALLIST", {"BAL": opening}))


def _transaction(row: Row, statement: Statement) -> Any:
    words = statement.say(*row.words)
    parts: dict[str, Part] = {
        "TRNTYPE": _KINDS.get(row.kind, ("CREDIT", "DEBIT"))[row.amount_fen < 0],
        "DTPOSTED": _time(row.at),
        "TRNAMT": decimal_text(row.amount_fen),
        # An entry may have several lines on one account.
        "FITID": f"{row.entry_id}-{row.seq}",
        "REFNUM": row.receipt_number or None,
        "NAME": (row.counterparty_name or words)[:_NAME],
        "MEMO": " ".join(filter(None, (words, row.counterparty_account, row.purpose)))[:_MEMO],
    }
    return made("STMTTRN", parts)


def _text(name: str, text: str) -> Any:
    element = etree.Element(name)
    element.text = text
    return element


def _time(moment: dt.datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).strftime("%Y%m%d%H%M%S.000[+8:CST]")
