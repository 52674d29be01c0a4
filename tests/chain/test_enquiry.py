"""Look-ups by staff: what is found and how, masked, within one's scope, and each on record with its purpose."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.counter.commands.court_orders import Freeze, plan_freeze
from chalicelib.counter.court import Document
from chalicelib.counter.domain import People
from chalicelib.ledger.commands.reverse_entry import reversal_id_of, reverse_entry
from chalicelib.platform import clock, updates
from chalicelib.staff import domain as staff
from chalicelib.staff import service as staff_service
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank, Person, Reply
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in
from tests.chain.counter import PHONE, account, document, enter, sign_up
from tests.chain.probe import force, table_items
from tests.chain.signers import certified, confirm_signed, signed

pytestmark = pytest.mark.requirement("NB-5.2.5-op")

PURPOSE = {"purpose": quote("客户来电查询")}
NOBODY = "a" * 20


@pytest.fixture
def office(bank: Bank) -> Clerk:
    """An operator of the head office, logged in; there are branches."""
    branches()
    return logged_in(bank, staff.OPERATOR)


def logged_in(bank: Bank, role: str, branch_id: str = BRANCH) -> Clerk:
    clerk = appoint(bank, role, branch_id=branch_id)
    log_in(bank, clerk)
    return clerk


def get(bank: Bank, clerk: Clerk, path: str, **headers: str) -> Reply:
    return bank.request("GET", f"/v1/staff/{path}", token=clerk.token, headers={**PURPOSE, **headers})


def search(bank: Bank, clerk: Clerk, by: str, value: str, **headers: str) -> Reply:
    body = {"by": by, "value": value}
    path = "/v1/staff/customers/searches"
    return bank.request("POST", path, body, token=clerk.token, headers={**PURPOSE, **headers})


def account_of(bank: Bank, clerk: Clerk, person: Person) -> Reply:
    found = search(bank, clerk, "account", person.account)
    assert found.status == 200, found
    return get(bank, clerk, f"customers/{found.body['customer']}/accounts/{found.body['account']}")


def test_a_customer_is_found_by_whatever_they_bring(bank: Bank, office: Clerk) -> None:
    customer_id = enter(bank, 1)
    savings = account(bank, customer_id)
    login_name = sign_up(bank, customer_id, savings)
    for by, value in (("customer_id", customer_id), ("resident_id", document(1).number), ("login_name", login_name)):
        reply = search(bank, office, by, value)
        assert (reply.status, reply.body) == (200, {"customer": customer_id, "account": None}), by
    found = search(bank, office, "account", savings)
    assert found.body["customer"] == customer_id
    assert savings not in json.dumps(found.body)
    # and what is nobody's is not found, whatever it looks like
    for by, value in (
        ("customer_id", NOBODY),
        ("customer_id", savings),
        ("resident_id", document(2).number),
        ("passport", document(1).number),
        ("login_name", "nobody"),
        ("login_name", savings),
        ("account", "9" * 19),
        ("account", "H-CASH-0001"),
        ("account", "1"),
    ):
        assert search(bank, office, by, value).code == "not_found", (by, value)
    for by, value in (("phone", PHONE), ("account", ""), ("account", "1" * 41), ("login_name", "赵")):
        assert search(bank, office, by, value).code == "malformed_request", (by, value)


def test_a_customers_page_is_masked(bank: Bank, office: Clerk) -> None:
    customer_id = enter(bank, 1)
    savings = account(bank, customer_id)
    login_name = sign_up(bank, customer_id, savings)
    held = account(bank, customer_id)
    assert bank.request("POST", "/v1/sessions", {"login_name": login_name, "password": PASSWORD}).status == 201
    body = get(bank, office, f"customers/{customer_id}").body
    assert (body["name"], body["phone"], body["document_kind"]) == ("*小明", "137****0001", "resident_id")
    number = document(1).number
    assert body["document_number"] == number[:6] + "*" * 8 + number[-4:]
    assert (body["state"], body["edition"], body["branch"]) == ("active", "professional", BRANCH)
    shown = sorted((one["account"], one["right"] or "") for one in body["accounts"])
    assert shown == sorted([(masked(savings), "full"), (masked(held), "")])
    assert [(one["method"], one["state"]) for one in body["factors"]] == [("sms", "active")]
    assert [one["edition"] for one in body["sessions"]] == ["professional"]
    assert body["limits"]["outward_day"] == {"limit": "1000.00", "used": "0.00", "remaining": "1000.00"}
    # then nothing that is masked is there another way
    text = json.dumps(body, ensure_ascii=False)
    for secret in (savings, held, number, PHONE, "13600000000", "赵小明", login_name):
        assert secret not in text, secret


def masked(account_id: str) -> str:
    return account_id[:6] + "*" * 9 + account_id[-4:]


def test_an_account_shows_balance_state_orders_and_newest_lines(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    entry_id = bank.pay(payer, payee, "30.00", "key-enquiry-1")
    bank.settle()
    staff_service.appoint_teller("T0009", "柜员乙", BRANCH, PASSWORD)
    paper = Document("（2026）示01执123号", "示范县人民法院", ("法警0001", "法警0002"))
    freeze = plan_freeze(Freeze(payer.account, paper, "20271120", 100_00), clock.now())
    updates.run_together(freeze.writes(People(TELLER, "T0009", clock.now())))
    body = account_of(bank, office, payer).body
    assert body["account"]["account"] == masked(payer.account)
    assert (body["balance"], body["available"], body["held"]) == ("470.00", "370.00", "100.00")
    (order,) = body["orders"]
    assert (order["amount"], order["until"], order["state"]) == ("100.00", "20271120", "in_force")
    assert [(line["amount"], line["balance"]) for line in body["lines"]] == [("-30.00", "470.00"), ("500.00", "500.00")]
    paid = body["lines"][0]
    assert (paid["counterparty_account"], paid["counterparty_name"], paid["entry"]) == (
        masked(payee.account),
        "*红",
        entry_id,
    )
    assert body["limits"]["day"]["used"] == "30.00"
    assert payer.account not in json.dumps(body)
    assert payee.account not in json.dumps(body)
    # another customer's account is not theirs
    found = search(bank, office, "account", payee.account).body
    for path in (f"{payer.customer_id}/accounts/{found['account']}", f"{payer.customer_id}/accounts/{payer.account}"):
        assert get(bank, office, f"customers/{path}").code == "not_found"


@pytest.mark.requirement("NB-5.1.1")
def test_an_instructions_whole_life(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    signer = certified(bank, payer, token)
    created = bank.create(token, payer, payee, "30.00", "key-life-001", factor="certificate")
    entry_id = created.body["id"]
    before = get(bank, office, f"entries/{entry_id}").body
    assert (before["state"], before["evidence"], before["posted_at"], before["receipt"]) == (
        "awaiting",
        None,
        None,
        None,
    )
    assert confirm_signed(bank, token, created, signed(signer, created)).status == 200
    # given that nothing has followed yet
    posted = get(bank, office, f"entries/{entry_id}").body
    assert (posted["state"], posted["missing"]) == ("posted", ["lines", "receipt", "notification"])
    bank.settle()
    whole = get(bank, office, f"entries/{entry_id}").body
    assert (whole["factor"], whole["tries"], whole["evidence"], whole["unaltered"]) == (
        "certificate",
        1,
        "signature",
        True,
    )
    assert (whole["payer_account"], whole["payee_name"], whole["amount"]) == (masked(payer.account), "*红", "30.00")
    assert whole["missing"] == []
    # then its receipt leads to the same
    number = whole["receipt"]["number"]
    assert get(bank, office, f"receipts/{number}").body == whole
    for wrong in (number[:-1] + str((int(number[-1]) + 1) % 10), number[:-1], "1" * 26, entry_id):
        assert get(bank, office, f"receipts/{wrong}").code == "not_found"
    # when it is reversed, both say so
    reverse_entry(entry_id, reason="客户误转", by="S1", correlation_id="test")
    bank.settle()
    reversed_ = get(bank, office, f"entries/{entry_id}").body
    assert (reversed_["state"], reversed_["reversed_by"]) == ("reversed", reversal_id_of(entry_id))
    mirror = get(bank, office, f"entries/{reversal_id_of(entry_id)}").body
    assert (mirror["kind"], mirror["reverses"], mirror["ordered_by"]) == ("reversal", entry_id, "S1")
    # and one that somebody has changed by hand says that, too
    force(bank, "JournalTable", {"entry_id": entry_id}, payee_name="孙立")
    assert get(bank, office, f"entries/{entry_id}").body["unaltered"] is False
    assert get(bank, office, f"entries/{NOBODY}").code == "not_found"


def test_what_is_out_of_scope_looks_as_if_it_were_not_there(bank: Bank, office: Clerk) -> None:
    here = bank.sign_up("赵小明", deposit="100.00", branch_id=CITY)
    below = bank.sign_up("钱红", deposit="100.00", branch_id=VILLAGE)
    entry_id = bank.pay(here, below, "1.00", "key-scope-001")
    inside = bank.pay(here, bank.sign_up("孙立", branch_id=CITY), "1.00", "key-scope-002")
    bank.settle()
    number = get(bank, office, f"entries/{inside}").body["receipt"]["number"]
    city, village, other = (logged_in(bank, staff.OPERATOR, branch_id) for branch_id in (CITY, VILLAGE, OTHER))
    reference = search(bank, office, "account", here.account).body["account"]
    for clerk, sees_here, sees_below in (
        (office, True, True),
        (city, True, True),
        (village, False, True),
        (other, False, False),
    ):
        expected = {True: 200, False: 404}
        assert get(bank, clerk, f"customers/{here.customer_id}").status == expected[sees_here]
        assert get(bank, clerk, f"customers/{here.customer_id}/accounts/{reference}").status == expected[sees_here]
        assert search(bank, clerk, "login_name", here.login_name).status == expected[sees_here]
        assert search(bank, clerk, "account", here.account).status == expected[sees_here]
        assert search(bank, clerk, "account", below.account).status == expected[sees_below]
        # an entry is seen from either side
        assert get(bank, clerk, f"entries/{entry_id}").status == expected[sees_below]
        assert get(bank, clerk, f"entries/{inside}").status == expected[sees_here]
        assert get(bank, clerk, f"receipts/{number}").status == expected[sees_here]


@pytest.mark.requirement("NB-4-audit")
def test_every_look_is_on_record_before_it_is_taken(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    entry_id = bank.pay(payer, payee, "1.00", "key-record-01")
    bank.settle()
    looks: dict[str, Any] = {
        "search": lambda: search(bank, office, "account", payer.account),
        "read_customer": lambda: get(bank, office, f"customers/{payer.customer_id}"),
        "read_entry": lambda: get(bank, office, f"entries/{entry_id}"),
    }
    shown = {"search": payer.customer_id, "read_entry": ",".join(sorted({payer.customer_id, payee.customer_id}))}
    for name, look in looks.items():
        before = {row["action_key"] for row in table_items(bank, "StaffActionsTable")}
        assert look().status == 200
        rows = [row for row in table_items(bank, "StaffActionsTable") if row["action_key"] not in before]
        assert {(row["action"], row["purpose"], row["staff_id"]) for row in rows} == {
            ("customers.read", "客户来电查询", office.staff_id)
        }
        assert [row["facts"]["operation"] for row in rows if "operation" in row["facts"]] == [name]
        # whose data they were, by ids: no number, name or document is in the log
        assert shown.get(name, payer.customer_id) in {row["on"] for row in rows}
        assert payer.account not in json.dumps(rows, default=str)
    # and a look without a purpose, or that nobody may take, shows nothing
    assert get(bank, office, f"customers/{payer.customer_id}", purpose="").code == "purpose_required"
    assert search(bank, office, "account", payer.account, purpose="%E5").code == "purpose_required"
    administrator = logged_in(bank, staff.SYSTEM_ADMINISTRATOR)
    for path in (f"customers/{payer.customer_id}", f"entries/{entry_id}", "receipts/1"):
        assert get(bank, administrator, path).code == "staff_permission_denied"
        customers_own = bank.request("GET", f"/v1/staff/{path}", token=bank.log_in(payer), headers=PURPOSE)
        assert customers_own.code == "not_logged_in"
    # staff's token, the other way round, opens nothing of a customer's
    assert bank.request("GET", "/v1/accounts", token=office.token).code == "not_logged_in"
