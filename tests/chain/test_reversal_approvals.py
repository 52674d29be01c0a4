"""A manual reversal takes two people: its postings are in the approval's own transaction (NB-5.1.5, NB-5.1.6)."""

from __future__ import annotations

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.approvals.errors import ApprovalChangesNothing, ApprovalFailed, ApprovalOutdated, MakerIsChecker
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import reversal_id_of, reverse_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import ids
from chalicelib.platform.errors import NotFound
from chalicelib.staff.errors import StaffPermissionDenied
from tests.chain.bank import Bank
from tests.chain.probe import account_image, force_account
from tests.chain.two_people import CHECKER, ELSEWHERE, MAKER, THIRD, approved, asked, enter_staff, id_of, person

KIND = "entry.reverse"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    enter_staff()
    return shared_bank


@pytest.mark.requirement("NB-5.1.5")
def test_a_transfer_is_reversed_by_two_people(bank: Bank) -> None:
    # given a transfer of 30.00 to the wrong person
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    entry_id = bank.pay(payer, payee, "30.00", ids.random_id())
    day = next(name for name in account_image(payer.account) if name.startswith("day_"))
    left_fen = account_image(payer.account)[day]
    # when one asks for its reversal, nothing moves yet, and the same person cannot approve it
    approval = asked(KIND, {"entry_id": entry_id}, reason="客户误转")
    with pytest.raises(MakerIsChecker):
        approved(approval, checker=MAKER)
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (70_00, 30_00)
    # but another one can
    shown = approvals.show(person(KIND, CHECKER), approval.approval_id)
    assert {change.fact: (change.before, change.after) for change in shown.changes}["state"] == ("posted", "reversed")
    approved(approval)
    # then the money and the limits are back, and the journal says who ordered and who approved it
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (100_00, 0)
    assert account_image(payer.account)[day] == left_fen + 30_00
    mirror = ledger.read_entry(reversal_id_of(entry_id))
    assert mirror is not None
    assert (mirror["ordered_by"], mirror["approved_by"], mirror["purpose"]) == (
        id_of(KIND, MAKER),
        id_of(KIND, CHECKER),
        "客户误转",
    )
    bank.settle()
    with pytest.raises(ApprovalChangesNothing):
        asked(KIND, {"entry_id": entry_id})


def test_of_two_requests_about_one_entry_one_is_done(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    entry_id = bank.pay(payer, payee, "30.00", ids.random_id())
    one, other = (asked(KIND, {"entry_id": entry_id}, maker=maker) for maker in (MAKER, THIRD))
    approved(one)
    with pytest.raises(ApprovalOutdated) as refused:
        approved(other)
    assert refused.value.facts == {"changed": "state"}
    assert bank.balance(payer.account) == 100_00


def test_a_reversal_that_another_way_made_outdates_the_request(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    entry_id = bank.pay(payer, payee, "30.00", ids.random_id())
    approval = asked(KIND, {"entry_id": entry_id})
    reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")
    with pytest.raises(ApprovalOutdated):
        approved(approval)


@pytest.mark.parametrize("trouble", ["spent", "frozen"])
def test_what_cannot_be_taken_back_fails_whole_and_says_why(bank: Bank, trouble: str) -> None:
    # given a payee who has spent the money, or whose account is frozen
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    approval = asked(KIND, {"entry_id": bank.pay(payer, payee, "30.00", ids.random_id())})
    if trouble == "spent":
        bank.pay(payee, payer, "10.00", ids.random_id())
    else:
        force_account(bank, payee.account, state="frozen")
    before = (bank.balance(payer.account), bank.balance(payee.account))
    with pytest.raises(ApprovalFailed) as refused:
        approved(approval)
    # then nothing moved, and the request says why, for good
    cause = {"spent": "insufficient_funds", "frozen": "account_not_active"}[trouble]
    assert refused.value.facts == {"cause": cause}
    found = approvals.read(person(KIND, CHECKER), approval.approval_id)
    assert (found.state, found.failure) == ("failed", cause)
    assert (bank.balance(payer.account), bank.balance(payee.account)) == before


def test_only_posted_entries_are_reversed_and_by_people_of_the_branch(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    waiting = bank.create(token, payer, payee, "1.00", ids.random_id()).body["id"]
    for entry_id, refusal in ((waiting, EntryNotReversible), ("n" * 26, NotFound)):
        with pytest.raises(refusal):
            asked(KIND, {"entry_id": entry_id})
    with pytest.raises(StaffPermissionDenied):
        asked(KIND, {"entry_id": bank.pay(payer, payee, "30.00", ids.random_id())}, maker=ELSEWHERE)


@pytest.mark.requirement("NB-5.1.6")
@pytest.mark.parametrize("is_confirmed", [False, True], ids=["agreed", "returned"])
def test_what_its_payee_returns_is_not_reversed_too(bank: Bank, *, is_confirmed: bool) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红", deposit="100.00")
    entry_id = bank.pay(payer, payee, "30.00", ids.random_id())
    recall = bank.request(
        "POST", f"/v1/transfers/{entry_id}/recall", {"reason": "wrong_payee"}, token=bank.log_in(payer)
    )
    # given a request that was made before
    before = asked(KIND, {"entry_id": entry_id})
    token = bank.log_in(payee)
    path = f"/v1/recalls/{recall.body['id']}/agreement"
    return_id = bank.request("POST", path, {}, token=token).body["transfer"]["id"]
    bank.settle()
    if is_confirmed:
        assert bank.confirm(token, return_id, bank.code_for(payee, return_id)).status == 200
    with pytest.raises(EntryNotReversible):
        asked(KIND, {"entry_id": entry_id})
    with pytest.raises(ApprovalFailed):
        approved(before)
    moved = 0 if is_confirmed else 30_00
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (100_00 - moved, 100_00 + moved)
