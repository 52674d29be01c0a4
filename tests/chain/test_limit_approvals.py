"""Limits above the bank's ceiling, and a loss of an account, take two members of staff (XJ-5.3-limit, NB-5.1.5)."""

from __future__ import annotations

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.approvals.errors import ApprovalChangesNothing, ApprovalOutdated, MakerIsChecker
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.limits.commands.change_limits import change_account_limits
from chalicelib.parameters import service as parameters
from chalicelib.platform.errors import AmountMalformed, MalformedRequest, NotFound
from tests.chain.bank import LIMITS, Bank
from tests.chain.probe import account_image
from tests.chain.two_people import ELSEWHERE, MAKER, approved, asked, enter_staff, person


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    enter_staff()
    return shared_bank


@pytest.mark.requirement("XJ-5.3-limit")
@pytest.mark.requirement("NB-5.1.5")
def test_two_people_raise_an_account_above_the_ceiling_in_the_middle_of_a_day(bank: Bank) -> None:
    # given an account that has paid 30.00 today
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "30.00", "key-of-the-payment")
    above_fen = parameters.CEILING_DAY_FEN.default + 1_00
    wish = {"customer_id": payer.customer_id, "account_id": payer.account, "day": f"{above_fen // 100}.00", "count": 30}
    approval = asked("limits.account", wish)
    with pytest.raises(MakerIsChecker):
        approved(approval, checker=MAKER)
    assert account_image(payer.account)["limit_day"] == LIMITS.day_fen
    shown = approvals.show(person("limits.account", MAKER), approval.approval_id)
    assert {c.fact: (c.before, c.after) for c in shown.changes}["count"] == (str(LIMITS.day_count), "30")
    # when a payment passes between request and approval, it is no reason to ask again
    bank.pay(payer, payee, "20.00", "key-of-another-payment")
    approved(approval)
    # then the limit is there, and what was used stays used
    image = account_image(payer.account)
    assert (image["limit_day"], image["limit_count"]) == (above_fen, 30)
    (bucket,) = [name for name in image if name.startswith("day_")]
    assert image[bucket] == above_fen - 50_00


def test_the_owner_is_told_of_a_raised_limit_and_of_a_lowered_one(bank: Bank) -> None:
    owner = bank.sign_up("赵小明")
    for day in ("300000.00", "1.00"):
        approved(asked("limits.customer", {"customer_id": owner.customer_id, "day_outward": day}))
    bank.settle()
    told = [text for text in bank.messages(owner) if "限额" in text]
    assert [("调高限额" in text, "修改限额" in text) for text in told] == [(True, False), (False, True)]


def test_a_limit_that_the_owner_changed_meanwhile_outdates_the_request(bank: Bank) -> None:
    owner = bank.sign_up("赵小明")
    approval = asked("limits.account", {"customer_id": owner.customer_id, "account_id": owner.account, "day": "5.00"})
    change_account_limits(owner.customer_id, owner.account, {"limit_day": 7_00}, may_raise=False)
    with pytest.raises(ApprovalOutdated) as refused:
        approved(approval)
    assert refused.value.facts == {"changed": "day"}
    assert account_image(owner.account)["limit_day"] == 7_00


def test_limits_that_make_no_sense_are_not_asked_for(bank: Bank) -> None:
    owner, other = bank.sign_up("赵小明"), bank.sign_up("钱红")
    whose = {"customer_id": owner.customer_id, "account_id": owner.account}
    with pytest.raises(ApprovalChangesNothing):
        asked("limits.account", whose)
    with pytest.raises(AmountMalformed):
        asked("limits.account", {**whose, "day": "-1"})
    with pytest.raises(MalformedRequest):
        asked("limits.account", {**whose, "count": -1})
    with pytest.raises(NotFound):
        asked("limits.account", {**whose, "account_id": other.account, "day": "5.00"})
    with pytest.raises(NotFound):
        asked("limits.account", {**whose, "day": "5.00"}, maker=ELSEWHERE)
    with pytest.raises(NotFound):
        asked("limits.customer", {"customer_id": "a" * 20, "day_outward": "5.00"})


@pytest.mark.requirement("NB-5.1.5")
def test_two_people_lift_the_loss_of_an_account(bank: Bank) -> None:
    owner = bank.sign_up("赵小明")
    change_state(owner.account, before="open", after="lost")
    approval = asked("account.lift_loss", {"account_id": owner.account})
    with pytest.raises(MakerIsChecker):
        approved(approval, checker=MAKER)
    assert account_image(owner.account)["state"] == "lost"
    approved(approval)
    assert account_image(owner.account)["state"] == "open"


def test_an_account_that_was_frozen_meanwhile_stays_frozen(bank: Bank) -> None:
    owner = bank.sign_up("赵小明")
    change_state(owner.account, before="open", after="lost")
    approval = asked("account.lift_loss", {"account_id": owner.account})
    change_state(owner.account, before="lost", after="frozen")
    with pytest.raises(ApprovalOutdated):
        approved(approval)
    assert account_image(owner.account)["state"] == "frozen"
    with pytest.raises(ApprovalChangesNothing):
        asked("account.lift_loss", {"account_id": owner.account})
