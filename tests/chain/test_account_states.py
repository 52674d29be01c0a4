"""What an account does in each of its states: every cell of the table in docs/ledger.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.ledger.domain import STATES
from chalicelib.platform import ids
from chalicelib.platform.errors import Refusal
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import State, state_of

HELD_FEN, PAID_FEN = 30_00, 10_00
DONE = "done"


@dataclass
class World:
    """An account with 100.00 that `owner` has, and somebody else with as much."""

    bank: Bank
    owner: Person
    other: Person

    def to_state(self, state: str) -> None:
        """Bring the owner's account there from open; what may not be closed stays open, and says so."""
        if state == "closed":
            self.empty()
        if state != ledger.OPEN:
            change_state(self.owner.account, before=ledger.OPEN, after=state)

    def empty(self) -> None:
        """Pay out all that is available, as customers do before they close an account."""
        rest_fen = ledger.read_accounts([self.owner.account])[self.owner.account].available_fen
        if rest_fen:
            holds.capture(self.hold(rest_fen), payee_account=self.other.account, amount_fen=rest_fen)

    def hold(self, amount_fen: int) -> str:
        """Set the owner's money aside for an hour; the hold's id."""
        hold_id = ids.random_id(16)
        until = self.bank.clock.now() + dt.timedelta(hours=1)
        holds.place(
            Hold(
                hold_id, self.owner.customer_id, self.owner.account, amount_fen, 0, until, "", "test", hold_id.encode()
            )
        )
        return hold_id

    def paid(self, payer: Person, payee: Person) -> str:
        """An entry from one to the other, made while both are open; its id."""
        key = "key-" + ids.random_id()
        return self.bank.pay(payer, payee, "10.00", key)


@pytest.fixture
def world(shared_bank: Bank) -> World:
    owner, other = (shared_bank.sign_up(name, deposit="100.00") for name in ("赵小明", "钱红"))
    shared_bank.settle()
    return World(shared_bank, owner, other)


# Each prepares while the account is open, and gives what is then tried in the state.
Operation = Callable[[World], Callable[[], object]]


def credit(world: World) -> Callable[[], object]:
    return lambda: world.bank.deposit(world.owner.account, PAID_FEN)


def debit(world: World) -> Callable[[], object]:
    token = world.bank.log_in(world.owner)

    # Creation judges by the rules of the posting (tests/chain/test_refusal_order.py).
    return lambda: world.bank.create(token, world.owner, world.other, "0.01", "key-" + ids.random_id())


def place(world: World) -> Callable[[], object]:
    return lambda: world.hold(1)


def capture(world: World) -> Callable[[], object]:
    hold_id = world.hold(HELD_FEN)
    return lambda: holds.capture(hold_id, payee_account=world.other.account, amount_fen=PAID_FEN)


def release(world: World) -> Callable[[], object]:
    hold_id = world.hold(HELD_FEN)
    return lambda: holds.release(hold_id)


def expire(world: World) -> Callable[[], object]:
    hold_id = world.hold(HELD_FEN)
    return lambda: holds.expire(hold_id, world.bank.clock.now() + dt.timedelta(hours=1))


def reversal_taking(world: World) -> Callable[[], object]:
    entry_id = world.paid(world.other, world.owner)
    return lambda: reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")


def reversal_giving(world: World) -> Callable[[], object]:
    entry_id = world.paid(world.owner, world.other)
    return lambda: reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")


STOPPED = "account_not_active"
NOT_TO_IT = "payee_unavailable"
# An account with money set aside is not closed, so its holds never meet a closed account.
NOT_CLOSED = "account_state_change_refused"

# In the order of STATES: open, dormant, frozen, lost, closed.
TABLE: dict[Operation, tuple[str, ...]] = {
    credit: (DONE, NOT_TO_IT, DONE, DONE, NOT_TO_IT),
    debit: (DONE, STOPPED, STOPPED, STOPPED, STOPPED),
    place: (DONE, STOPPED, STOPPED, STOPPED, STOPPED),
    capture: (DONE, STOPPED, STOPPED, STOPPED, NOT_CLOSED),
    release: (DONE, DONE, DONE, DONE, NOT_CLOSED),
    expire: (DONE, DONE, DONE, DONE, NOT_CLOSED),
    reversal_taking: (DONE, STOPPED, STOPPED, DONE, STOPPED),
    reversal_giving: (DONE, NOT_TO_IT, DONE, DONE, NOT_TO_IT),
}
CELLS = [
    (operation, state, outcome)
    for operation, outcomes in TABLE.items()
    for state, outcome in zip(STATES, outcomes, strict=True)
]


def tried(work: Callable[[], object]) -> str:
    """`done`, or the refusal's code."""
    try:
        answer = work()
    except Refusal as refusal:
        return refusal.code
    return answer.code if isinstance(answer, Reply) and answer.status != 201 else DONE


def money(bank: Bank) -> State:
    """Accounts and customers; an instruction that was refused leaves nothing in the journal either."""
    found = state_of(bank)
    return {name: found[name] for name in ("AccountsTable", "JournalTable", "CustomersTable")}


@pytest.mark.requirement("XJ-5.3-loss")
@pytest.mark.parametrize(
    ("operation", "state", "outcome"), CELLS, ids=[f"{operation.__name__}-{state}" for operation, state, _ in CELLS]
)
def test_each_operation_in_each_state(world: World, operation: Operation, state: str, outcome: str) -> None:
    # given what was begun while the account was open
    then = operation(world)
    # when its state changes
    change = tried(lambda: world.to_state(state))
    before = money(world.bank)
    # then the operation does what the table says, and a refusal changes nothing
    assert (change if change != DONE else tried(then)) == outcome
    assert (money(world.bank) == before) == (outcome != DONE)


def test_a_hold_is_captured_after_the_freeze_is_lifted(world: World) -> None:
    captured = capture(world)
    world.to_state("frozen")
    assert tried(captured) == STOPPED
    change_state(world.owner.account, before="frozen", after="open")
    assert tried(captured) == DONE
    assert world.bank.balance(world.owner.account) == 90_00


def test_money_that_a_hold_frees_in_a_frozen_account_stays_there(world: World) -> None:
    released, paid = release(world), debit(world)
    world.to_state("frozen")
    assert tried(released) == DONE
    assert world.bank.balance(world.owner.account) == 100_00
    assert tried(paid) == STOPPED
