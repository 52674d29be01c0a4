"""Hand over a first password and a token that two people have granted: made now, shown once (NB-5.2.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from chalicelib.audit import service as audit
from chalicelib.platform import clock, passwords, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.staff import store
from chalicelib.staff.commands.administer import require_manages, seat_of
from chalicelib.staff.commands.appoint import new_token, temporary_password
from chalicelib.staff.commands.read_staff import member_in_scope
from chalicelib.staff.domain import ACTIVE
from chalicelib.staff.errors import CredentialsNotDue, StaffStateUnfit
from chalicelib.staff.service import acting


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What the member is given; None is what they keep."""

    staff_id: str
    password: str | None = field(repr=False)
    token_uri: str | None = field(repr=False)


def hand_over(caller: StaffCaller, staff_id: str, now: dt.datetime) -> HandedOver:
    """Make what is due and give it to who asked for it, once; the bank keeps a hash and an encrypted seed of it.

    Whoever does not get the answer asks for a reset anew. Raises NotFound (also for whom the caller does not manage),
    CredentialsNotDue, StaffStateUnfit, TryAgain, OutcomeUnknown.
    """
    member = member_in_scope(caller, staff_id)
    require_manages(caller.role, caller.branch_id, (seat_of(member.role, member.branch_id),))
    due = member.hand_over
    if due is None or due.maker != caller.staff_id:
        raise CredentialsNotDue()
    if member.state != ACTIVE:
        raise StaffStateUnfit(state=member.state)
    update = store.update_of(member.staff_id).remove("hand_over")
    update.require(
        store.active_rule(), store.standing_rule(member.standing), store.hand_over_rule(due, clock.to_text(now))
    )
    password = temporary_password() if due.with_password else None
    if password is not None:
        hashed, past = passwords.hash_password(password), list(member.past_hashes)
        store.changed_password(update, hashed, past, int(now.timestamp()), is_first=True)
    token_uri = None
    if due.with_token:
        token, token_uri = new_token(member.staff_id)
        store.with_token(update, token.serial, token.seed)
    noted = audit.staff_action(
        caller, "staff.credentials_handed_over", now, on=member.staff_id, approval=due.approval_id
    )
    updates.together([update, acting(caller), noted])
    return HandedOver(member.staff_id, password, token_uri)
