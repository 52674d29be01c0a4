"""Races over transfers on a real engine: what must hold when many phones press the button at once."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from chalicelib.customers.commands.sign_up import AccountWish, SignUp, sign_up
from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.identity.errors import LoginRefused
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, ids, settings
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import to_image
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Request
from tests.engine.conftest import BRANCH, TELLER

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

PASSWORD = "Correct-Horse-7"
THREADS = 16
OUTWARD_FEN = 5_000_000_00
WIDE = AccountLimits(
    single_fen=50_000_00, day_fen=10_000_000_00, day_count=10_000, month_fen=10_000_000_00, year_fen=10_000_000_00
)


@dataclass(frozen=True)
class Customer:
    """A customer with one account and a session."""

    name: str
    login_name: str
    account: str
    caller: Caller


def customer(name: str, deposit_fen: int, limits: AccountLimits = WIDE, outward_fen: int = OUTWARD_FEN) -> Customer:
    """Sign up, pay in, and give a session as a log-in would."""
    login_name = "c" + ids.random_id()
    now = clock.now()
    signed = sign_up(
        SignUp(
            name=name,
            phone="13900000001",
            branch_id=BRANCH,
            login_name=login_name,
            password=PASSWORD,
            limit_outward_fen=outward_fen,
            accounts=(AccountWish("savings", ledger.RIGHT_FULL, limits),),
        ),
        teller_id=TELLER,
        at=now,
    )
    (account,) = signed.account_ids
    if deposit_fen:
        deposit_cash(
            account_id=account,
            branch_id=BRANCH,
            amount_fen=deposit_fen,
            reference=uuid.uuid4().hex,
            teller_id=TELLER,
            at=now,
        )
    return Customer(name, login_name, account, Caller(signed.customer_id, ids.random_id(), "professional"))


def created(payer: Customer, payee: Customer, amount_fen: int) -> str:
    """An instruction that awaits its code; its id."""
    request = Request(payer.account, payee.account, payee.name, amount_fen, "CNY", "")
    return str(create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image["entry_id"])


def confirmed(payer: Customer, entry_id: str, code: str | None = None) -> str:
    """Confirm with the right code unless given another; `posted`, `hit`, or the refusal's code."""
    image = ledger.read_entry(entry_id)
    assert image is not None
    right = factors.confirmation_code(image["digest"], image["attempt"])
    try:
        done = confirm_transfer(payer.caller, entry_id, factors.Given(factors.SMS, code or right), clock.now())
    except Refusal as refusal:
        return refusal.code
    return "hit" if done.hit else "posted"


def together(work: Callable[[int], str], times: int) -> Counter[str]:
    """Run `work` that often on 16 threads; outcomes by number."""
    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(work, range(times)))


def available(account_id: str) -> int:
    """The account's available balance in fen."""
    return ledger.read_accounts([account_id])[account_id].available_fen


@pytest.mark.requirement("NB-5.1.1")
def test_one_instruction_confirmed_by_many_at_once_moves_money_once() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entry_id = created(payer, payee, 100_00)

    # five tries are all there are, so five confirmations race and the others find no try left or it done
    outcomes = together(lambda _: confirmed(payer, entry_id), 16)

    assert outcomes["posted"] == 1
    assert set(outcomes) <= {"posted", "hit", "transfer_tries_exhausted", "transfer_not_awaiting"}
    assert (available(payer.account), available(payee.account)) == (900_00, 100_00)


def test_funds_for_ten_let_exactly_ten_of_forty_pass() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    # created while the money is there: only the posting's own condition can refuse
    entries = [created(payer, payee, 100_00) for _ in range(40)]

    outcomes = together(lambda i: confirmed(payer, entries[i]), 40)

    assert outcomes == {"posted": 10, "insufficient_funds": 30}
    assert (available(payer.account), available(payee.account)) == (0, 1_000_00)


@pytest.mark.requirement("XJ-5.3-limit")
def test_a_daily_limit_for_ten_lets_exactly_ten_of_forty_pass() -> None:
    limits = AccountLimits(
        single_fen=100_00, day_fen=1_000_00, day_count=1000, month_fen=100_000_00, year_fen=100_000_00
    )
    payer, payee = customer("赵小明", 100_000_00, limits), customer("钱红", 0)
    entries = [created(payer, payee, 100_00) for _ in range(40)]

    outcomes = together(lambda i: confirmed(payer, entries[i]), 40)

    assert outcomes == {"posted": 10, "account_day_limit_exceeded": 30}
    assert available(payee.account) == 1_000_00


@pytest.mark.requirement("NB-5.4.1-daily")
def test_a_customers_daily_limit_for_ten_lets_exactly_ten_of_forty_pass() -> None:
    payer, payee = customer("赵小明", 100_000_00, outward_fen=1_000_00), customer("钱红", 0)
    entries = [created(payer, payee, 100_00) for _ in range(40)]

    outcomes = together(lambda i: confirmed(payer, entries[i]), 40)

    assert outcomes == {"posted": 10, "customer_day_limit_exceeded": 30}
    assert available(payee.account) == 1_000_00


@pytest.mark.requirement("XJ-5.3-limit")
def test_a_count_limit_for_ten_lets_exactly_ten_of_forty_pass() -> None:
    limits = AccountLimits(
        single_fen=100_00, day_fen=100_000_00, day_count=10, month_fen=100_000_00, year_fen=100_000_00
    )
    payer, payee = customer("赵小明", 100_000_00, limits), customer("钱红", 0)
    entries = [created(payer, payee, 1) for _ in range(40)]

    outcomes = together(lambda i: confirmed(payer, entries[i]), 40)

    assert outcomes == {"posted": 10, "account_day_count_exceeded": 30}


def test_money_is_conserved_when_everybody_pays_everybody() -> None:
    people = [customer(name, 1_000_00) for name in ("赵", "钱", "孙", "李", "周", "吴", "郑", "王")]
    pairs = [(people[i % 8], people[(i + 1 + i // 8) % 8]) for i in range(160)]
    pairs = [(payer, payee) for payer, payee in pairs if payer is not payee]
    entries = [(payer, created(payer, payee, 37_00)) for payer, payee in pairs]

    outcomes = together(lambda i: confirmed(*entries[i]), len(entries))

    # nobody is refused for contention, and nothing is lost or made
    assert set(outcomes) <= {"posted", "insufficient_funds"}
    balances = [available(person.account) for person in people]
    assert sum(balances) == 8 * 1_000_00
    assert min(balances) >= 0


def test_parallel_guesses_get_five_tries_in_all() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entry_id = created(payer, payee, 100_00)
    image = ledger.read_entry(entry_id)
    assert image is not None
    right = factors.confirmation_code(image["digest"], image["attempt"])
    wrong = "000000" if right != "000000" else "000001"

    outcomes = together(lambda _: confirmed(payer, entry_id, wrong), 40)

    assert outcomes == {"code_wrong": 5, "transfer_tries_exhausted": 35}
    assert confirmed(payer, entry_id) == "transfer_tries_exhausted"
    assert available(payer.account) == 1_000_00


@pytest.mark.requirement("XJ-4.2-pw")
def test_parallel_password_guesses_lock_after_five() -> None:
    person = customer("赵小明", 0)
    parameters.set_value("login.captcha_after", 10)

    def guess(i: int) -> str:
        try:
            identity.log_in(person.login_name, f"wrong-{i}", clock.now())
        except LoginRefused as refusal:
            return refusal.code
        return "in"

    assert together(guess, 12) == {"login_refused": 12}
    # locked now: even the right password is refused, and looks the same
    with pytest.raises(LoginRefused):
        identity.log_in(person.login_name, PASSWORD, clock.now())
    # and its owner is told once
    assert kinds_of(person).count("locked") == 1


@pytest.mark.requirement("XJ-4.2-pw")
def test_of_parallel_guesses_three_pass_before_the_captcha() -> None:
    person = customer("钱红", 0)
    parameters.set_value("login.captcha_after", 3)

    def guess(i: int) -> str:
        with pytest.raises(Refusal) as caught:
            identity.log_in(person.login_name, f"wrong-{i}", clock.now())
        return caught.value.code

    found = together(guess, 12)
    parameters.set_value("login.captcha_after", 10)  # as the other races have it
    assert found == {"login_refused": 3, "captcha_required": 9}
    assert "locked" not in kinds_of(person)


def kinds_of(person: Customer) -> list[str]:
    rows = aws.dynamodb().query(
        TableName=settings.table("security_events"),
        KeyConditionExpression="customer_id = :owner",
        ExpressionAttributeValues={":owner": {"S": person.caller.customer_id}},
    )
    return [str(to_image(row)["kind"]) for row in rows["Items"]]


def test_one_idempotency_key_sent_by_many_makes_one_instruction() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    key = uuid.uuid4().hex
    request = Request(payer.account, payee.account, payee.name, 100_00, "CNY", "")

    def send(_: int) -> str:
        made = create_transfer(payer.caller, key, request, "test", clock.now())
        return "hit" if made.hit else "created"

    assert together(send, 24) == {"created": 1, "hit": 23}


def test_a_refresh_token_exchanged_by_many_gives_one_grant_at_most() -> None:
    person = customer("赵小明", 0)
    grant = identity.log_in(person.login_name, PASSWORD, clock.now())

    def renew(_: int) -> str:
        try:
            identity.renew(grant.refresh_token, clock.now())
        except Refusal as refusal:
            return refusal.code
        return "renewed"

    outcomes = together(renew, 8)
    assert outcomes["renewed"] <= 1
    assert outcomes["renewed"] + outcomes["refresh_refused"] == 8
