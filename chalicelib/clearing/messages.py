"""The messages of ISO 20022 that are exchanged: an order as the bytes of a file, and what a status report says. Pure.

Each is valid by the published schema, what is written as well as what is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from chalicelib.clearing import schemas
from chalicelib.clearing.domain import OWN_BANK, OWN_NAME, SPONSOR_ACCOUNT, SPONSOR_BANK, Order, Reported, meant_by
from chalicelib.clearing.errors import AnswerRefused
from chalicelib.platform import clock
from chalicelib.platform.money import decimal_text
from chalicelib.platform.xml import Amount, Part, fill

# The code of China's clearing system among ISO 20022's, for members' numbers.
_CLEARING_SYSTEM = "CNAPS"
# What one file may tell of: a run takes several.
MAX_REPORTED = 500


def credit_transfer(order: Order) -> bytes:
    """pacs.008: this bank tells clearing to credit a payee's bank. The same order gives the same bytes."""
    transaction = {
        "PmtId": {"InstrId": order.entry_id, "EndToEndId": order.entry_id, "TxId": order.entry_id},
        "IntrBkSttlmAmt": _amount(order),
        "ChrgBr": "SLEV",
        "Dbtr": {"Nm": order.payer_name},
        "DbtrAcct": _account(order.payer_account),
        "DbtrAgt": _agent(OWN_BANK),
        "CdtrAgt": _agent(order.payee_bank),
        "Cdtr": {"Nm": order.payee_name},
        "CdtrAcct": _account(order.payee_account),
        "RmtInf": _purpose(order),
    }
    header = {
        "MsgId": order.entry_id,
        "CreDtTm": order.posted_at,
        "NbOfTxs": "1",
        "TtlIntrBkSttlmAmt": _amount(order),
        "IntrBkSttlmDt": _date(order),
        "SttlmInf": {"SttlmMtd": "CLRG"},
        "InstgAgt": _agent(OWN_BANK),
    }
    return _written(schemas.CREDIT_TRANSFER, {"FIToFICstmrCdtTrf": {"GrpHdr": header, "CdtTrfTxInf": transaction}})


def initiation(order: Order) -> bytes:
    """pain.001: this bank tells its sponsor, as that bank's customer. The same order gives the same bytes."""
    transaction = {
        "PmtId": {"InstrId": order.entry_id, "EndToEndId": order.entry_id},
        "Amt": {"InstdAmt": _amount(order)},
        "CdtrAgt": _agent(order.payee_bank),
        "Cdtr": {"Nm": order.payee_name},
        "CdtrAcct": _account(order.payee_account),
        "RmtInf": _purpose(order),
    }
    instruction = {
        "PmtInfId": order.entry_id,
        "PmtMtd": "TRF",
        "ReqdExctnDt": {"Dt": _date(order)},
        # The sponsor debits this bank; who pays in the end is named beside it.
        "Dbtr": {"Nm": OWN_NAME},
        "DbtrAcct": _account(SPONSOR_ACCOUNT),
        "DbtrAgt": _agent(SPONSOR_BANK),
        "UltmtDbtr": {"Nm": order.payer_name},
        "ChrgBr": "SLEV",
        "CdtTrfTxInf": transaction,
    }
    header = {
        "MsgId": order.entry_id,
        "CreDtTm": order.posted_at,
        "NbOfTxs": "1",
        "CtrlSum": decimal_text(order.amount_fen),
        "InitgPty": {"Nm": OWN_NAME},
    }
    return _written(schemas.INITIATION, {"CstmrCdtTrfInitn": {"GrpHdr": header, "PmtInf": instruction}})


def status_request(order: Order, sent_as: str, request_id: str, now: dt.datetime) -> bytes:
    """pacs.028: what became of an order that was sent as the message `sent_as`?"""
    body = {
        "GrpHdr": {"MsgId": request_id, "CreDtTm": clock.to_text(now), "InstgAgt": _agent(OWN_BANK)},
        "OrgnlGrpInf": {"OrgnlMsgId": order.entry_id, "OrgnlMsgNmId": sent_as, "OrgnlCreDtTm": order.posted_at},
        "TxInf": {"StsReqId": request_id, "OrgnlEndToEndId": order.entry_id},
    }
    return _written(schemas.STATUS_REQUEST, {"FIToFIPmtStsReq": body})


def read_report(data: bytes) -> list[Reported]:
    """What a pacs.002 says, payment by payment; raises AnswerRefused for anything else, and for one that says nothing.

    Nothing that a file names is fetched or expanded: one with a document type is refused whatever it declares.
    """
    # Comments are none of the schema's and would cut a text in two.
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise AnswerRefused("malformed") from error
    if root.getroottree().docinfo.doctype:
        raise AnswerRefused("doctype")
    if not schemas.schema_of(schemas.STATUS_REPORT).validate(root):
        raise AnswerRefused("invalid")
    found = list(_reported(root[0]))
    if not found:
        raise AnswerRefused("empty")
    if len(found) > MAX_REPORTED:
        raise AnswerRefused("too_large")
    return found


def _reported(report: Any) -> Iterator[Reported]:
    """The payments of a report; of one that names none, its groups: a message of ours carries one payment."""
    transactions = _all(report, "TxInfAndSts")
    for transaction in transactions:
        names = ("OrgnlEndToEndId", "OrgnlTxId", "OrgnlInstrId", "OrgnlGrpInf/OrgnlMsgId")
        yield _one(transaction, names, "TxSts")
    if not transactions:
        for group in _all(report, "OrgnlGrpInfAndSts"):
            yield _one(group, ("OrgnlMsgId",), "GrpSts")


def _one(said: Any, ids: tuple[str, ...], status: str) -> Reported:
    # A report on a transfer names the amount that settles, one on an initiation what was instructed.
    amounts = [*_all(said, "OrgnlTxRef/IntrBkSttlmAmt"), *_all(said, "OrgnlTxRef/Amt/InstdAmt")]
    return Reported(
        ids=frozenset(meant_by(name) for name in (_text(said, path) for path in ids) if name),
        status=_text(said, status),
        reason=_text(said, "StsRsnInf/Rsn/Cd"),
        amount=_yuan(amounts[0].text) if amounts else "",
        currency=amounts[0].get("Ccy") if amounts else "",
        payee_bank=_text(said, "OrgnlTxRef/CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"),
        payee_account=_text(said, "OrgnlTxRef/CdtrAcct/Id/Othr/Id"),
        payee_name=_text(said, "OrgnlTxRef/Cdtr/Pty/Nm"),
    )


def _yuan(text: str) -> str:
    """A decimal as `decimal_text` writes it, whatever zeros it has; one that is finer than a fen keeps its digits."""
    whole, _, fraction = text.strip().removeprefix("+").partition(".")
    return f"{whole.lstrip('0') or '0'}.{fraction.rstrip('0').ljust(2, '0')}"


def _all(said: Any, path: str) -> list[Any]:
    return list(said.findall(path, {None: schemas.namespace_of(schemas.STATUS_REPORT)}))


def _text(said: Any, path: str) -> str:
    found = _all(said, path)
    return str(found[0].text) if found else ""


def _amount(order: Order) -> Amount:
    return Amount(decimal_text(order.amount_fen))


def _account(number: str) -> Part:
    return {"Id": {"Othr": {"Id": number}}}


def _agent(code: str) -> Part:
    return {"FinInstnId": {"ClrSysMmbId": {"ClrSysId": {"Cd": _CLEARING_SYSTEM}, "MmbId": code}}}


def _purpose(order: Order) -> Part:
    return {"Ustrd": order.purpose} if order.purpose else None


def _date(order: Order) -> str:
    return dt.date.fromisoformat(order.business_date).isoformat()


def _written(message: str, body: Mapping[str, Part]) -> bytes:
    namespace = schemas.namespace_of(message)
    root = etree.Element(f"{{{namespace}}}Document", nsmap={None: namespace})
    fill(root, body, namespace)
    # Raises: what the schema does not admit never leaves the bank.
    schemas.schema_of(message).assertValid(root)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
