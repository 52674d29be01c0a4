"""Round trips and capacity units of transfers and of a page of movements: counted, never timed."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.bank import RICH_FEN, Customer, at_once, awaiting, new_customer, request_between
from bench.factors import TOKEN_SEED, Signer, certified, give_token
from bench.lines import old_account
from bench.meter import Metered, metered
from bench.rows import Row, whole
from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, totp
from chalicelib.transfers.domain import Instruction

FEE_FEN = 1_50
AMOUNT_FEN = 100_00
PAGE = 20
_FIRST_DATE, _LAST_DATE = "00000000", "99999999"
# What one confirmation and one transfer at once may cost.
CONFIRM_BUDGET = (2, 0, 9)
# A token's seed stays in its own row, and is decrypted by KMS, which is a round trip that is not DynamoDB's.
TOKEN_BUDGET = (3, 1, 9)
ONE_SHOT_BUDGET = (1, 0, 8)


def confirm_cost(payer: Customer, payee: Customer) -> Metered:
    """What confirming one transfer sends."""
    transfer = awaiting(payer, request_between(payer, payee, AMOUNT_FEN))
    with warmed(), metered() as cost:
        transfer.confirm()
    return cost


def certified_cost(payer: Customer, payee: Customer, signer: Signer) -> Metered:
    """What confirming one transfer by certificate sends: the instruction brought the key, so nothing is read."""
    transfer = awaiting(payer, request_between(payer, payee, AMOUNT_FEN, factor=factors.CERTIFICATE))
    signature = signer.sign(Instruction.from_image(transfer.image).canonical())
    given = factors.Given(factors.CERTIFICATE, signature=signature)
    with warmed(), metered() as cost:
        transfer.confirm(given)
    return cost


def token_cost(payer: Customer, payee: Customer, at: dt.datetime) -> Metered:
    """What confirming one transfer by a token's code sends, in the minute `at`: a code is used once."""
    before = clock.use(clock.FixedClock(at))
    try:
        transfer = awaiting(payer, request_between(payer, payee, AMOUNT_FEN, factor=factors.TOKEN))
        given = factors.Given(factors.TOKEN, totp.code_at(TOKEN_SEED, totp.step_at(at)))
        with warmed(), metered() as cost:
            transfer.confirm(given)
    finally:
        clock.use(before)
    return cost


def factor_rows() -> list[Row]:
    """Confirmations by the other factors."""
    payer, payee = new_customer("赵小明", RICH_FEN // 1000), new_customer("钱红")
    signer = certified(payer)
    rows = _costs("transfer.confirm.certificate", CONFIRM_BUDGET, lambda: certified_cost(payer, payee, signer))
    give_token(payer)
    minutes = (clock.now() + dt.timedelta(minutes=i) for i in itertools.count())
    return rows + _costs("transfer.confirm.token", TOKEN_BUDGET, lambda: token_cost(payer, payee, next(minutes)))


def one_shot_cost(owner: Customer) -> Metered:
    """What one transfer at once sends."""
    with warmed(), metered() as cost:
        at_once(owner, AMOUNT_FEN)
    return cost


@contextmanager
def warmed() -> Iterator[None]:
    """Parameters are fresh: each function instance reads them every 30 s, which no transfer pays for."""
    parameters.forget()
    parameters.value(parameters.SMS_CODE_TRIES, clock.now())
    yield


def account_only_cost(payer: Customer, payee: Customer) -> Metered:
    """A posting where no customer-wide rule applies: entry and two accounts, every account limit included."""
    entry_id = ids.random_id(16)
    entry = ledger.Entry(entry_id, (ledger.Leg(payer.account, -AMOUNT_FEN), ledger.Leg(payee.account, AMOUNT_FEN)))
    digest = uuid.uuid4().bytes

    def plan(now: dt.datetime) -> ledger.Draft:
        facts = ledger.PostingFacts(clock.business_date(now), clock.to_text(now), entry_id)
        updates = ledger.account_updates(entry, facts, payer.account)
        ledger.require_payer(updates[payer.account], payer.caller.customer_id, AMOUNT_FEN)
        limits.limit_account(updates[payer.account], facts.business_date, AMOUNT_FEN)
        item = {
            "entry_id": entry_id,
            "kind": "bench",
            "state": ledger.POSTED,
            "request_digest": digest,
            "purpose": "货款",
            "posted_at": facts.posted_at,
            "business_date": facts.business_date,
            "correlation_id": entry_id,
            "postings": ledger.postings_of(entry),
        }
        return ledger.Draft(entry_id, facts, digest, ledger.journal_put(item), updates)

    with metered() as cost:
        ledger.post(plan)
    return cost


@contextmanager
def fee_charged(fee_fen: int) -> Iterator[None]:
    """The fee parameter is above zero inside the `with`."""
    parameters.set_value(parameters.TRANSFER_FEE_FEN.name, fee_fen)
    try:
        yield
    finally:
        parameters.set_value(parameters.TRANSFER_FEE_FEN.name, parameters.TRANSFER_FEE_FEN.default)


def transfer_rows() -> list[Row]:
    """Confirmation, transfer at once, with a fee, to a deferred payee; a posting without the customer's record."""
    payer, payee = new_customer("赵小明", RICH_FEN // 1000), new_customer("钱红")
    # The first transfer of a day opens the buckets; the budget holds for it and for those after it.
    rows = _costs("transfer.one_shot", ONE_SHOT_BUDGET, lambda: one_shot_cost(payer))
    rows += _costs("transfer.confirm", CONFIRM_BUDGET, lambda: confirm_cost(payer, payee))
    # The account of a payee with deferred credit is no part of the write: budgeted as any other, and cheaper.
    merchant = new_customer("兴隆超市", credit=ledger.CREDIT_DEFERRED)
    rows += _costs("transfer.confirm.deferred_payee", CONFIRM_BUDGET, lambda: confirm_cost(payer, merchant))
    with fee_charged(FEE_FEN):
        rows += _costs("transfer.one_shot.fee_charged", ONE_SHOT_BUDGET, lambda: one_shot_cost(payer))
        rows += _costs("transfer.confirm.fee_charged", CONFIRM_BUDGET, lambda: confirm_cost(payer, payee))
    units = max(account_only_cost(payer, payee).write_units for _ in range(2))
    rows.append(Row("transfer.one_shot_account_only.write_units", whole(units), "WCU", 6))
    return rows


def old_account_rows(lines: int) -> list[Row]:
    """The same transfers, and a page of movements, for an account with that many lines."""
    payer, payee = old_account("孙建国", lines), new_customer("李梅")
    mark = f"account_of_{lines}_lines"
    rows = _costs(f"transfer.one_shot.{mark}", ONE_SHOT_BUDGET, lambda: one_shot_cost(payer))
    rows += _costs(f"transfer.confirm.{mark}", CONFIRM_BUDGET, lambda: confirm_cost(payer, payee))
    with metered() as page:
        found, _ = accounts.line_page(payer.account, _FIRST_DATE, _LAST_DATE, PAGE, None)
    assert len(found) == min(lines, PAGE), "the lines are there"
    with metered() as checks:
        customers.require_live_session(payer.caller)
        accounts.account_of(payer.caller.customer_id, payer.account)
    return [
        *rows,
        Row(f"movements.page.{mark}.queries", page.queries(), "queries", 1),
        Row(f"movements.page.{mark}.round_trips", page.round_trips, "round trips", 1),
        Row(f"movements.page.{mark}.read_units", whole(page.read_units), "RCU"),
        Row(f"movements.page.{mark}.access_checks.round_trips", checks.round_trips, "round trips"),
    ]


def _costs(name: str, budget: tuple[int, int, int], measure: Callable[[], Metered]) -> list[Row]:
    """The dearest of three runs, each figure for itself."""
    costs = [measure() for _ in range(3)]
    return [
        Row(f"{name}.round_trips", max(cost.round_trips for cost in costs), "round trips", budget[0]),
        Row(f"{name}.read_units", whole(max(cost.read_units for cost in costs)), "RCU", budget[1]),
        Row(f"{name}.write_units", whole(max(cost.write_units for cost in costs)), "WCU", budget[2]),
    ]
