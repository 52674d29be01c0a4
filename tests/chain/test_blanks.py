"""Blank tokens and USB keys from their delivery to their end: stock, history and counters (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.count import recount
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.receive import receive
from chalicelib.blanks.commands.spoil import give_back, spoil
from chalicelib.factors.commands.adopt_blanks import adopt_blanks
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.platform import aws, clock, updates
from chalicelib.platform.errors import Refusal, TryAgain
from chalicelib.staff import service as staff
from infra.cli.app import main as bank_command
from infra.cli.shell import BROKEN, NOT_DONE, WHOLE
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank, Person
from tests.chain.probe import force, table_items, unchanged
from tests.chain.signers import Signer, apply, certified, download, download_code
from tests.chain.two_people import done

pytestmark = pytest.mark.requirement("NB-5.3.5")

SEED = bytes(range(32))
EAST, EAST_TELLER = "0002", "T0002"


@pytest.fixture
def bank(bank: Bank) -> Bank:
    staff.register_branch(staff.Branch(EAST, "示范村镇银行城东支行", "示范县城东路2号", "0990-0000002"))
    staff.appoint_teller(EAST_TELLER, "柜员乙", EAST, PASSWORD)
    return bank


def take_in(bank: Bank, serials: list[str], **more: Any) -> int:
    order = {"kind": "token", "branch_id": BRANCH, "reference": "DN-2026-01", "staff_id": TELLER, **more}
    return receive(order.pop("kind"), serials, now=bank.clock.now(), **order)


def send_on(bank: Bank, serials: list[str], **more: Any) -> int:
    order = {"from_branch": BRANCH, "to_branch": EAST, "reference": "MV-1", "staff_id": TELLER, **more}
    return move("token", serials, now=bank.clock.now(), **order)


def give_token(bank: Bank, person: Person, serial: str, teller_id: str = TELLER) -> str:
    return issue_token(person.customer_id, serial=serial, seed=SEED, teller_id=teller_id, now=bank.clock.now())


def state(bank: Bank, serial: str) -> tuple[str, str]:
    """State and branch of a blank."""
    (row,) = [row for row in table_items(bank, "BlanksTable") if row["serial"] == serial]
    return row["state"], row["branch_id"]


def counts(branch_id: str = BRANCH, kind: str = "token") -> dict[str, int]:
    """What the counters say, without zeros; and they say what the rows say."""
    found = recount()
    assert found.findings == []
    return {name: number for name, number in found.counts[(branch_id, kind)].items() if number}


def refused(work: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        work()
    return refusal.value.code


def test_a_delivery_is_in_stock_once(bank: Bank) -> None:
    serials = stock.serials_between("TK0001", "TK0090")
    assert take_in(bank, serials) == 90
    assert counts() == {"received": 90, "in_stock": 90}
    assert state(bank, "TK0090") == ("in_stock", BRANCH)
    with unchanged(bank):
        # the same delivery again is a repeat
        assert take_in(bank, serials) == 0
        # another one with one of the same numbers is refused as a whole, at whatever branch
        again = ["TK0500", "TK0090", "TK0001"]
        assert refused(lambda: take_in(bank, again, reference="DN-2026-02")) == "blank_known"
        assert refused(lambda: take_in(bank, again, branch_id=EAST)) == "blank_known"
    # a USB key's maker numbers apart
    assert take_in(bank, ["TK0001"], kind="usb_key", reference="DN-2026-03") == 1
    assert counts(kind="usb_key") == {"received": 1, "in_stock": 1}


def test_who_may_not_and_what_is_no_delivery(bank: Bank) -> None:
    with unchanged(bank):
        assert refused(lambda: take_in(bank, ["TK1"], staff_id=EAST_TELLER)) == "staff_not_entitled"
        assert refused(lambda: take_in(bank, ["TK1"], staff_id="T9999")) == "staff_not_entitled"
        for bad in ({"branch_id": "9999"}, {"reference": ""}, {"kind": "phone"}):
            assert refused(lambda bad=bad: take_in(bank, ["TK1"], **bad)) == "blank_malformed"
        for serials in ([], ["TK1", "TK1"], ["x"], [f"TK{i:05d}" for i in range(1001)]):
            assert refused(lambda serials=serials: take_in(bank, serials)) == "blank_malformed"
    # the head office's own counter serves every branch
    assert take_in(bank, ["TK1"], branch_id=EAST) == 1


def test_blanks_move_to_another_branch_and_are_issued_there_only(bank: Bank) -> None:
    person = bank.sign_up("赵小明")
    take_in(bank, ["TK0001", "TK0002"])
    assert send_on(bank, ["TK0001"]) == 1
    assert counts() == {"received": 2, "moved_out": 1, "in_stock": 1}
    assert counts(EAST) == {"moved_in": 1, "in_stock": 1}
    with unchanged(bank):
        assert send_on(bank, ["TK0001"]) == 0  # the same order again
        for serials, order, code in (
            (["TK0002", "TK0001"], {"reference": "MV-2"}, "blank_not_in_stock"),
            (["TK0003"], {}, "blank_not_in_stock"),
            (["TK0002"], {"to_branch": BRANCH}, "blank_malformed"),
            (["TK0002"], {"to_branch": "9999"}, "blank_malformed"),
            (["TK0002"], {"staff_id": EAST_TELLER}, "staff_not_entitled"),
        ):
            assert refused(lambda s=serials, o=order: send_on(bank, s, **o)) == code
        # the teller of the head office takes from the head office's stock
        assert refused(lambda: give_token(bank, person, "TK0001")) == "blank_not_in_stock"
        # and a branch gives none to another branch's customer
        assert refused(lambda: give_token(bank, person, "TK0001", EAST_TELLER)) == "staff_not_entitled"
    give_token(bank, person, "TK0002")
    assert send_on(bank, ["TK0001"], from_branch=EAST, to_branch=BRANCH, staff_id=EAST_TELLER) == 1
    assert counts(EAST) == {"moved_in": 1, "moved_out": 1}


def test_what_was_broken_off_is_finished_by_the_same_request(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    serials = stock.serials_between("TK0001", "TK0100")
    together, left = updates.together, [1]

    def breaks(writes: Any) -> None:
        if not left:
            raise TryAgain
        left.pop()
        together(writes)

    steps: list[tuple[Callable[[], int], dict[str, int], dict[str, int]]] = [
        (lambda: take_in(bank, serials), {"received": 40, "in_stock": 40}, {"received": 100, "in_stock": 100}),
        (
            lambda: send_on(bank, serials),
            {"received": 100, "moved_out": 40, "in_stock": 60},
            {"received": 100, "moved_out": 100},
        ),
    ]
    for work, before, after in steps:
        left[:] = [1]
        with monkeypatch.context() as patched:
            patched.setattr(updates, "together", breaks)
            assert refused(work) == "try_again"
        assert counts() == before
        assert work() == 60
        assert counts() == after


def test_a_token_leaves_the_stock_with_the_write_that_makes_it_a_factor(bank: Bank) -> None:
    one, other = bank.sign_up("赵小明"), bank.sign_up("钱红")
    take_in(bank, ["TK0001", "TK0002", "TK0003"])
    spoil("token", ["TK0003"], reason="外壳破损", staff_id=TELLER, now=bank.clock.now())
    factor_id = give_token(bank, one, "TK0001")
    assert state(bank, "TK0001") == ("issued", BRANCH)
    assert counts() == {"received": 3, "in_stock": 1, "issued": 1, "spoiled": 1}
    with unchanged(bank):
        for serial, code in (
            ("TK0001", "blank_issued"),
            ("TK0003", "blank_spoiled"),
            ("TK0009", "blank_not_in_stock"),
            ("tk0002", "blank_not_in_stock"),
        ):
            assert refused(lambda serial=serial: give_token(bank, other, serial)) == code
        # and one that the customer may not have stays in stock
        assert refused(lambda: give_token(bank, one, "TK0002")) == "factor_held_already"
    # its history says who did what, where and when
    steps = stock.steps_of("token", "TK0001")
    assert [(row["action"], row["from_state"], row["to_state"]) for row in steps] == [
        ("receive", "none", "in_stock"),
        ("issue", "in_stock", "issued"),
    ]
    assert {(row["staff_id"], row["branch_id"], row["at"]) for row in steps} == {
        (TELLER, BRANCH, clock.to_text(bank.clock.now()))
    }
    assert (steps[0]["note"], steps[1]["customer_id"], steps[1]["factor_id"]) == (
        "DN-2026-01",
        one.customer_id,
        factor_id,
    )
    assert [row["note"] for row in stock.steps_of("token", "TK0003")] == ["DN-2026-01", "外壳破损"]


@pytest.mark.requirement("NB-5.3.6")
def test_a_lost_token_stays_issued_and_a_revoked_one_is_never_issued_again(bank: Bank) -> None:
    person, now = bank.sign_up("赵小明"), bank.clock.now()
    take_in(bank, ["TK0001", "TK0002"])
    factor_id = give_token(bank, person, "TK0001")
    report_loss(person.customer_id, factor_id, now)
    assert state(bank, "TK0001") == ("issued", BRANCH)
    done("factor.lift_loss", customer_id=person.customer_id, factor_id=factor_id)
    assert state(bank, "TK0001") == ("issued", BRANCH)
    revoke_factor(person.customer_id, factor_id, teller_id=TELLER, now=now)
    assert counts() == {"received": 2, "in_stock": 1, "cancelled": 1}
    with unchanged(bank):
        assert refused(lambda: give_token(bank, person, "TK0001")) == "blank_cancelled"
        back = lambda: give_back("token", ["TK0001"], reason="退回", staff_id=TELLER, now=now)  # noqa: E731  # said twice
        assert refused(back) == "blank_used"
        assert refused(lambda: send_on(bank, ["TK0002", "TK0001"])) == "blank_cancelled"
        held = lambda: spoil("token", ["TK0001"], reason=" ", staff_id=TELLER, now=now)  # noqa: E731  # the same
        assert refused(held) == "blank_malformed"
    # given back by its customer, it is destroyed
    spoil("token", ["TK0001"], reason="客户交回，已销毁", staff_id=TELLER, now=now)
    assert refused(lambda: spoil("token", ["TK0001"], reason="again", staff_id=TELLER, now=now)) == "blank_spoiled"
    assert counts() == {"received": 2, "in_stock": 1, "spoiled": 1}


@pytest.mark.requirement("NB-5.3.4")
def test_a_token_that_takes_the_place_of_an_ended_one_cancels_it(bank: Bank) -> None:
    person = bank.sign_up("赵小明")
    take_in(bank, ["TK0001", "TK0002", "TK0003"])
    give_token(bank, person, "TK0001")
    for serial in ("TK0002", "TK0003"):
        bank.clock.advance(dt.timedelta(days=1100))
        give_token(bank, person, serial)
    assert counts() == {"received": 3, "cancelled": 2, "issued": 1}


def forget_stock(bank: Bank) -> None:
    """As before there was a stock ledger."""
    keys = {
        "BlanksTable": ["blank_id"],
        "BlankStepsTable": ["blank_id", "step"],
        "BlankCountsTable": ["branch_id", "kind"],
    }
    for table, names in keys.items():
        for row in table_items(bank, table):
            key = {name: {"S": row[name]} for name in names}
            aws.dynamodb().delete_item(TableName=bank.references[table], Key=key)


def test_a_token_from_before_there_was_stock_can_be_ended(bank: Bank) -> None:
    person = bank.sign_up("赵小明")
    factor_id = give_token(bank, person, bank.blank("token"))
    forget_stock(bank)
    revoke_factor(person.customer_id, factor_id, teller_id=TELLER, now=bank.clock.now())
    next_id = give_token(bank, person, bank.blank("token"))
    rows = [row for row in table_items(bank, "FactorsTable") if row.get("customer_id") == person.customer_id]
    states = {row["factor_id"]: row["state"] for row in rows if row.get("method") == "token"}
    assert states == {factor_id: "revoked", next_id: "active"}


def test_what_was_issued_before_there_was_stock_enters_it_as_issued(bank: Bank) -> None:
    people = [bank.sign_up("赵小明") for _ in range(3)]
    take_in(bank, ["TK0001", "TK0002", "TK0003"])
    ids = [give_token(bank, person, f"TK000{i}") for i, person in enumerate(people, 1)]
    report_loss(people[0].customer_id, ids[0], bank.clock.now())
    revoke_factor(people[2].customer_id, ids[2], teller_id=TELLER, now=bank.clock.now())
    apply(bank, people[2], "usb_key", bank.blank("usb_key"))
    forget_stock(bank)
    with unchanged(bank):
        assert bank_command(["factor", "adopt-blanks", EAST_TELLER]) == NOT_DONE
    assert bank_command(["factor", "adopt-blanks", TELLER]) == WHOLE
    assert counts() == {"received": 2, "issued": 2}
    assert counts(kind="usb_key") == {"received": 1, "issued": 1}
    with unchanged(bank):
        assert adopt_blanks(staff_id=TELLER, now=bank.clock.now()) == 0
        assert refused(lambda: take_in(bank, ["TK0002"], reference="DN-9")) == "blank_known"
    revoke_factor(people[0].customer_id, ids[0], teller_id=TELLER, now=bank.clock.now())
    assert counts() == {"received": 2, "issued": 1, "cancelled": 1}


@pytest.mark.requirement("NB-5.3.7")
def test_a_failed_download_keeps_the_usb_key(bank: Bank) -> None:
    person, other = bank.sign_up("赵小明"), bank.sign_up("钱红")
    key = bank.blank("usb_key")
    factor_id = apply(bank, person, "usb_key", key)
    assert apply(bank, person, "usb_key", key) == factor_id
    assert counts(kind="usb_key") == {"received": 1, "issued": 1}
    assert [row["action"] for row in stock.steps_of("usb_key", key)] == ["receive", "issue"]
    with unchanged(bank):
        assert refused(lambda: apply(bank, other, "usb_key", key)) == "blank_issued"
    # the key itself is broken: another takes its place, and it was never in use
    second = bank.blank("usb_key")
    assert apply(bank, person, "usb_key", second) == factor_id
    assert counts(kind="usb_key") == {"received": 2, "issued": 1, "cancelled": 1}
    now = bank.clock.now()
    give_back("usb_key", [key], reason="未启用，检测正常", staff_id=TELLER, now=now)
    assert counts(kind="usb_key") == {"received": 2, "issued": 1, "in_stock": 1}
    apply(bank, other, "usb_key", key)
    # and the one that stayed is downloaded
    code = download_code(bank, person, factor_id)
    assert download(bank, bank.log_in(person), factor_id, code, Signer().request_pem()).status == 201
    assert counts(kind="usb_key") == {"received": 2, "issued": 2}


def test_a_revoked_application_gives_back_the_key_and_a_revoked_certificate_does_not(bank: Bank) -> None:
    person, now = bank.sign_up("赵小明"), bank.clock.now()
    first, second = bank.blank("usb_key"), bank.blank("usb_key")
    revoke_factor(person.customer_id, apply(bank, person, "usb_key", first), teller_id=TELLER, now=now)
    assert counts(kind="usb_key") == {"received": 2, "in_stock": 1, "cancelled": 1}
    give_back("usb_key", [first], reason="客户取消申请", staff_id=TELLER, now=now)
    factor_id = apply(bank, person, "usb_key", second)
    code = download_code(bank, person, factor_id)
    assert download(bank, bank.log_in(person), factor_id, code, Signer().request_pem()).status == 201
    revoke_factor(person.customer_id, factor_id, teller_id=TELLER, now=now)
    assert refused(lambda: give_back("usb_key", [second], reason="x", staff_id=TELLER, now=now)) == "blank_used"
    # a certificate in the phone has no blank
    certified(bank, person, bank.log_in(person))
    assert counts(kind="usb_key") == {"received": 2, "in_stock": 1, "cancelled": 1}


@pytest.mark.requirement("NB-5.3.4")
def test_the_same_key_gets_its_next_certificate(bank: Bank) -> None:
    person, key = bank.sign_up("赵小明"), bank.blank("usb_key")

    def certify(signer: Signer) -> str:
        factor_id = apply(bank, person, "usb_key", key)
        code = download_code(bank, person, factor_id)
        assert download(bank, bank.log_in(person), factor_id, code, signer.request_pem()).status == 201
        return factor_id

    first = certify(Signer())
    bank.clock.set(dt.datetime(2028, 11, 21, tzinfo=clock.SHANGHAI))  # when it has ended
    old = Signer()
    second = certify(old)
    assert counts(kind="usb_key") == {"received": 1, "issued": 1}
    # the first one's row ends without its key, which has another certificate by now
    revoke_factor(person.customer_id, first, teller_id=TELLER, now=bank.clock.now())
    assert counts(kind="usb_key") == {"received": 1, "issued": 1}
    # renewed online it stays issued, and ends with the last
    bank.clock.set(dt.datetime(2030, 10, 22, tzinfo=clock.SHANGHAI))
    pem = Signer().request_pem()
    body = {"request": pem, "signature": old.sign(pem.encode())}
    renewed = bank.request("POST", f"/v1/factors/{second}/renewal", body, token=bank.log_in(person))
    assert renewed.status == 201, renewed
    assert counts(kind="usb_key") == {"received": 1, "issued": 1}
    revoke_factor(person.customer_id, renewed.body["factor_id"], teller_id=TELLER, now=bank.clock.now())
    assert counts(kind="usb_key") == {"received": 1, "cancelled": 1}
    now = bank.clock.now()
    assert refused(lambda: give_back("usb_key", [key], reason="x", staff_id=TELLER, now=now)) == "blank_used"


def test_a_count_finds_what_was_changed_by_hand(bank: Bank) -> None:
    take_in(bank, ["TK0001", "TK0002"])
    assert recount().findings == []
    force(bank, "BlankCountsTable", {"branch_id": BRANCH, "kind": "token"}, in_stock=3)
    assert recount().findings == [
        "0001 token in_stock: counter 3, rows 2",
        "0001 token: what came and what is there differ",
    ]
    force(bank, "BlankCountsTable", {"branch_id": BRANCH, "kind": "token"}, in_stock=2)
    force(bank, "BlanksTable", {"blank_id": "token#TK0001"}, state="spoiled")
    assert recount().findings[0] == "token#TK0001: its state is not where its steps lead"
    force(bank, "BlanksTable", {"blank_id": "token#TK0001"}, state="in_stock")
    key = {"blank_id": {"S": "token#TK0001"}}
    aws.dynamodb().delete_item(TableName=bank.references["BlanksTable"], Key=key)
    assert "token#TK0001: a history without a blank" in recount().findings


def test_an_operator_works_from_the_command_line(bank: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    def run(line: str) -> int:
        return bank_command(["blank", *line.split()])

    assert run("receive token 0001 DN-7 --first TK0001 --last TK0010 --by T0001") == WHOLE
    assert run("move token 0001 0002 MV-7 --serial TK0001 --serial TK0002 --by T0001") == WHOLE
    assert run("spoil token 破损 --serial TK0003 --by T0001") == WHOLE
    assert run("history token TK0001") == WHOLE
    assert run("count") == WHOLE
    said = capsys.readouterr().out
    assert "0001 token received=10 moved_in=0 moved_out=2 in_stock=7 issued=0 cancelled=0 spoiled=1" in said
    assert "000002" in said
    assert "in_stock@0001 -> in_stock@0002 T0001 MV-7" in said
    # what cannot be done says why, and ends with another code
    assert run("receive token 0001 DN-8 --first TK0001 --last TK0010 --by T0001") == NOT_DONE
    assert "blank_known" in capsys.readouterr().err
    assert run("return token 退回 --serial TK0004 --by T0001") == NOT_DONE
    assert run("history token TK9999") == NOT_DONE
    force(bank, "BlankCountsTable", {"branch_id": BRANCH, "kind": "token"}, spoiled=0)
    assert run("count") == BROKEN
    assert "spoiled: counter 0, rows 1" in capsys.readouterr().out
