"""A teller takes the proof that a new number is reachable, and what rests on it uses the proof up."""

from __future__ import annotations

import datetime as dt

from chalicelib.factors.service import Given
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.stepup import domain, store
from chalicelib.stepup import service as stepup
from chalicelib.stepup.domain import PROVE_PHONE, SMS, Challenge
from chalicelib.stepup.errors import StepUpNotAwaiting


def prove(customer_id: str, teller_id: str, challenge_id: str, code: str, now: dt.datetime) -> None:
    """A teller enters the code that came to the number to be proved; what rests on it follows (`proof_used`).

    Again, by the same teller, it does nothing. Raises what `confirm` raises.
    """
    found = stepup.read_challenge(challenge_id)
    if found is None or found.kind is not PROVE_PHONE:
        raise NotFound()
    if found.state == domain.CONFIRMED and (found.customer_id, found.holder) == (customer_id, teller_id):
        return
    given = Given(SMS, code)
    challenge = stepup.claim(customer_id, teller_id, challenge_id, given, now)
    updates.together([stepup.confirmation(challenge, given, now)])


def proved(customer_id: str, teller_id: str, challenge_id: str) -> Challenge:
    """The proof of a number that this teller was given. Raises NotFound, StepUpNotAwaiting for one that is no proof
    yet, or was used.
    """
    challenge = stepup.read_challenge(challenge_id)
    if challenge is None or (challenge.customer_id, challenge.holder) != (customer_id, teller_id):
        raise NotFound()
    if challenge.kind is not PROVE_PHONE:
        raise NotFound()
    if challenge.state != domain.CONFIRMED:
        raise StepUpNotAwaiting(state=challenge.state)
    return challenge


def proof_used(challenge: Challenge, now: dt.datetime) -> ItemUpdate:
    """The end of a proof, as a part of the write that it was given for. Its stream tells the old number."""
    update = store.update_of(challenge.challenge_id).require(
        domain.holder_rule(challenge.customer_id, challenge.holder), domain.proved_rule()
    )
    return update.set("#state = :used, #used_at = :at", used=s(domain.USED), at=s(clock.to_text(now)))
