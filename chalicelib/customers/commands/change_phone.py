"""Change the reserved phone, which receives the codes (NB-5.3.7-2, XJ-4.2-phone).

Two proofs: who asks (a strong factor, or a teller who sees the customer), and that the new number is reachable (a
code sent to it). From the change on, codes go to the new number only, and those under way to the old one are void;
the old number is told.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers.errors import PhoneChanged, PhoneUnchanged
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_phone
from chalicelib.staff import service as staff
from chalicelib.stepup import service as stepup
from chalicelib.stepup.commands import prove_phone


def begin(caller: Caller, phone: str, *, given: str | None, correlation_id: str, now: dt.datetime) -> stepup.Challenge:
    """Ask for another number with a strong factor; a code goes to the new one.

    Raises PhoneUnchanged, StepUpRequired, StrongFactorRequired, StepUpLimitReached.
    """
    old = _old_phone(caller.customer_id, phone)
    demand = stepup.Demand(caller, stepup.CHANGE_PHONE, {"phone": phone}, given, correlation_id)
    facts = {"phone": phone, "old_phone": old, "confirmed_by": stepup.require(demand, now)}
    return _prove(caller.customer_id, caller.session_id, facts, correlation_id, now, edition=caller.edition)


def begin_at_counter(
    customer_id: str, phone: str, *, teller_id: str, correlation_id: str, now: dt.datetime
) -> stepup.Challenge:
    """The same at the counter of the customer's branch, where a teller has seen who it is.

    Raises StaffNotEntitled, PhoneUnchanged, StepUpLimitReached; ValueError for what is no mobile number.
    """
    staff.require_teller(teller_id, customers.profile_of(customer_id).branch_id)
    if not customers.is_phone(phone):
        raise ValueError("not a mobile number")
    facts = {"phone": phone, "old_phone": _old_phone(customer_id, phone)}
    return _prove(customer_id, teller_id, facts, correlation_id, now, edition=None)


def complete(caller: Caller, challenge_id: str, code: str, now: dt.datetime) -> None:
    """Enter the code that came to the new number: it is the reserved phone from now on.

    Raises NotFound, CodeWrong and the refusals of `stepup.confirm`; PhoneChanged when another change was quicker;
    FactorNotActive when what the change was asked for by is lost or revoked by now.
    """
    _complete(caller.customer_id, caller.session_id, challenge_id, code, now, session_id=caller.session_id)


def plan_proved(customer_id: str, challenge_id: str, *, teller_id: str) -> customers.Change:
    """The change that this teller began, once the code was right (`prove_phone.prove`), for a second person to approve.

    Raises NotFound, StepUpNotAwaiting, PhoneChanged when the reserved phone changed since it was begun.
    """
    challenge = prove_phone.proved(customer_id, teller_id, challenge_id)
    profile = customers.profile_of(customer_id)
    if profile.phone != challenge.facts["old_phone"]:
        raise PhoneChanged()

    def writes(_: str, at: dt.datetime) -> list[ItemPut | ItemUpdate]:
        return _writes(challenge, prove_phone.proof_used(challenge, at), at, session_id=None)

    # Two numbers may look alike where they are masked: that one is proved and used says that they differ.
    before = {"phone": mask_phone(profile.phone), "proof": "confirmed"}
    after = {"phone": mask_phone(challenge.facts["phone"]), "proof": "used"}
    return customers.Change(profile, before, after, writes)


def complete_at_counter(customer_id: str, challenge_id: str, code: str, *, teller_id: str, now: dt.datetime) -> None:
    """The change that this teller began, by one teller alone."""
    _complete(customer_id, teller_id, challenge_id, code, now, session_id=None)


def _old_phone(customer_id: str, phone: str) -> str:
    old = customers.profile_of(customer_id).phone
    if old == phone:
        raise PhoneUnchanged()
    return old


def _prove(
    customer_id: str, holder: str, facts: dict[str, str], correlation_id: str, now: dt.datetime, *, edition: str | None
) -> stepup.Challenge:
    return stepup.open_challenge(customer_id, holder, stepup.PROVE_PHONE, facts, correlation_id, now, edition=edition)


def _complete(
    customer_id: str, holder: str, challenge_id: str, code: str, now: dt.datetime, *, session_id: str | None
) -> None:
    found = stepup.read_challenge(challenge_id)
    if found is None or found.kind is not stepup.PROVE_PHONE:
        raise NotFound()
    challenge = stepup.claim(customer_id, holder, challenge_id, stepup.Given(stepup.SMS, code), now)
    used = stepup.settlement(challenge, now).set(
        "#state = :used, #used_at = :at", used=s("used"), at=s(clock.to_text(now))
    )
    writes = _writes(challenge, used, now, session_id=session_id)
    # What was asked for by a token or certificate that is lost by now was perhaps asked for by a thief.
    asked_by, asked_at = challenge.facts.get("confirmed_by"), challenge.created_at
    try:
        updates.run_together(stepup.resting_on(customer_id, asked_by, asked_at, writes) if asked_by else writes)
    except updates.Overtaken:
        raise PhoneChanged() from None


def _writes(
    challenge: stepup.Challenge, used: ItemUpdate, now: dt.datetime, *, session_id: str | None
) -> list[ItemPut | ItemUpdate]:
    """The change as parts of one write with the end of its proof, whose stream tells the old number."""
    old, new = challenge.facts["old_phone"], challenge.facts["phone"]
    by = "customer" if session_id else "counter"
    return [
        used,
        *customers.phone_updates(challenge.customer_id, old, new, clock.from_text(challenge.created_at), now),
        audit.event(
            challenge.customer_id,
            audit.PHONE_CHANGED,
            now,
            session_id=session_id,
            old=mask_phone(old),
            new=mask_phone(new),
            by=by,
        ),
    ]
