"""A small bank in this process, and somebody of each role: visitor, customers by what they confirm with, staff."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from chalicelib.contract import flows
from chalicelib.contract.operations import all_apis
from chalicelib.contract.service import operation_id
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.platform import totp
from chalicelib.platform.http import Operation
from chalicelib.staff import domain
from tests.chain import counter
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank
from tests.chain.clerks import CITY, appoint, branches, log_in
from tests.chain.signers import Signer, certified
from tests.fuzz.known import Known
from tests.fuzz.runs import Role

MONTH, TODAY = "2026-10", "20261121"
SEATS = [(role, post) for role, (_, posts) in domain.SEATS.items() for post in sorted(posts)]
# These end the session of who asks; the roles' own log-ins answer for them.
ENDINGS = {"DELETE /v1/sessions/current", "DELETE /v1/staff/sessions/current"}
# A customer without their factor, or with transfers switched off, does little more: these are asked last.
LAST = {
    "PATCH /v1/accounts/{account_id}/limits",
    "PATCH /v1/limits",
    "POST /v1/devices/{device_id}/loss",
    "POST /v1/factors/{factor_id}/loss",
    "PUT /v1/settings/transfers",
}
SEED = bytes(range(32))
# What two members of staff change.
ASKED = {
    "kind": "parameter.change",
    "payload": {
        "name": "bank.working_hours",
        "value": "08:30-17:00",
        "department": "电子银行部",
        "approver": "主管行长",
    },
    "reason": "按业务部门申请",
}


def operations(*, of: Callable[[Operation], bool], but: Collection[str] = ()) -> list[str]:
    """The ids of the contract's operations that are meant."""
    found = [one for api in all_apis() for one in api.operations if not one.is_page and of(one)]
    labels = [f"{one.method} {one.path}" for one in found]
    return [operation_id(label) for label in labels if label not in but]


class Customer:
    """A customer who confirms by `factor`, and another one to pay to."""

    def __init__(self, bank: Bank, factor: str, edition: str = "professional") -> None:
        self.bank, self.factor, self.edition = bank, factor, edition
        self.person = bank.sign_up("赵小明", deposit="1000000.00")
        self.payee = bank.sign_up("钱红", deposit="100.00")
        self.created: dict[str, bytes] = {}
        self.signer: Signer | None = None
        if factor == "certificate":
            self.signer = certified(bank, self.person, bank.log_in(self.person), "usb_key")
        if factor == "token":
            serial, now = bank.blank("token"), bank.clock.now()
            issue_token(self.person.customer_id, serial=serial, seed=SEED, teller_id=TELLER, now=now)

    def log_in(self) -> str:
        """The access token of a new session."""
        body = {"login_name": self.person.login_name, "password": PASSWORD, "edition": self.edition}
        reply = self.bank.request("POST", "/v1/sessions", body)
        assert reply.status == 201, reply
        return str(reply.body["access_token"])

    def confirm(self, asked: str) -> dict[str, Any] | None:
        """What confirms a transfer or step-up, as the owner of the factor would; None for what nothing is known of."""
        self.bank.settle()
        if self.factor == "certificate" and self.signer is not None and asked in self.created:
            return {"factor": "certificate", "signature": self.signer.sign(self.created[asked])}
        if self.factor == "token":
            self.bank.clock.sleep(totp.STEP_S)
            return {"factor": "token", "code": totp.code_at(SEED, totp.step_at(self.bank.clock.now()))}
        try:
            return {"factor": "sms", "code": self.bank.code_for(self.person, asked)}
        except ValueError:
            return None

    def note(self, body: Any) -> None:
        """Keep what a signature is over, and let the workers work."""
        if isinstance(body, dict) and "canonical" in body and "id" in body:
            self.created[str(body["id"])] = base64.b64decode(body["canonical"])
        if isinstance(body, dict) and "state" in body:
            self.bank.settle()

    @property
    def values(self) -> dict[str, list[Any]]:
        """What a customer knows of."""
        accounts = list(self.person.signed.account_ids)
        return {
            "account_id": accounts,
            "payer_account": accounts,
            "payee_account": [self.payee.account],
            "account": [*accounts, self.payee.account],
            "payee_name": [self.payee.name],
            "name": [self.payee.name],
            "payee_bank": [None],
            "bank_code": [None],
            "factor": [self.factor],
            "factor_id": [""],
            "amount": ["1.00", "12.34"],
            "valid_until": [None],
            "month": [MONTH],
            "login_name": [self.person.login_name],
            "password": [PASSWORD],
            "old_password": [PASSWORD],
            "phone": [self.person.phone],
        }

    @property
    def bodies(self) -> dict[str, list[Any]]:
        """What a customer sends where all fields have to fit each other."""
        transfer = {
            "payer_account": self.person.account,
            "payee_account": self.payee.account,
            "payee_name": self.payee.name,
            "amount": "1.00",
            "factor": self.factor,
        }
        return {
            "POST /v1/transfers": [*[transfer] * 4, {**transfer, "speed": "normal"}],
            "POST /v1/payees": [{"account": self.payee.account, "name": self.payee.name}],
        }


def visitor(bank: Bank, seed: int) -> Role:
    """Whoever has not logged in, and knows a customer's log-in name and password."""
    known = Known(seed, Customer(bank, "sms").values, {})
    return Role("visitor", operations(of=lambda one: one.auth is None), known)


def customer(bank: Bank, seed: int, factor: str, edition: str = "professional") -> tuple[Role, Role]:
    """A customer in an edition, by what they confirm with; and what the same one asks last."""
    who = Customer(bank, factor, edition)
    known = Known(seed, {**who.values, "password": ["Another-Horse-8"]}, who.bodies, who.confirm, who.note)
    asked = operations(of=lambda one: one.entitlement is not None, but=ENDINGS | LAST)
    last = [operation_id(label) for label in sorted(LAST)]
    name = f"customer by {factor}, {edition}"
    return Role(name, asked, known, who.log_in), Role(f"{name}, last", last, known, who.log_in)


class Desk:
    """What members of staff see of each other's requests: who approves one gives the digest of what was looked at."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.digests: dict[str, str] = {}

    def note(self, body: Any) -> None:
        """Keep what an approval is of, and let the workers work."""
        if isinstance(body, dict) and "digest" in body and "request" in body:
            self.digests[str(body["request"]["id"])] = str(body["digest"])
        self.bank.settle()

    def confirm(self, asked: str) -> dict[str, str] | None:
        """The consent of who looked at a request; None for what nobody looked at."""
        return {"digest": self.digests[asked]} if asked in self.digests else None


def seated(bank: Bank, role: str, post: str, known: Known, *, first: bool) -> Role:
    """A member of staff at a seat: with `first` what it is the first seat for, else what it shares with others."""
    clerk = appoint(bank, role, post)
    known.add("staff_id", clerk.staff_id)
    known.add("teller", clerk.staff_id)
    asked = operations(of=lambda one: _may(one, role, post) and is_first_seat(one, role, post) is first, but=ENDINGS)
    return Role(f"{role}, {post}", asked, known, lambda: log_in(bank, clerk))


def _may(operation: Operation, role: str, post: str) -> bool:
    return operation.permission is not None and domain.is_allowed(
        operation.permission, role, {post}, domain.AT_HEAD_OFFICE, {}
    )


def is_first_seat(operation: Operation, role: str, post: str) -> bool:
    """Whether no seat before it may do the operation: what all may do is asked at length by one of them."""
    return next((seat for seat in SEATS if _may(operation, *seat)), None) == (role, post)


def staff_knows(bank: Bank, seed: int) -> Known:
    """What is at the bank for staff to ask about, whoever of them does: what one of them makes, the next one finds."""
    branches()
    customer_id = counter.enter(bank, 1)
    account = counter.account(bank, customer_id)
    counter.sign_up(bank, customer_id, account)
    payer, payee = bank.sign_up("孙建国", deposit="1000.00"), bank.sign_up("钱红")
    entry = bank.pay(payer, payee, "10.00", "fuzz-entry-1")
    bank.settle()
    desk = Desk(bank)
    return Known(
        seed,
        {
            "customer_id": [customer_id, payer.customer_id],
            "account": [account],
            "account_id": [account],
            "reference": ["1"],
            "entry_id": [entry],
            "entry": [entry],
            "branch": [BRANCH],
            "branch_id": [BRANCH, CITY],
            "from_branch": [BRANCH],
            "to_branch": [CITY],
            "date": [TODAY],
            "business_date": [TODAY],
            "date_from": [TODAY],
            "date_to": [TODAY],
            "until": ["20270601"],
            "month": [MONTH],
            "document": [{"kind": "resident_id", "number": counter.document(1).number}],
            "revision": [1, 2],
            "amount": ["1.00", "12.34"],
            "phone": ["13800000009"],
        },
        {"POST /v1/staff/approvals": [ASKED], "POST /v1/staff/counter/tills": [{"cash": "0.00"}]},
        desk.confirm,
        desk.note,
    )


def chains(role: Role) -> list[Role]:
    """The role once for each group of its operations that links lead through, from one that it may do to the next."""
    groups: list[set[str]] = []
    for source, links in flows.LINKS.items():
        begun = operation_id(source)
        ends = {operation_id(link.operation) for link in links}.intersection(role.operations)
        if begun not in role.operations or not ends:
            continue
        group = {begun, *ends}
        met = [other for other in groups if other & group]
        groups = [other for other in groups if other not in met] + [group.union(*met)]
    return [replace(role, operations=[one for one in role.operations if one in group]) for group in groups]


def paying(role: Role) -> Role:
    """The role with what belongs to transfers alone: the rest is the same whatever a customer confirms with."""
    (transfers,) = [chain for chain in chains(role) if "postTransfers" in chain.operations]
    return transfers
