"""Two tellers with their own log-in for tests: one serves the counter, the other one checks."""

from __future__ import annotations

from typing import Any

from chalicelib.counter import store
from chalicelib.platform import clock
from chalicelib.staff import domain
from tests.chain.bank import BRANCH, Bank, Reply
from tests.chain.clerks import Clerk, appoint, branches, log_in
from tests.chain.counter import document

SHOWN = {"kind": "resident_id", "number": document(1).number}


def tellers(bank: Bank, branch_id: str = BRANCH) -> tuple[Clerk, Clerk]:
    """A teller and a checking teller of an organisation, logged in."""
    branches()
    people = (
        appoint(bank, domain.TELLER, branch_id=branch_id),
        appoint(bank, domain.TELLER, domain.CHECKER, branch_id=branch_id),
    )
    for clerk in people:
        log_in(bank, clerk)
    return people


def operator(bank: Bank) -> Clerk:
    """An operator of the head office, logged in."""
    clerk = appoint(bank, domain.OPERATOR)
    log_in(bank, clerk)
    return clerk


def post(bank: Bank, clerk: Clerk, path: str, body: Any) -> Reply:
    """What a teller sends to the counter."""
    return bank.request("POST", f"/v1/staff/counter/{path}", body, token=clerk.token)


def get(bank: Bank, clerk: Clerk, path: str) -> Reply:
    """What a teller reads at the counter."""
    return bank.request("GET", f"/v1/staff/counter/{path}", token=clerk.token)


def seen(bank: Bank, reply: Reply, checker: Clerk) -> Any:
    """What was asked for, as the checker sees it."""
    assert reply.status == 202, reply
    return bank.request("GET", f"/v1/staff/approvals/{reply.body['approval']}", token=checker.token).body


def decided(bank: Bank, reply: Reply, checker: Clerk) -> Reply:
    """The answer to another person's approval of what was asked for."""
    digest = seen(bank, reply, checker)["digest"]
    path = f"/v1/staff/approvals/{reply.body['approval']}/approval"
    return bank.request("POST", path, {"digest": digest}, token=checker.token)


def approved(bank: Bank, reply: Reply, checker: Clerk) -> bool:
    """Whether another approves what was asked for."""
    done = decided(bank, reply, checker)
    assert done.status == 200, done
    return bool(done.body["request"]["state"] == "approved")


def newest_voucher(bank: Bank, clerk: Clerk, branch_id: str = BRANCH) -> Any:
    """The last voucher of the branch's day."""
    number = store.next_number(branch_id, clock.business_date(clock.now()))
    return get(bank, clerk, f"vouchers/{branch_id}-{number.business_date}-{number.place - 1:06d}").body


def printed(bank: Bank, clerk: Clerk, number: str) -> str:
    """A voucher's print."""
    reply = post(bank, clerk, f"vouchers/{number}/prints", None)
    assert reply.status == 201, reply
    return str(reply.body["text"])
