"""Confirm a sensitive operation: ask, confirm by a factor, and do just what was confirmed, once.

A route that does something sensitive makes a `Demand` of what it will do. Without a confirmed challenge for just
that, `require` and `write_with` open one and raise StepUpRequired. The app confirms it and sends the same request
again with the header `Step-Up`; the digest is computed anew from what will be done, so a changed byte is refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_operation
from chalicelib.factors.service import Given
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import NotFound
from chalicelib.stepup import domain, store, verifiers
from chalicelib.stepup.domain import (
    BIND_CARD,
    BIND_DEVICE,
    BIND_EMAIL,
    BIND_WECHAT,
    CERTIFICATE,
    CHANGE_ORDER,
    CHANGE_PHONE,
    CREATE_BATCH,
    CREATE_ORDER,
    OPERATIONS,
    PROVE_EMAIL,
    PROVE_PHONE,
    RAISE_LIMITS,
    SMS,
    SWITCH_TRANSFERS_ON,
    TELL_LESS,
    Challenge,
    Facts,
    Operation,
)
from chalicelib.stepup.errors import (
    CodeSendsExhausted,
    CodeTooSoon,
    FactorNotAccepted,
    StepUpAltered,
    StepUpLimitReached,
    StepUpRequired,
    StrongFactorRequired,
)

__all__ = [
    "BIND_CARD",
    "BIND_DEVICE",
    "BIND_EMAIL",
    "BIND_WECHAT",
    "CERTIFICATE",
    "CHANGE_ORDER",
    "CHANGE_PHONE",
    "CREATE_BATCH",
    "CREATE_ORDER",
    "OPERATIONS",
    "PROVE_EMAIL",
    "PROVE_PHONE",
    "RAISE_LIMITS",
    "SMS",
    "SWITCH_TRANSFERS_ON",
    "TELL_LESS",
    "Challenge",
    "Demand",
    "Given",
    "Operation",
    "attempt_rule",
    "challenge_of",
    "claim",
    "confirm",
    "confirmation",
    "confirming_rules",
    "consuming",
    "kinds_for",
    "kinds_of",
    "open_challenge",
    "read_challenge",
    "refusal_of",
    "require",
    "require_spacing",
    "resting_on",
    "send_again",
    "settlement",
    "write_confirmed",
    "write_with",
]

attempt_rule = domain.attempt_rule
_KEPT_AFTER = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Demand:
    """What is about to be done, and the challenge given with the request (header `Step-Up`), if any.

    `factors` are those of the operation's that would do for just this; None for all of them.
    """

    caller: Caller
    operation: Operation
    facts: Facts
    given: str | None
    correlation_id: str
    # The kind of account that it is done on, for the table of entitlements.
    account: str = entitlements.NO_ACCOUNT
    methods: Collection[str] | None = None


def kinds_for(operation: Operation, edition: str | None, account: str) -> list[str]:
    """What a confirmation may name as its factor: `sms`, `token`, `certificate` (YQ-4.1.3)."""
    return kinds_of(entitlements.factors_for(operation.code, edition, account))


def kinds_of(methods: Iterable[str]) -> list[str]:
    """The same of methods; the three that carry a certificate are one kind."""
    return list(dict.fromkeys(factors.factor_of(method) for method in methods))


def require(demand: Demand, now: dt.datetime) -> str:
    """Use up the challenge given, for what has no write that it could ride in; the id of the factor it rested on.

    Raises StepUpRequired, StrongFactorRequired, StepUpLimitReached; TryAgain, OutcomeUnknown.
    """
    return write_with(demand, [], now)


def write_with(demand: Demand, writes: Sequence[ItemPut | ItemUpdate], now: dt.datetime) -> str:
    """Do `writes` and use up the challenge given, all or nothing; the id of the factor it rested on.

    Raises what `require` raises, the refusals of the writes' own rules, and updates.Overtaken when one of the
    writes no longer fits: then the challenge is not used, and the write may be planned again.
    """
    return write_confirmed(demand, lambda _: writes, now)


def write_confirmed(
    demand: Demand, plan: Callable[[Challenge], Sequence[ItemPut | ItemUpdate]], now: dt.datetime
) -> str:
    """The same for writes that keep by what they were confirmed: `plan` is shown the challenge, which is used up."""
    try:
        challenge = _given(demand)
        updates.run_together(_consuming(demand, challenge, plan(challenge), now))
    except StepUpRequired:
        raise refusal_of(demand, now) from None
    return challenge.rests_on


def consuming(demand: Demand, writes: Sequence[ItemPut | ItemUpdate], now: dt.datetime) -> list[ItemPut | ItemUpdate]:
    """`writes`, and the one that uses up the challenge given, which rests on a factor that is there at that moment.

    Raises StepUpRequired without a challenge, here or when the writes are refused for it.
    """
    return _consuming(demand, _given(demand), writes, now)


def _given(demand: Demand) -> Challenge:
    challenge = read_challenge(demand.given) if demand.given is not None else None
    if challenge is None or not challenge.rests_on:
        raise StepUpRequired()
    return challenge


def _consuming(
    demand: Demand, challenge: Challenge, writes: Sequence[ItemPut | ItemUpdate], now: dt.datetime
) -> list[ItemPut | ItemUpdate]:
    caller, id_ = demand.caller, challenge.challenge_id
    digest = domain.digest_of(id_, caller.customer_id, demand.operation.code, demand.facts, challenge.valid_until)
    update = store.update_of(id_)
    update.require(
        domain.usable_rule(caller.customer_id, caller.session_id, digest, challenge.rests_on, clock.to_text(now))
    )
    update.missing = StepUpRequired
    update.set("#state = :used, #used_at = :used_at", used=s(domain.USED), used_at=s(clock.to_text(now)))
    # Lost or revoked between confirming and using: then something else has to confirm it.
    held = (_factor_rule(challenge), factors.unlifted_rule(challenge.confirmed_at))
    still = [replace(rule, refuse=lambda _: StepUpRequired()) for rule in held]
    return [update, *_with_rules(caller.customer_id, still, writes)]


def _factor_rule(challenge: Challenge) -> Rule:
    """The factor that confirmed is still there: for a code by SMS, the phone that it went to (NB-5.3.6)."""
    if challenge.rests_on == factors.SMS_ID:
        return customers.phone_rule(clock.from_text(challenge.created_at))
    return factors.active_rule(challenge.rests_on)


def confirming_rules(challenge: Challenge, now: dt.datetime) -> list[Rule]:
    """What the write that confirms a claimed challenge asks of the customer's record: the factor is still there, and
    for a code by SMS guesses are left; a token's code has asked that in the write that used it up.
    """
    counts = challenge.rests_on == factors.SMS_ID and challenge.counts_guesses
    return [_factor_rule(challenge), *([confirm_operation.guesses_left(now)] if counts else [])]


def resting_on(
    customer_id: str, factor_id: str, since: str, writes: Sequence[ItemPut | ItemUpdate]
) -> list[ItemPut | ItemUpdate]:
    """`writes`, refused with FactorNotActive when the factor (not SMS) they rest on is gone, or was lost `since`."""
    return _with_rules(customer_id, [factors.active_rule(factor_id), factors.unlifted_rule(since)], writes)


def _with_rules(
    customer_id: str, rules: Sequence[Rule], writes: Sequence[ItemPut | ItemUpdate]
) -> list[ItemPut | ItemUpdate]:
    """`writes` with conditions on the customer's record, which one transaction may name only once."""
    record = customers.customer_update(customer_id)
    for write in writes:
        if isinstance(write, ItemUpdate) and (write.table, write.key) == (record.table, record.key):
            write.require(*rules)
            return list(writes)
    return [*writes, record.require(*rules)]


def refusal_of(demand: Demand, now: dt.datetime) -> StepUpRequired:
    """The refusal that asks for a step-up, with a fresh challenge in its facts.

    Raises EditionNotEntitled, StrongFactorRequired, StepUpLimitReached.
    """
    caller = demand.caller
    challenge = open_challenge(
        caller.customer_id,
        caller.session_id,
        demand.operation,
        demand.facts,
        demand.correlation_id,
        now,
        edition=caller.edition,
        account=demand.account,
        methods=demand.methods,
    )
    return StepUpRequired(
        step_up=challenge.challenge_id,
        digest=challenge.digest.hex(),
        valid_until=challenge.valid_until,
        factors=",".join(kinds_of(challenge.factors)),
    )


def open_challenge(
    customer_id: str,
    holder: str,
    operation: Operation,
    facts: Facts,
    correlation_id: str,
    now: dt.datetime,
    *,
    edition: str | None,
    account: str = entitlements.NO_ACCOUNT,
    methods: Collection[str] | None = None,
) -> Challenge:
    """Store a challenge; where an SMS code would do, its stream sends one.

    Which factors would do is the operation's row of the table, for the session's edition (None: asked for at the
    counter) and the kind of account. Raises EditionNotEntitled where none would, StrongFactorRequired when the
    customer holds none of them, StepUpLimitReached; TryAgain (nothing was done), OutcomeUnknown.
    """
    wanted = entitlements.factors_for(operation.code, edition, account)
    if methods is not None:
        wanted = tuple(method for method in wanted if method in methods)
    if not wanted:
        raise EditionNotEntitled()
    # A code to a number or address that is to be proved goes past the phone that may have been lost.
    held = (SMS,) if operation.proves_address else verifiers.factors_held(customer_id, now)
    usable = [method for method in wanted if method in held]
    if not usable:
        raise StrongFactorRequired(factors=",".join(kinds_of(wanted)))
    ends_at = now + dt.timedelta(seconds=parameters.value(parameters.STEP_UP_VALID_S, now))
    valid_until = clock.to_text(ends_at)
    expires_at = int((ends_at + _KEPT_AFTER).timestamp())
    most = parameters.value(parameters.STEP_UP_DAY_MAX, now)
    if not store.count_one(customer_id, clock.business_date(now), most, expires_at):
        raise StepUpLimitReached()
    challenge_id = ids.random_id()
    challenge = Challenge(
        challenge_id=challenge_id,
        customer_id=customer_id,
        holder=holder,
        operation=operation.code,
        facts=dict(facts),
        factors=usable,
        digest=domain.digest_of(challenge_id, customer_id, operation.code, facts, valid_until),
        state=domain.AWAITING,
        tries=0,
        attempt=domain.FIRST_ATTEMPT,
        created_at=clock.to_text(now),
        valid_until=valid_until,
        correlation_id=correlation_id,
    )
    store.put({**asdict(challenge), "expires_at": expires_at})
    return challenge


def read_challenge(challenge_id: str) -> Challenge | None:
    """Any challenge, or None, also for what cannot be an id; for the bank's own side."""
    image = store.read(challenge_id)
    return Challenge.from_image(image) if image and "operation" in image else None


def challenge_of(caller: Caller, challenge_id: str) -> Challenge:
    """The caller's own challenge in this session; raises NotFound for any other."""
    challenge = read_challenge(challenge_id)
    if challenge is None or (challenge.customer_id, challenge.holder) != (caller.customer_id, caller.session_id):
        raise NotFound()
    return challenge


def confirm(caller: Caller, challenge_id: str, given: Given, now: dt.datetime) -> Challenge:
    """Confirm by a factor; the try is claimed before what was given is looked at.

    Raises NotFound (also for another's), StepUpNotAwaiting, StepUpExpired, StepUpTriesExhausted, StepUpAltered,
    FactorNotAccepted, PhoneChanged, CodeGuessesExhausted, and the factor's own refusal (CodeWrong).
    """
    with factors.naming_what_is_usable(caller, now):
        challenge = claim(caller.customer_id, caller.session_id, challenge_id, given, now)
        noted = confirmation(challenge, given, now)
        updates.run_together(_with_rules(caller.customer_id, confirming_rules(challenge, now), [noted]))
    return replace(challenge, state=domain.CONFIRMED)


def confirmation(challenge: Challenge, given: Given, now: dt.datetime) -> ItemUpdate:
    """Note on a claimed challenge what confirmed it, and when."""
    at = clock.to_text(now)
    proof = challenge.proof or factors.code_entered(challenge.digest, challenge.rests_on, challenge.holder, at)
    return settlement(challenge, now).set(
        "#state = :confirmed, #confirmed_by = :factor, #rests_on = :factor_id, #proof = :proof, #confirmed_at = :at",
        confirmed=s(domain.CONFIRMED),
        factor=s(given.factor),
        factor_id=s(challenge.rests_on),
        proof={"B": proof},
        at=s(at),
    )


def claim(customer_id: str, holder: str, challenge_id: str, given: Given, now: dt.datetime) -> Challenge:
    """Take a try and verify what was given; the challenge, which awaits its end, with what it would rest on.

    Raises what `confirm` raises.
    """
    max_tries = parameters.value(parameters.SMS_CODE_TRIES, now)
    update = store.update_of(challenge_id)
    update.require(
        domain.holder_rule(customer_id, holder),
        domain.awaiting_rule(),
        domain.in_time_rule(clock.to_text(now)),
        domain.tries_rule(max_tries),
    )
    challenge = Challenge.from_image(updates.insist(update.set("#tries = #tries + :one", one=n(1))))
    if not challenge.is_true():
        raise StepUpAltered()
    accepted = kinds_of(challenge.factors)
    if given.factor not in accepted:
        raise FactorNotAccepted(factors=",".join(accepted))
    factor_id, signature = verifiers.VERIFIERS[given.factor](challenge, given, max_tries - challenge.tries, now)
    return replace(challenge, rests_on=factor_id, proof=signature)


def settlement(challenge: Challenge, now: dt.datetime) -> ItemUpdate:
    """The end of a challenge whose proof was right, to be told which: one of several at once gets through."""
    return store.update_of(challenge.challenge_id).require(
        domain.holder_rule(challenge.customer_id, challenge.holder),
        domain.awaiting_rule(),
        domain.in_time_rule(clock.to_text(now)),
    )


def send_again(caller: Caller, challenge_id: str, now: dt.datetime) -> Challenge:
    """Send another code; the one before is void. The tries and the time stay what they were.

    Raises NotFound, StepUpNotAwaiting, StepUpExpired, FactorNotAccepted, CodeTooSoon, CodeSendsExhausted.
    """
    challenge = challenge_of(caller, challenge_id)
    if SMS not in challenge.factors:
        raise FactorNotAccepted(factors=",".join(kinds_of(challenge.factors)))
    require_spacing(challenge.attempt, clock.from_text(challenge.created_at), now)
    update = settlement(challenge, now).require(domain.attempt_rule(challenge.attempt))
    return Challenge.from_image(updates.insist(update.set("#attempt = #attempt + :one", one=n(1))))


def require_spacing(attempt: int, created_at: dt.datetime, now: dt.datetime) -> None:
    """Another code may go out: not over the parameter's number, and each its pause after the one before.

    Raises CodeSendsExhausted, CodeTooSoon.
    """
    if attempt >= parameters.value(parameters.SMS_CODE_SENDS, now):
        raise CodeSendsExhausted()
    due = created_at + dt.timedelta(seconds=attempt * parameters.value(parameters.SMS_CODE_PAUSE_S, now))
    if now < due:
        raise CodeTooSoon(seconds=str(-((now - due) // dt.timedelta(seconds=1))))
