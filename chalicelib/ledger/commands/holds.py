"""Holds: set money aside, then pay part or all of it, or let it go. Balance and every limit move together.

A hold is a journal item like an instruction: `held -> posted | released | expired`. What places one takes
from the limits; what frees money gives back to the same buckets (architecture rule 2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chalicelib.ledger import domain, store
from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import Entry, Leg, PostingFacts, paying_rule
from chalicelib.ledger.errors import HoldExceeded, HoldExpired, HoldNotExpired, HoldNotOpen
from chalicelib.ledger.service import Draft, Posted
from chalicelib.limits import service as limits
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s, to_raw
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.money import decimal_text

HELD, RELEASED, EXPIRED = "held", "released", "expired"
ENDED = (ledger.POSTED, RELEASED, EXPIRED)
_AFTER_HELD = (HELD, *ENDED)

Expiry = store.Expiry
forget_expiry = store.drop_expiry
# What a payment that is set aside by its own entry makes of its payer's update.
set_aside = domain.hold_funds
let_go = domain.release_funds

# Builds the updates of items that other contexts own (the payer's customer record) for a business date.
Others = Callable[[str], tuple[ItemUpdate, ...]]


@dataclass(frozen=True, slots=True)
class Hold:
    """What to set aside. `counted_fen` is what it takes from the limits: 0 where none apply (own accounts).

    `proof` is set where the payer's customer record takes part (`others`): what the payment was confirmed by.
    It is stored, so that whoever frees the money knows which of the customer's counters to give back to.
    """

    hold_id: str
    customer_id: str
    account_id: str
    amount_fen: int
    counted_fen: int
    expires_at: dt.datetime
    purpose: str
    correlation_id: str
    request_digest: bytes
    proof: limits.Proof | None = None


def nobody(_: str) -> tuple[ItemUpdate, ...]:
    """No other context's item takes part."""
    return ()


def place(hold: Hold, others: Others = nobody) -> Posted:
    """Set money aside; a repeat is harmless and answers with the stored item in `replayed`.

    Raises what the account's rules refuse (InsufficientFunds, a limit, AccountNotActive …), TryAgain,
    OutcomeUnknown.
    """
    if not 0 <= hold.counted_fen <= hold.amount_fen or hold.amount_fen == 0:
        raise AmountOutOfRange()

    def plan(now: dt.datetime) -> Draft:
        facts = _facts(now, hold.correlation_id)
        update = ledger.account_update(hold.account_id, payee=False)
        ledger.require_payer(update, hold.customer_id, hold.amount_fen)
        domain.hold_funds(update, hold.amount_fen, facts)
        if hold.counted_fen:
            limits.limit_account(update, facts.business_date, hold.counted_fen)
        item = {
            "entry_id": hold.hold_id,
            "kind": "hold",
            "state": HELD,
            "customer_id": hold.customer_id,
            "payer_account": hold.account_id,
            "amount_fen": hold.amount_fen,
            "counted_fen": hold.counted_fen,
            "held_on": facts.business_date,
            "created_at": facts.posted_at,
            "expires_at": clock.to_text(hold.expires_at),
            "purpose": hold.purpose,
            "correlation_id": hold.correlation_id,
            "request_digest": hold.request_digest,
            "proof": hold.proof.value if hold.proof else None,
        }
        return Draft(
            hold.hold_id,
            facts,
            hold.request_digest,
            ledger.journal_put(item),
            {hold.account_id: update},
            others(facts.business_date),
            _AFTER_HELD,
            # With the hold or not at all, so that none is held for ever.
            (store.expiry_put(hold.hold_id, clock.to_text(hold.expires_at)),),
        )

    return ledger.post(plan)


def release(hold_id: str, others: Others = nobody) -> Posted:
    """Let a hold go: the money and what it took from the limits come back. Raises NotFound, HoldNotOpen.

    The account's state is not asked, here and in `expire`: nothing leaves the account.
    """
    return _free(hold_id, RELEASED, (), others)


def expire(hold_id: str, now: dt.datetime, others: Others = nobody) -> Posted:
    """The same for a hold whose time is over. Raises NotFound, HoldNotOpen, HoldNotExpired."""
    return _free(hold_id, EXPIRED, (over_rule(clock.to_text(now)),), others)


def due_expiries(now: dt.datetime, most_a_part: int) -> Iterator[Expiry]:
    """Rows of holds whose time is over at `now`, whether they are still held or not."""
    return store.due_expiries(clock.to_text(now), most_a_part)


def _free(hold_id: str, state: str, rules: tuple[Rule, ...], others: Others) -> Posted:
    def plan(now: dt.datetime) -> Draft:
        image, account = _read(hold_id)
        facts = _facts(now, image["correlation_id"])
        update = ledger.account_update(account.account_id, payee=False)
        domain.release_funds(update, image["amount_fen"])
        if image["counted_fen"]:
            limits.give_back_account(update, account.image, image["held_on"], image["counted_fen"], whole=True)
        journal = _from_held(hold_id).require(*rules)
        journal.set("#state = :state, #ended_at = :ended", state=s(state), ended=s(facts.posted_at))
        return Draft(
            hold_id,
            facts,
            image["request_digest"],
            journal,
            {account.account_id: update},
            others(image["held_on"]),
            (state,),
        )

    return ledger.post(plan)


def capture(hold_id: str, *, payee_account: str, amount_fen: int, others: Others = nobody) -> Posted:
    """Pay `amount_fen` of a hold to an account; the rest, and its part of the limits, comes back at once.

    The number of transfers stays counted. A freeze or a loss reported since the hold was placed stops it: the
    money stays held until then is over, or the hold is. Raises NotFound, HoldNotOpen, HoldExpired, HoldExceeded,
    AccountNotActive, PayeeUnavailable.
    """

    def plan(now: dt.datetime) -> Draft:
        image, account = _read(hold_id)
        if not 0 < amount_fen <= image["amount_fen"]:
            raise HoldExceeded(held=decimal_text(image["amount_fen"]))
        facts = _facts(now, image["correlation_id"])
        entry = Entry(hold_id, (Leg(account.account_id, -amount_fen), Leg(payee_account, amount_fen)))
        updates = captured_updates(entry, facts, account.account_id, image["amount_fen"])
        rest_fen = max(0, image["counted_fen"] - amount_fen)
        if rest_fen:
            limits.give_back_account(
                updates[account.account_id], account.image, image["held_on"], rest_fen, whole=False
            )
        return Draft(
            hold_id,
            facts,
            image["request_digest"],
            _to_posted(hold_id, entry, facts, amount_fen, payee_account),
            updates,
            others(image["held_on"]),
        )

    done = ledger.post(plan)
    if done.replayed is not None and _captured(done.replayed) != (amount_fen, payee_account):
        raise HoldNotOpen(state=ledger.POSTED)  # paid before, but not this
    return done


def captured_updates(entry: Entry, facts: PostingFacts, payer_id: str, held_fen: int) -> dict[str, ItemUpdate]:
    """The accounts' updates of an entry that is paid from what was set aside; what it does not use is available again.

    An account that was frozen, or reported lost, since then does not pay.
    """
    updates = ledger.account_updates(entry, facts, payer_id)
    updates[payer_id] = ledger.account_update(payer_id, payee=False).require(paying_rule())
    domain.post_legs(updates[payer_id], entry, payer_id, facts, from_hold_fen=held_fen)
    return updates


def _captured(image: Image) -> tuple[int, str]:
    return image["captured_fen"], image["payee_account"]


def _to_posted(hold_id: str, entry: Entry, facts: PostingFacts, amount_fen: int, payee_account: str) -> ItemUpdate:
    raw = to_raw({"postings": ledger.postings_of(entry)})
    journal = _from_held(hold_id).require(in_time_rule(facts.posted_at))
    return journal.set(
        "#state = :posted, #postings = :postings, #posted_at = :posted_at, "
        "#business_date = :business_date, #captured_fen = :captured, #payee_account = :payee",
        posted=s(ledger.POSTED),
        postings=raw["postings"],
        posted_at=s(facts.posted_at),
        business_date=s(facts.business_date),
        captured=n(amount_fen),
        payee=s(payee_account),
    )


def _from_held(hold_id: str) -> ItemUpdate:
    return ledger.journal_update(hold_id).require(open_rule())


def open_rule() -> Rule:
    """Only money that is still held can be paid or freed."""
    return Rule(
        "#state = :held_state",
        {":held_state": s(HELD)},
        lambda image: bool(image["state"] == HELD),
        lambda image: HoldNotOpen(state=image["state"]),
    )


def in_time_rule(posted_at: str) -> Rule:
    """A hold pays only before its time is over."""
    return Rule(
        "#expires_at > :posted_at",
        {":posted_at": s(posted_at)},
        lambda image: bool(image["expires_at"] > posted_at),
        lambda _: HoldExpired(),
    )


def over_rule(now_text: str) -> Rule:
    """A hold expires only after its time is over."""
    return Rule(
        "#expires_at <= :now",
        {":now": s(now_text)},
        lambda image: bool(image["expires_at"] <= now_text),
        lambda _: HoldNotExpired(),
    )


def _read(hold_id: str) -> tuple[Image, ledger.Account]:
    """The hold and its account as they are now; planning again reads again."""
    image = ledger.read_entry(hold_id)
    if image is None or image["kind"] != "hold":
        raise NotFound()
    return image, ledger.read_accounts([image["payer_account"]])[image["payer_account"]]


def _facts(now: dt.datetime, correlation_id: str) -> PostingFacts:
    return PostingFacts(clock.business_date(now), clock.to_text(now), correlation_id)
