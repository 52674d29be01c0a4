"""The golden list: what each kind of payment comes to when something happens between its creation and its execution.

A row an event, a column a kind. What is confirmed at once meets the event before its confirmation; what is executed
later meets it after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.batches import store as batches
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.orders import store as orders
from chalicelib.platform import clock
from chalicelib.transfers.workers import execute_due_transfers
from tests.chain.bank import Bank, LambdaContext, Person, Reply
from tests.chain.orderers import Orderer, monthly, tick
from tests.chain.probe import force, force_account, force_customer, scheduled

AMOUNT, AMOUNT_FEN, FEE_FEN = "60.00", 60_00, 1_00
DEPOSIT, DEPOSIT_FEN = "1000.00", 1000_00
MS = dt.timedelta(milliseconds=1)
ELSEWHERE = {"payee_account": "6200000000000000017", "payee_name": "钱远方", "payee_bank": "999100000018"}


@dataclass
class Case:
    """A payer with one session, and who is paid."""

    bank: Bank
    payer: Person
    payee: Person
    token: str

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Reply:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.bank.request("POST", path, body, token=self.token, headers=sent)


Finish = Callable[[], str]


def outcome_of(entry_id: str) -> str:
    """An entry's state, and why where it was given back."""
    image = ledger.read_entry(entry_id)
    assert image is not None
    return f"{image['state']} {image['reason']}" if "reason" in image else str(image["state"])


def confirmed(case: Case, created: Reply) -> str:
    assert created.status == 201, created
    reply = case.bank.confirm(case.token, created.body["id"], case.bank.code_for(case.payer, created.body["id"]))
    return str(reply.body["state"]) if reply.status == 200 else str(reply.code)


def created(case: Case, **more: Any) -> Reply:
    reply = case.bank.create(case.token, case.payer, case.payee, AMOUNT, "golden-key-1", **more)
    case.bank.settle()
    return reply


def at_once(case: Case) -> Finish:
    made = created(case)
    return lambda: confirmed(case, made)


def elsewhere(case: Case) -> Finish:
    body = {"payer_account": case.payer.account, "amount": AMOUNT, **ELSEWHERE}
    made = case.post("/v1/transfers", body, idempotency_key="golden-key-1")
    case.bank.settle()
    return lambda: confirmed(case, made)


def scanned(case: Case) -> Finish:
    shown = case.bank.request(
        "POST",
        "/v1/receive-codes",
        {"account": case.payee.account, "amount": AMOUNT},
        token=case.bank.log_in(case.payee),
    )
    body = {"payload": shown.body["payload"], "payer_account": case.payer.account}
    made = case.post("/v1/receive-code-payments", body, idempotency_key="golden-key-1")
    case.bank.settle()
    return lambda: confirmed(case, made)


def later(case: Case) -> Finish:
    made = created(case, speed="normal")
    assert confirmed(case, made) == "pending"

    def finish() -> str:
        arrives = clock.from_text(made.body["arrives_at"])
        case.bank.clock.set(max(arrives, case.bank.clock.now()))
        execute_due_transfers(scheduled(case.bank.clock.now()), LambdaContext())
        return outcome_of(made.body["id"])

    return finish


def ordered(case: Case) -> Finish:
    tomorrow = dt.datetime.combine(
        case.bank.clock.now().astimezone(clock.SHANGHAI).date() + dt.timedelta(days=2), dt.time(8), clock.SHANGHAI
    )
    body = monthly(case.payer, case.payee, amount=AMOUNT, repeat="once", day=0, first_date=f"{tomorrow:%Y-%m-%d}")
    order_id = Orderer(case.bank, case.payer).order(body)

    def finish() -> str:
        case.bank.clock.set(tomorrow)
        tick(case.bank)
        case.bank.settle()
        last = orders.history(order_id)[0]
        return f"{last.kind} {last.code}".strip()

    return finish


def together(case: Case) -> Finish:
    half = {"payee_account": case.payee.account, "payee_name": case.payee.name, "amount": "30.00"}
    body = {"payer_account": case.payer.account, "payments": [{**half, "purpose": word} for word in ("一", "二")]}
    made = Orderer(case.bank, case.payer).confirmed("POST", "/v1/batches", body, idempotency_key="golden-key-1")
    assert made.status == 201, made

    def finish() -> str:
        case.bank.settle()
        found = batches.read(made.body["id"])
        assert found is not None
        (outcome,) = {f"{line.state} {line.code}".strip() for line in found[1]}
        return outcome

    return finish


KINDS: dict[str, Callable[[Case], Finish]] = {
    "at once": at_once,
    "to another bank": elsewhere,
    "scanned code": scanned,
    "normal": later,
    "order": ordered,
    "batch": together,
}


def nothing(_: Case) -> None:
    """The row that shows that each kind would pay."""


def single_limit_lowered(case: Case) -> None:
    force_account(case.bank, case.payer.account, limit_single=29_99)


def day_limit_lowered(case: Case) -> None:
    force_account(case.bank, case.payer.account, limit_day=29_99)


def money_gone(case: Case) -> None:
    force_account(case.bank, case.payer.account, available_fen=29_99)


def payee_closed(case: Case) -> None:
    change_state(case.payee.account, before="open", after="closed")


def payee_renamed(case: Case) -> None:
    force_account(case.bank, case.payee.account, holder="钱虹")


def payer_frozen(case: Case) -> None:
    change_state(case.payer.account, before="open", after="frozen")


def switch_thrown(case: Case) -> None:
    force_customer(case.bank, case.payer, transfers_on=False)


def customer_frozen(case: Case) -> None:
    force_customer(case.bank, case.payer, state="frozen")


def factor_lost(case: Case) -> None:
    report_loss(case.payer.customer_id, "sms", case.bank.clock.now())


def logged_out(case: Case) -> None:
    assert case.bank.request("DELETE", "/v1/sessions/current", token=case.token).status == 204


def fee_raised(case: Case) -> None:
    for whose in ("own", "other"):
        force(case.bank, "ParametersTable", {"name": f"fee.transfer.{whose}_bank_fen"}, value=9_00)


PAID = ("posted", "posted", "posted", "posted", "executed", "paid")
# What is asked for by the same rules everywhere: of an order that may pass, it is tried again that day.
GOLDEN: list[tuple[Callable[[Case], None], tuple[str, ...]]] = []


def row(event: Callable[[Case], None], *outcomes: str) -> None:
    GOLDEN.append((event, outcomes))


row(nothing, *PAID)
row(fee_raised, *PAID)
row(
    single_limit_lowered,
    *["single_limit_exceeded"] * 3,
    "posted",
    "retrying single_limit_exceeded",
    "refused single_limit_exceeded",
)
row(
    day_limit_lowered,
    *["account_day_limit_exceeded"] * 3,
    "posted",
    "retrying account_day_limit_exceeded",
    "refused account_day_limit_exceeded",
)
row(
    money_gone,
    *["insufficient_funds"] * 3,
    "posted",
    "retrying insufficient_funds",
    "refused insufficient_funds",
)
row(
    payee_closed,
    "payee_unavailable",
    "posted",
    "payee_unavailable",
    "returned payee_unavailable",
    "failed payee_unavailable",
    "refused payee_unavailable",
)
row(
    payee_renamed,
    "posted",
    "posted",
    "posted",
    "returned payee_unavailable",
    "failed payee_unavailable",
    "refused payee_unavailable",
)
row(
    payer_frozen,
    *["account_not_active"] * 3,
    "returned account_not_active",
    "failed account_not_active",
    "refused account_not_active",
)
row(
    switch_thrown,
    *["transfers_switched_off"] * 3,
    "returned transfers_switched_off",
    "failed transfers_switched_off",
    "refused transfers_switched_off",
)
row(
    customer_frozen,
    *["customer_not_active"] * 3,
    "returned customer_not_active",
    "failed customer_not_active",
    "refused customer_not_active",
)
row(
    factor_lost,
    *["phone_changed"] * 3,  # codes under way are void, as with another phone
    "posted",
    "failed order_factor_lost",
    "refused batch_factor_lost",
)
row(logged_out, *["session_ended"] * 3, "posted", "executed", "paid")
CASES = [
    pytest.param(event, kind, outcome, id=f"{event.__name__}: {kind}")
    for event, outcomes in GOLDEN
    for kind, outcome in zip(KINDS, outcomes, strict=True)
]


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    for whose in ("own", "other"):
        force(shared_bank, "ParametersTable", {"name": f"fee.transfer.{whose}_bank_fen"}, value=FEE_FEN)
    return shared_bank


@pytest.fixture
def case(bank: Bank) -> Case:
    payer, payee = bank.sign_up("赵小明", deposit=DEPOSIT), bank.sign_up("钱红")
    return Case(bank, payer, payee, bank.log_in(payer))


@pytest.mark.requirement("YQ-4.2.2-xfer")
@pytest.mark.parametrize(("event", "kind", "outcome"), CASES)
def test_the_golden_list(case: Case, event: Callable[[Case], None], kind: str, outcome: str) -> None:
    finish = KINDS[kind](case)
    event(case)

    assert finish() == outcome

    # and exactly what is said to be paid has moved, with the fee that was quoted
    paid = outcome in PAID
    fees_fen = FEE_FEN * (2 if kind == "batch" else 1)
    before = 29_99 + (AMOUNT_FEN + fees_fen if kind == "normal" else 0) if event is money_gone else DEPOSIT_FEN
    assert case.bank.balance(case.payer.account) == (before - AMOUNT_FEN - fees_fen if paid else before)
    assert case.bank.balance(case.payee.account) == (AMOUNT_FEN if paid and kind != "to another bank" else 0)


@pytest.mark.requirement("NB-5.4.1-daily")
@pytest.mark.parametrize("kind", ["at once", "scanned code", "to another bank", "batch"])
def test_what_is_executed_after_midnight_is_of_the_new_day(case: Case, kind: str) -> None:
    # given a payment that is made in the last millisecond of a Shanghai day, whose limits have nothing left
    case.bank.clock.set(dt.datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI))
    case.token = case.bank.log_in(case.payer)
    finish = KINDS[kind](case)
    # when the next day begins
    force_account(case.bank, case.payer.account, day_20261231=0, month_202612=0, year_2026=0)
    case.bank.clock.advance(MS)
    assert finish() in PAID
    # then it takes from the new day, month and year
    image = ledger.read_accounts([case.payer.account])[case.payer.account].image
    assert [
        image[f"limit_{word}"] - image[f"{word}_{period}"]
        for word, period in (
            ("day", "20270101"),
            ("month", "202701"),
            ("year", "2027"),
        )
    ] == [AMOUNT_FEN] * 3
