"""Clearing by files: an order is one file, a report ends a payment once, what is no answer of ours is kept aside."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.clearing import exchange, file_store, messages, networks
from chalicelib.clearing.commands import read_inbox as inbox
from chalicelib.clearing.commands.reconcile import Difference, differences
from chalicelib.clearing.commands.send_payment import send_payment
from chalicelib.clearing.domain import RETURNED, SETTLED
from chalicelib.platform import aws, clock, metrics
from infra.cli.app import main
from infra.cli.shell import BROKEN, WHOLE
from tests.chain.bank import Bank, Person
from tests.chain.outward import FEE_FEN, MINUTE, FileSide, ask, confirmed, decide, forget_open, payment
from tests.chain.probe import force_account, table_items
from tests.status_reports import amount, group, instructed, payee, report, status

TAKEN_FEN = 10_000 + FEE_FEN
STRANGER = "a" * 26


@pytest.fixture
def bank(shared_bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Bank:
    forget_open(shared_bank)
    decide(monkeypatch, OTHER_BANK_FEE_FEN=FEE_FEN, CLEARING_NETWORK="pacs.008")
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def side(bank: Bank) -> FileSide:
    """A network that says nothing by itself."""
    made = FileSide(bank, "pacs.008")
    made.meets(networks.NEVER)
    return made


@pytest.fixture
def sent(bank: Bank, payer: Person, side: FileSide) -> str:
    """A payment of 100 yuan that is in the outbox."""
    entry_id = confirmed(bank, payer)
    side.play(bank)
    assert side.sent() == [entry_id]
    return entry_id


def refused(bank: Bank, side: FileSide) -> dict[str, str]:
    """What is aside today: the name under which each file came, and why."""
    prefix = f"refused/{clock.business_date(bank.clock.now())}/"
    found = (key.removeprefix(prefix).split("/") for key in side.keys(prefix))
    return {name.partition("-")[2]: reason for reason, name in found}


def test_an_order_is_one_file_however_often_it_is_written(bank: Bank, side: FileSide, sent: str) -> None:
    (key,) = [key for key in side.keys("outbox/pacs.008.001.13/") if sent in key]
    assert key == f"outbox/pacs.008.001.13/{sent}.xml"
    # when nobody answers for an hour, then a status was asked for once, and the order is what it was
    for _ in range(5):
        bank.clock.advance(11 * MINUTE)
        ask(bank)
    assert side.writings(key) == 1
    asked = f"outbox/pacs.028.001.06/{sent}Q"
    assert (side.keys(asked), side.writings(asked)) == ([f"{asked}26112102.xml"], 1)
    bank.clock.advance(11 * MINUTE)
    ask(bank)
    assert side.keys(asked) == [f"{asked}26112102.xml", f"{asked}26112103.xml"]
    # an answer to the second request ends it
    side.says(group(f"{sent}Q26112103", "ACSC"))
    assert (ask(bank), payment(sent)["state"]) == (1, SETTLED)


def test_a_crash_after_writing_writes_nothing_again(bank: Bank, payer: Person, side: FileSide) -> None:
    entry_id = confirmed(bank, payer)
    send = exchange.FileExchange.send

    def dies(self: Any, order: Any) -> None:
        send(self, order)
        raise ConnectionError("dead")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(exchange.FileExchange, "send", dies)
        send_payment(entry_id, bank.clock.now())
    bank.settle()
    bank.clock.advance(11 * MINUTE)
    ask(bank)
    assert side.writings(f"outbox/pacs.008.001.13/{entry_id}") == 1
    assert payment(entry_id)["state"] == "sent"


def test_what_is_on_its_way_is_noted_and_ends_nothing(bank: Bank, side: FileSide, sent: str) -> None:
    for code in ("RCVD", "PDNG", "ACTC", "ACCP", "ACSP", "ACWP"):
        side.says(status(sent, code))
    assert (ask(bank), payment(sent)["state"]) == (0, "sent")
    assert len(side.keys(f"answers/{sent}/note-")) == 6
    assert (side.keys("inbox/"), side.keys("refused/20261121/status")) == ([], [])
    side.says(status(sent, "ACCC"))
    assert (ask(bank), payment(sent)["state"]) == (1, SETTLED)
    # what comes after the end and says less is no contradiction
    side.says(status(sent, "ACSP"))
    assert (ask(bank), payment(sent)["state"], "contradicted" in payment(sent)) == (0, SETTLED, False)


def test_a_message_that_is_rejected_as_a_whole_gives_its_payment_back(
    bank: Bank, payer: Person, side: FileSide, sent: str
) -> None:
    side.says(group(sent, "RJCT", "AC01"))
    assert ask(bank) == 1
    assert (payment(sent)["state"], payment(sent)["reason"]) == (RETURNED, "AC01")
    assert bank.balance(payer.account) == 100_000


def test_a_reason_that_is_no_code_of_the_standard_still_gives_back(
    bank: Bank, payer: Person, side: FileSide, sent: str
) -> None:
    side.says(
        status(sent, "RJCT").replace("</TxSts>", "</TxSts><StsRsnInf><Rsn><Prtry>户名不符</Prtry></Rsn></StsRsnInf>")
    )
    assert ask(bank) == 1
    assert (payment(sent)["state"], payment(sent)["reason"]) == (RETURNED, "")
    assert bank.balance(payer.account) == 100_000


def test_what_is_no_answer_of_ours_is_kept_aside_with_its_reason(
    bank: Bank, payer: Person, side: FileSide, sent: str, counted: list[str], logged: io.StringIO
) -> None:
    """Each as it came, each rings once, and nothing moves."""
    right = amount("100.00") + payee("钱远方", "6200000000000000017", "999100000018")
    said: dict[str, tuple[str, bytes]] = {
        "another amount": ("differs", report(status(sent, "ACSC", "", amount("100.01")))),
        "another amount instructed": ("differs", report(status(sent, "RJCT", "AC04", instructed("1000.00")))),
        "another currency": ("differs", report(status(sent, "ACSC", "", amount("100.00", "USD")))),
        "another payee": ("differs", report(status(sent, "RJCT", "AC04", payee("钱近方")))),
        "another account": ("differs", report(status(sent, "ACSC", "", payee("", "6200000000000000018")))),
        "another bank": ("differs", report(status(sent, "ACSC", "", payee("", "", "999200000025")))),
        "nobody's payment": ("unknown", report(status(STRANGER, "RJCT", "AC04"))),
        "no id of ours": ("unknown", report(status("../x", "ACSC"))),
        "two payments at once": (
            "ambiguous",
            report(status(sent, "ACSC").replace("<TxSts>", f"<OrgnlTxId>{STRANGER}</OrgnlTxId><TxSts>")),
        ),
        "a status that says neither": ("status", report(status(sent, "CANC"))),
        "rejected as a duplicate": ("duplicate", report(status(sent, "RJCT", "AM05", right))),
        "no XML": ("malformed", b"not <xml"),
        "another message": ("invalid", b"<Document/>"),
        "a document type": ("doctype", report(status(sent, "ACSC"), head="<!DOCTYPE Document>")),
        "too much": ("too_large", report(status(sent, "ACSC")) + b" " * exchange.MAX_BYTES),
        "nothing": ("empty", report()),
        "folder/名": ("malformed", b""),
    }
    for name, (_, data) in said.items():
        side.lay(data, name)
    assert ask(bank) == 0
    assert refused(bank, side) == {name.replace("/", "_"): reason for name, (reason, _) in said.items()}
    kept = sorted(side.read(key) for key in side.keys("refused/20261121/"))
    assert kept == sorted(data for _, data in said.values())
    assert side.keys("inbox/") == []
    assert counted == [metrics.CLEARING_FILES_REFUSED] * len(said)
    assert all(f'"code":"{reason}"' in logged.getvalue() for reason, _ in said.values())
    assert (payment(sent)["state"], bank.balance(payer.account)) == ("sent", 100_000 - TAKEN_FEN)
    # and the right one is still taken
    side.says(status(sent, "ACSC", "", right))
    assert (ask(bank), payment(sent)["state"]) == (1, SETTLED)


def test_files_of_one_name_are_all_kept(bank: Bank, side: FileSide) -> None:
    bank.clock.advance(dt.timedelta(days=1))
    for data in (b"one", b"two"):
        side.lay(data, "same.xml")
        ask(bank)
    assert {side.read(key) for key in side.keys("refused/20261122/malformed/")} == {b"one", b"two"}


@pytest.mark.parametrize(
    "order", [("ACSC", "RJCT", SETTLED), ("RJCT", "ACSC", RETURNED), ("ACCC", "RJCT", SETTLED)], ids=lambda o: o[0]
)
def test_an_answer_that_contradicts_is_kept_aside_and_not_applied(
    bank: Bank, payer: Person, side: FileSide, sent: str, counted: list[str], order: tuple[str, str, str]
) -> None:
    first, then, stands = order
    side.says(status(sent, first, "AC04" if first == "RJCT" else ""))
    assert ask(bank) == 1
    balance = bank.balance(payer.account)
    bank.clock.advance(dt.timedelta(days=2))
    side.says(status(sent, then, "AC04" if then == "RJCT" else ""))
    assert ask(bank) == 0
    found = payment(sent)
    assert (found["state"], found["contradicted"].partition(" ")[0] != stands) == (stands, True)
    assert list(refused(bank, side).values()) == ["contradicts"]
    assert counted == [metrics.CLEARING_CONTRADICTED, metrics.CLEARING_FILES_REFUSED]
    assert bank.balance(payer.account) == balance


def test_the_first_answer_stands_before_it_could_be_applied(
    bank: Bank, payer: Person, side: FileSide, sent: str, counted: list[str]
) -> None:
    force_account(bank, payer.account, state="dormant")
    side.says(status(sent, "RJCT", "AC04"))
    assert (ask(bank), payment(sent)["state"], side.keys("inbox/")) == (0, "sent", [])
    bank.clock.advance(dt.timedelta(days=3))
    side.says(status(sent, "ACSC"))
    ask(bank)
    assert (payment(sent)["state"], list(refused(bank, side).values())) == ("sent", ["contradicts"])
    assert payment(sent)["contradicted"] == SETTLED
    force_account(bank, payer.account, state="open")
    bank.clock.advance(11 * MINUTE)
    assert (ask(bank), bank.balance(payer.account)) == (1, 100_000)
    assert metrics.CLEARING_NOT_RETURNED in counted


def test_a_file_of_many_payments_is_taken_but_for_what_is_not_ours(
    bank: Bank, payer: Person, side: FileSide, sent: str
) -> None:
    bank.clock.advance(dt.timedelta(days=4))
    other = confirmed(bank, payer, "files-many")
    side.play(bank)
    side.says(status(sent, "ACSC"), status(STRANGER, "ACSC"), status(other, "RJCT", "AC04"))
    assert ask(bank) == 2
    assert (payment(sent)["state"], payment(other)["state"]) == (SETTLED, RETURNED)
    assert list(refused(bank, side).values()) == ["unknown"]
    # what the file said of each is found under each
    assert [len(side.keys(f"answers/{one}/end-")) for one in (sent, other)] == [1, 1]
    assert bank.balance(payer.account) == 100_000 - TAKEN_FEN


def test_a_run_that_dies_anywhere_is_made_good_by_the_next(
    bank: Bank, payer: Person, side: FileSide, sent: str
) -> None:
    bank.clock.advance(dt.timedelta(days=5))

    def dies_in(where: Any, name: str) -> None:
        def die(*_: Any, **__: Any) -> None:
            raise ConnectionError("dead")

        with pytest.MonkeyPatch.context() as patch, pytest.raises(ConnectionError):
            patch.setattr(where, name, die)
            ask(bank)

    # between the copy and the removal of what is refused
    bad = side.lay(b"bad", "z-bad.xml")
    dies_in(file_store, "remove")
    assert (side.keys("inbox/"), refused(bank, side)) == ([bad], {"z-bad.xml": "malformed"})
    # before anything, before the answer is kept, before it is applied, before its file goes
    answer = side.says(status(sent, "RJCT", "AC04"))
    for where, name in ((file_store, "read"), (exchange, "keep"), (inbox, "take_answer"), (file_store, "remove")):
        dies_in(where, name)
        assert side.keys("inbox/") == [answer, bad]
    ask(bank)
    assert (side.keys("inbox/"), refused(bank, side)) == ([], {"z-bad.xml": "malformed"})
    assert (payment(sent)["state"], bank.balance(payer.account)) == (RETURNED, 100_000)
    assert "contradicted" not in payment(sent)


def test_a_file_that_cannot_be_read_rings_and_holds_back_no_other(
    bank: Bank, side: FileSide, sent: str, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = side.lay(b"locked", "a-locked.xml")
    read = file_store.read

    def denied(key: str) -> bytes | None:
        if key == locked:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetObject")
        return read(key)

    monkeypatch.setattr(file_store, "read", denied)
    side.says(status(sent, "ACSC"))
    assert (ask(bank), payment(sent)["state"], side.keys("inbox/")) == (1, SETTLED, [locked])
    assert counted == [metrics.CLEARING_FILES_REFUSED]
    aws.s3().delete_object(Bucket=bank.references["ClearingFilesBucket"], Key=locked)


def test_a_run_takes_so_many_answers_and_leaves_the_others(
    bank: Bank, side: FileSide, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_ANSWERS", 2)
    for _ in range(5):
        side.says(status(sent, "ACSP"))
    left = []
    for _ in range(3):
        ask(bank)
        left.append(len(side.keys("inbox/")))
    assert left == [3, 1, 0]


def test_a_payment_is_asked_for_where_it_was_sent(
    bank: Bank, payer: Person, side: FileSide, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given that the parameter names the simulated network meanwhile, which knows every payment
    bank.clock.advance(dt.timedelta(days=6))
    decide(monkeypatch, CLEARING_NETWORK="simulated")
    ask(bank)
    assert (payment(sent)["state"], len(side.keys(f"outbox/pacs.028.001.06/{sent}"))) == ("sent", 1)
    # and what that one was sent is none of the files'
    other = confirmed(bank, payer, "files-other")
    bank.settle()
    side.says(status(other, "RJCT", "AC04"))
    ask(bank)
    assert list(refused(bank, side).values()) == ["unknown"]
    assert payment(other)["network"] == "simulated"


def test_a_dates_differences_are_listed_both_ways(
    bank: Bank, payer: Person, side: FileSide, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a day of its own: one agrees, one has no answer, one is contradicted, and two answers are to nothing of ours
    bank.clock.advance(dt.timedelta(days=7))
    agreed, unanswered, contradicted = (confirmed(bank, payer, f"files-day-{number}") for number in range(3))
    side.play(bank)
    side.says(status(agreed, "ACSC"), status(contradicted, "ACSC"))
    ask(bank)
    date = payment(agreed)["business_date"]
    side.says(status(contradicted, "RJCT", "AC04"))
    side.says(status(STRANGER, "ACSC", "", amount("7.05")), status("INVOICE 7", "RJCT"))
    side.lay(b"bad")
    ask(bank)
    found = list(differences(date, bank.clock.now()))
    assert {one.entry_id: (one.ours, one.theirs) for one in found} == {
        unanswered: ("sent", "unknown"),
        contradicted: (SETTLED, "returned AC04"),
        STRANGER: ("unknown", "ACSC"),
        "INVOICE 7": ("unknown", "RJCT"),
    }
    assert Difference(STRANGER, 705, "unknown", "ACSC") in found
    assert main(["clearing", "reconcile", date]) == BROKEN
    said = capsys.readouterr().out
    assert "differences: 4" in said
    assert "7.05" in said
    # the day before has nothing to tell of it
    assert main(["clearing", "reconcile", "20261110"]) == WHOLE


def test_what_is_kept_of_a_report_is_the_report(bank: Bank, side: FileSide, sent: str) -> None:
    key = side.says(status(sent, "ACSC"))
    data = side.read(key)
    ask(bank)
    (kept,) = side.keys(f"answers/{sent}/")
    assert side.read(kept) == data
    assert messages.read_report(data)[0].ids == {sent}
    assert table_items(bank, "ClearingOpenTable") != []
