"""What is written is the order in the standard's form; what is read is taken only where it is a valid report."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from chalicelib.clearing import messages, schemas
from chalicelib.clearing.domain import Order, Reported, request_id
from chalicelib.clearing.errors import AnswerRefused
from chalicelib.platform.money import MAX_FEN
from tests.status_reports import amount, group, instructed, payee, report, status

ENTRY = "mzxw6ytboi2dkmrrgu4tembxge"
ORDER = Order(
    entry_id=ENTRY,
    amount_fen=1_234_56,
    payer_account="9000010000000000017",
    payer_name="赵小明",
    payee_bank="999200000025",
    payee_account="6200000000000000017",
    payee_name="钱远方",
    purpose="十一月房租",
    correlation_id="c",
    posted_at="2026-11-21T16:30:00.000Z",
    business_date="20261122",
)
NOW = dt.datetime(2026, 11, 21, 17, 5, tzinfo=dt.UTC)
# As the API takes names and purposes: printable, at most so long.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40)


def flat(data: bytes) -> list[tuple[str, str]]:
    """The texts of a message in order, each with its path below the document; an attribute after an @."""
    found: list[tuple[str, str]] = []

    def visit(element: Any, path: str) -> None:
        if len(element) == 0:
            found.append((path, element.text))
        found.extend((f"{path}@{name}", value) for name, value in element.attrib.items())
        for child in element:
            visit(child, f"{path}/{etree.QName(child).localname}")

    visit(etree.fromstring(data), "")
    return found


@cache
def published(message: str) -> Any:
    path = Path(str(distribution("openpurse").locate_file(f"openpurse/schemas/{message}.xsd")))
    return etree.XMLSchema(etree.parse(path))


def agent(path: str, code: str) -> list[tuple[str, str]]:
    member = f"{path}/FinInstnId/ClrSysMmbId"
    return [(f"{member}/ClrSysId/Cd", "CNAPS"), (f"{member}/MmbId", code)]


def money(path: str, text: str) -> list[tuple[str, str]]:
    return [(path, text), (f"{path}@Ccy", "CNY")]


def test_a_credit_transfer_says_what_the_order_says_and_nothing_else() -> None:
    head, body = "/FIToFICstmrCdtTrf/GrpHdr", "/FIToFICstmrCdtTrf/CdtTrfTxInf"
    assert flat(messages.credit_transfer(ORDER)) == [
        (f"{head}/MsgId", ENTRY),
        (f"{head}/CreDtTm", "2026-11-21T16:30:00.000Z"),
        (f"{head}/NbOfTxs", "1"),
        *money(f"{head}/TtlIntrBkSttlmAmt", "1234.56"),
        # the business date is Shanghai's
        (f"{head}/IntrBkSttlmDt", "2026-11-22"),
        (f"{head}/SttlmInf/SttlmMtd", "CLRG"),
        *agent(f"{head}/InstgAgt", "999000000011"),
        (f"{body}/PmtId/InstrId", ENTRY),
        (f"{body}/PmtId/EndToEndId", ENTRY),
        (f"{body}/PmtId/TxId", ENTRY),
        *money(f"{body}/IntrBkSttlmAmt", "1234.56"),
        (f"{body}/ChrgBr", "SLEV"),
        (f"{body}/Dbtr/Nm", "赵小明"),
        (f"{body}/DbtrAcct/Id/Othr/Id", "9000010000000000017"),
        *agent(f"{body}/DbtrAgt", "999000000011"),
        *agent(f"{body}/CdtrAgt", "999200000025"),
        (f"{body}/Cdtr/Nm", "钱远方"),
        (f"{body}/CdtrAcct/Id/Othr/Id", "6200000000000000017"),
        (f"{body}/RmtInf/Ustrd", "十一月房租"),
    ]


def test_an_initiation_debits_this_bank_at_its_sponsor_and_names_who_pays() -> None:
    head, body = "/CstmrCdtTrfInitn/GrpHdr", "/CstmrCdtTrfInitn/PmtInf"
    one = f"{body}/CdtTrfTxInf"
    assert flat(messages.initiation(ORDER)) == [
        (f"{head}/MsgId", ENTRY),
        (f"{head}/CreDtTm", "2026-11-21T16:30:00.000Z"),
        (f"{head}/NbOfTxs", "1"),
        (f"{head}/CtrlSum", "1234.56"),
        (f"{head}/InitgPty/Nm", "乡村银行"),
        (f"{body}/PmtInfId", ENTRY),
        (f"{body}/PmtMtd", "TRF"),
        (f"{body}/ReqdExctnDt/Dt", "2026-11-22"),
        (f"{body}/Dbtr/Nm", "乡村银行"),
        (f"{body}/DbtrAcct/Id/Othr/Id", "9991000000000000018"),
        *agent(f"{body}/DbtrAgt", "999100000018"),
        (f"{body}/UltmtDbtr/Nm", "赵小明"),
        (f"{body}/ChrgBr", "SLEV"),
        (f"{one}/PmtId/InstrId", ENTRY),
        (f"{one}/PmtId/EndToEndId", ENTRY),
        *money(f"{one}/Amt/InstdAmt", "1234.56"),
        *agent(f"{one}/CdtrAgt", "999200000025"),
        (f"{one}/Cdtr/Nm", "钱远方"),
        (f"{one}/CdtrAcct/Id/Othr/Id", "6200000000000000017"),
        (f"{one}/RmtInf/Ustrd", "十一月房租"),
    ]


def test_a_status_request_names_the_message_that_was_sent() -> None:
    asked = request_id(ENTRY, NOW)
    assert asked == f"{ENTRY}Q26112117"
    body = "/FIToFIPmtStsReq"
    assert flat(messages.status_request(ORDER, schemas.INITIATION, asked, NOW)) == [
        (f"{body}/GrpHdr/MsgId", asked),
        (f"{body}/GrpHdr/CreDtTm", "2026-11-21T17:05:00.000Z"),
        *agent(f"{body}/GrpHdr/InstgAgt", "999000000011"),
        (f"{body}/OrgnlGrpInf/OrgnlMsgId", ENTRY),
        (f"{body}/OrgnlGrpInf/OrgnlMsgNmId", "pain.001.001.12"),
        (f"{body}/OrgnlGrpInf/OrgnlCreDtTm", "2026-11-21T16:30:00.000Z"),
        (f"{body}/TxInf/StsReqId", asked),
        (f"{body}/TxInf/OrgnlEndToEndId", ENTRY),
    ]


def test_a_payment_without_a_purpose_has_no_remittance_information() -> None:
    silent = replace(ORDER, purpose="")
    for write in (messages.credit_transfer, messages.initiation):
        assert b"RmtInf" not in write(silent)
        assert flat(write(silent)) == flat(write(ORDER))[:-1]


@given(st.integers(1, MAX_FEN), TEXT, TEXT, TEXT)
def test_every_order_is_valid_by_the_published_schema_and_reads_back(
    amount_fen: int, payer: str, payee_name: str, purpose: str
) -> None:
    order = replace(ORDER, amount_fen=amount_fen, payer_name=payer, payee_name=payee_name, purpose=purpose)
    for message, write, path in (
        (schemas.CREDIT_TRANSFER, messages.credit_transfer, "CdtTrfTxInf/IntrBkSttlmAmt"),
        (schemas.INITIATION, messages.initiation, "PmtInf/CdtTrfTxInf/Amt/InstdAmt"),
    ):
        data = write(order)
        published(message).assertValid(etree.fromstring(data))
        assert write(order) == data
        texts = {name.split("/", 2)[2]: text for name, text in flat(data)}
        assert Decimal(texts[path]) * 100 == amount_fen
        assert {payer, payee_name, purpose} <= set(texts.values())


@pytest.mark.parametrize("text", ["赵\x00明", "赵\x0b明", "赵" * 141])
def test_what_the_standard_does_not_admit_is_not_written(text: str) -> None:
    for write in (messages.credit_transfer, messages.initiation):
        with pytest.raises((ValueError, etree.DocumentInvalid)):
            write(replace(ORDER, payee_name=text))


def read_one(data: bytes) -> Reported:
    (found,) = messages.read_report(data)
    return found


def test_a_report_is_read_field_by_field() -> None:
    about = amount("1234.56") + payee("钱远方", "6200000000000000017", "999200000025")
    assert read_one(report(status(ENTRY, "RJCT", "AC04", about))) == Reported(
        frozenset({ENTRY}),
        "RJCT",
        "AC04",
        "1234.56",
        "CNY",
        "999200000025",
        "6200000000000000017",
        "钱远方",
    )
    assert read_one(report(status(ENTRY, "ACSC", "", instructed("7")))).amount == "7.00"
    assert read_one(report(status(ENTRY, "ACSC"))) == Reported(frozenset({ENTRY}), "ACSC")


def test_a_report_on_a_whole_message_is_one_on_its_payment() -> None:
    assert read_one(report(group(ENTRY, "RJCT", "AC01"))) == Reported(frozenset({ENTRY}), "RJCT", "AC01")
    # an answer to a request for a status names the request, and the payment is meant
    assert read_one(report(group(f"{ENTRY}Q26112117", "ACSC"))).ids == {ENTRY}
    # where payments are named, what is said of the message is said of them already
    assert read_one(report(group("another", "PART"), status(ENTRY, "ACSC"))).status == "ACSC"


def test_a_report_may_say_all_that_the_schema_admits() -> None:
    said = (
        f"<TxInfAndSts><StsId>S7</StsId><OrgnlGrpInf><OrgnlMsgId>{ENTRY}</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pacs.008.001.13</OrgnlMsgNmId></OrgnlGrpInf><OrgnlInstrId>{ENTRY}</OrgnlInstrId>"
        f"<OrgnlEndToEndId>{ENTRY}</OrgnlEndToEndId><OrgnlTxId>{ENTRY}</OrgnlTxId>"
        "<OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f001</OrgnlUETR><TxSts>ACSC</TxSts>"
        "<StsRsnInf><Orgtr><Nm>清算中心</Nm></Orgtr><AddtlInf>已清算</AddtlInf></StsRsnInf>"
        "<AccptncDtTm>2026-11-21T10:05:00+08:00</AccptncDtTm><AcctSvcrRef>A1</AcctSvcrRef><ClrSysRef>C1</ClrSysRef>"
        "<InstgAgt><FinInstnId><BICFI>ABCDCNBJ</BICFI></FinInstnId></InstgAgt>"
        '<SplmtryData><Envlp><x xmlns="urn:other"><y z="1"/></x></Envlp></SplmtryData></TxInfAndSts>'
    )
    assert read_one(report(group(ENTRY, "ACSC"), said)) == Reported(frozenset({ENTRY}), "ACSC")


def test_ids_that_do_not_agree_are_all_read() -> None:
    said = status(ENTRY, "ACSC").replace("<TxSts>", "<OrgnlTxId>another</OrgnlTxId><TxSts>")
    assert read_one(report(said)).ids == {ENTRY, "another"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("100", "100.00"),
        ("100.5", "100.50"),
        ("0100.00000", "100.00"),
        ("+100.00", "100.00"),
        (" 100.00\n", "100.00"),
        (".5", "0.50"),
        ("0", "0.00"),
        ("100.001", "100.001"),
        ("9999999999999.99", "9999999999999.99"),
    ],
)
def test_an_amount_is_read_exactly_however_it_is_written(text: str, read: str) -> None:
    assert read_one(report(status(ENTRY, "ACSC", "", amount(text)))).amount == read


def test_comments_and_instructions_do_not_cut_a_text() -> None:
    said = status(ENTRY, "ACSC", "", amount("1<!-- 2 -->23<?x y?>4.56"))
    assert read_one(report(said)).amount == "1234.56"


BOMB = "<!DOCTYPE Document [" + "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "ha"}">' for number in range(12)
)
NOT_TAKEN: dict[str, tuple[str, bytes]] = {
    "nothing": ("malformed", b""),
    "no XML": ("malformed", b"\x00\x01\x02"),
    "cut off": ("malformed", report(status(ENTRY, "ACSC"))[:-20]),
    "an encoding that is none": ("malformed", b'<?xml version="1.0" encoding="x-none"?><Document/>'),
    "not UTF-8": ("malformed", report(status(ENTRY, "ACSC", "", payee("钱"))).replace("钱".encode(), b"\xff\xfe")),
    "deeper than a parser goes": ("malformed", b"<a>" * 100_000),
    "a document type": ("doctype", report(status(ENTRY, "ACSC"), head="<!DOCTYPE Document>")),
    "a file by an entity": (
        "doctype",
        report(
            status(ENTRY, "ACSC", "", payee("&x;")),
            head='<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ),
    ),
    "an address by an entity": (
        "doctype",
        report(status(ENTRY, "ACSC"), head='<!DOCTYPE Document [<!ENTITY % x SYSTEM "http://127.0.0.1:1/">%x;]>'),
    ),
    "a billion laughs": (
        "malformed",
        report(status(ENTRY, "ACSC", "", payee("&l11;")), head=f"{BOMB}]>"),
    ),
    "another message": ("invalid", messages.credit_transfer(ORDER)),
    "another edition": ("invalid", report(status(ENTRY, "ACSC")).replace(b"pacs.002.001.15", b"pacs.002.001.10")),
    "an element that is none": ("invalid", report(status(ENTRY, "ACSC") + "<Extra/>")),
    "elements out of order": ("invalid", report(status(ENTRY, "ACSC") + group(ENTRY, "ACSC"))),
    "an id that is too long": ("invalid", report(status("a" * 36, "ACSC"))),
    "a status that is too long": ("invalid", report(status(ENTRY, "SETTLED"))),
    "two reasons in a choice": (
        "invalid",
        report(status(ENTRY, "RJCT", "AC01").replace("</Cd></Rsn>", "</Cd><Prtry>x</Prtry></Rsn>")),
    ),
    "an amount that is none": ("invalid", report(status(ENTRY, "ACSC", "", amount("1e3")))),
    "an amount below nothing": ("invalid", report(status(ENTRY, "ACSC", "", amount("-1.00")))),
    "nothing said": ("empty", report()),
    "more than a run takes": ("too_large", report(*[status(ENTRY, "ACSC")] * (messages.MAX_REPORTED + 1))),
}


@pytest.mark.parametrize("kind", NOT_TAKEN)
def test_what_is_no_report_is_refused_by_its_reason(kind: str) -> None:
    reason, data = NOT_TAKEN[kind]
    with pytest.raises(AnswerRefused) as refused:
        messages.read_report(data)
    assert refused.value.reason == reason


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(data: bytes) -> None:
    with pytest.raises(AnswerRefused):
        messages.read_report(data)
