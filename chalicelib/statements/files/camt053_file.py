"""ISO 20022 camt.053, the bank's statement to its customer, by the published schema of MESSAGE."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO

from lxml import etree

from chalicelib.platform import clock, ids
from chalicelib.platform.money import CURRENCY, decimal_text
from chalicelib.platform.xml import Amount, Part, fill, made
from chalicelib.statements.domain import Figures
from chalicelib.statements.paper import Row, Rows, Statement

MESSAGE = "camt.053.001.13"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{MESSAGE}"
_CREDIT, _DEBIT = "CRDT", "DBIT"
_CLEARING_SYSTEM = "CNAPS"
# Family and sub-family of the domain of payments, where a line raises the balance and where it lowers it.
_CODES = {
    "principal": (("RCDT", "DMCT"), ("ICDT", "DMCT")),
    "fee": (("MCOP", "FEES"), ("MDOP", "FEES")),
    "cash": (("CNTR", "CDPT"), ("CNTR", "CWDL")),
}
_OTHER = (("MCOP", "OTHR"), ("MDOP", "OTHR"))
_USTRD = 140


def write(statement: Statement, rows: Rows, sink: BinaryIO) -> None:
    """The message, entry by entry."""
    made_at, number = clock.to_text(statement.made_at), _id_of(statement)
    with etree.xmlfile(sink, encoding="UTF-8") as file:
        file.write_declaration()
        with file.element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE}), file.element(_name("BkToCstmrStmt")):
            file.write(made("GrpHdr", {"MsgId": number, "CreDtTm": made_at}, NAMESPACE))
            with file.element(_name("Stmt")):
                for element in _head(statement, number, made_at):
                    file.write(element)
                for row in rows:
                    file.write(made("Ntry", _entry(row, statement), NAMESPACE))


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _id_of(statement: Statement) -> str:
    """Tells the account's statements apart; the same for the same one, made at the same moment."""
    facts = (
        statement.account_id,
        str(statement.first_date),
        str(statement.last_date),
        clock.to_text(statement.made_at),
    )
    return ids.derived_id("camt.053", *facts)


def _head(statement: Statement, number: str, made_at: str) -> list[Any]:
    member = {"ClrSysId": {"Cd": _CLEARING_SYSTEM}, "MmbId": statement.bank_code}
    period = {"FrDtTm": statement.begins_at.isoformat(), "ToDtTm": _second(statement.ends_at)}
    account = {
        "Id": {"Othr": {"Id": statement.account_id}},
        "Ccy": CURRENCY,
        "Ownr": {"Nm": statement.holder},
        "Svcr": {"FinInstnId": {"ClrSysMmbId": member, "Nm": statement.bank}, "BrnchId": {"Nm": statement.branch}},
    }
    ends: dict[str, Part] = (
        {"Dt": statement.last_date.isoformat()} if statement.is_over else {"DtTm": _second(statement.made_at)}
    )
    balances = [
        _balance("OPBD", statement.opening_fen, {"Dt": statement.first_date.isoformat()}),
        # What is not over yet has no closing balance, only one meanwhile.
        _balance("CLBD" if statement.is_over else "ITBD", statement.closing_fen, ends),
    ]
    parts: dict[str, Part] = {
        "Id": number,
        "CreDtTm": made_at,
        "FrToDt": period,
        "Acct": account,
        "Bal": balances,
        "TxsSummry": _sums(statement.figures) if statement.figures is not None else None,
    }
    holder = etree.Element(_name("Stmt"), nsmap={None: NAMESPACE})
    fill(holder, parts, NAMESPACE)
    return list(holder)


def _second(moment: dt.datetime) -> str:
    return moment.astimezone(clock.SHANGHAI).isoformat(timespec="seconds")


def _balance(code: str, amount_fen: int, date: dict[str, Part]) -> dict[str, Part]:
    return {
        "Tp": {"CdOrPrtry": {"Cd": code}},
        "Amt": Amount(decimal_text(abs(amount_fen))),
        "CdtDbtInd": _DEBIT if amount_fen < 0 else _CREDIT,
        "Dt": date,
    }


def _sums(figures: Figures) -> dict[str, Part]:
    return {
        "TtlCdtNtries": {"NbOfNtries": str(figures.in_count), "Sum": decimal_text(figures.in_fen)},
        "TtlDbtNtries": {"NbOfNtries": str(figures.out_count), "Sum": decimal_text(figures.out_fen)},
    }


def _entry(row: Row, statement: Statement) -> dict[str, Part]:
    is_debit = row.amount_fen < 0
    family, sub_family = _CODES.get(row.kind, _OTHER)[is_debit]
    return {
        "NtryRef": str(row.seq),
        "Amt": Amount(decimal_text(abs(row.amount_fen))),
        "CdtDbtInd": _DEBIT if is_debit else _CREDIT,
        "Sts": {"Cd": "BOOK"},
        "BookgDt": {"Dt": row.booked_on.isoformat()},
        "ValDt": {"Dt": row.valued_on.isoformat()},
        "AcctSvcrRef": row.entry_id,
        "BkTxCd": {"Domn": {"Cd": "PMNT", "Fmly": {"Cd": family, "SubFmlyCd": sub_family}}},
        "NtryDtls": {"TxDtls": _details(row, is_debit)},
        "AddtlNtryInf": statement.say(*row.words),
    }


def _details(row: Row, is_debit: bool) -> dict[str, Part]:
    receipt = {"Tp": "RECEIPT", "Ref": row.receipt_number} if row.receipt_number else None
    side = "Cdtr" if is_debit else "Dbtr"
    parties = {
        side: {"Pty": {"Nm": row.counterparty_name}},
        f"{side}Acct": {"Id": {"Othr": {"Id": row.counterparty_account}}} if row.counterparty_account else None,
    }
    said = [row.purpose[start : start + _USTRD] for start in range(0, len(row.purpose), _USTRD)]
    return {
        "Refs": {"AcctSvcrRef": row.entry_id, "Prtry": receipt},
        "RltdPties": parties if row.counterparty_name else None,
        "RmtInf": {"Ustrd": said} if said else None,
        "RltdDts": {"TxDtTm": _second(row.at)},
    }
