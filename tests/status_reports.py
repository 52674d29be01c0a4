"""Status reports (pacs.002) as a network writes them, for tests: by hand, so that they owe nothing to our own code."""

from __future__ import annotations

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.002.001.15"


def report(*parts: str, message_id: str = "R1", head: str = "") -> bytes:
    """A report made of what `status` and `group` give."""
    header = f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-21T02:05:00Z</CreDtTm></GrpHdr>"
    body = f"<FIToFIPmtStsRpt>{header}{''.join(parts)}</FIToFIPmtStsRpt>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}<Document xmlns="{NAMESPACE}">{body}</Document>'.encode()


def status(entry_id: str, code: str, reason: str = "", reference: str = "") -> str:
    """What is said of one payment; `reference` is what it repeats of the order."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    about = f"<OrgnlTxRef>{reference}</OrgnlTxRef>" if reference else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{entry_id}</OrgnlEndToEndId><TxSts>{code}</TxSts>{why}{about}</TxInfAndSts>"


def group(message_id: str, code: str, reason: str = "") -> str:
    """What is said of a message as a whole."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    named = f"<OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.13</OrgnlMsgNmId>"
    return f"<OrgnlGrpInfAndSts>{named}<GrpSts>{code}</GrpSts>{why}</OrgnlGrpInfAndSts>"


def amount(text: str, currency: str = "CNY") -> str:
    """What settles, as a report on a transfer repeats it."""
    return f'<IntrBkSttlmAmt Ccy="{currency}">{text}</IntrBkSttlmAmt>'


def instructed(text: str, currency: str = "CNY") -> str:
    """The amount as a report on an initiation repeats it."""
    return f'<Amt><InstdAmt Ccy="{currency}">{text}</InstdAmt></Amt>'


def payee(name: str = "", account: str = "", bank: str = "") -> str:
    """The payee as a report repeats it, in the schema's order."""
    member = f"<FinInstnId><ClrSysMmbId><MmbId>{bank}</MmbId></ClrSysMmbId></FinInstnId>"
    return (
        (f"<CdtrAgt>{member}</CdtrAgt>" if bank else "")
        + (f"<Cdtr><Pty><Nm>{name}</Nm></Pty></Cdtr>" if name else "")
        + (f"<CdtrAcct><Id><Othr><Id>{account}</Id></Othr></Id></CdtrAcct>" if account else "")
    )
