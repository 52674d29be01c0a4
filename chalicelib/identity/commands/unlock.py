"""Staff end a lock before its time (XJ-4.2-pw), as a part of the approval that decides it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.identity import attempts_store, store, tries
from chalicelib.identity.attempts_store import Subject
from chalicelib.identity.domain import normal_name
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The locks of a customer as they were read: whose, and until when, in epoch seconds."""

    branch_id: str
    subjects: Sequence[Subject]
    locked: Mapping[str, int]

    def writes(self, now: dt.datetime, *, by: str) -> list[ItemPut | ItemUpdate]:
        """Each lock ends, if it still is the one that was read; the customer's log says by whom."""
        return [
            write
            for subject in self.subjects
            if subject.key in self.locked
            for write in attempts_store.anew_writes(subject, self.locked[subject.key], None, now, by=by)
        ]


def plan_unlock(customer_id: str, now: dt.datetime) -> Unlocking:
    """The locks of a customer's log-in, also on bound devices, that last at `now`. Raises NotFound."""
    customer, profile = customers.customer_of(customer_id), customers.find_profile(customer_id)
    if customer is None or profile is None:
        raise NotFound()
    subjects = tries.all_of(customer)
    locked = {subject.key: attempts_store.read(subject).locked_until for subject in subjects}
    lasting = {key: until for key, until in locked.items() if until > int(now.timestamp())}
    return Unlocking(profile.branch_id, subjects, lasting)


@dataclass(frozen=True, slots=True)
class StaffLock:
    """The lock of a member's log-in as it was read; `until` is its end in epoch seconds, 0 where there is none."""

    subject: Subject
    until: int

    def writes(self, now: dt.datetime, *, by: str) -> list[ItemPut | ItemUpdate]:
        """The lock ends, if it still is the one that was read; the staff's log says by whom."""
        return attempts_store.anew_writes(self.subject, self.until, None, now, by=by) if self.until else []


def staff_lock(staff_id: str, now: dt.datetime) -> StaffLock:
    """The lock of a member's log-in that lasts at `now`."""
    subject = tries.of_staff(staff_id, staff_id)
    until = attempts_store.read(subject).locked_until
    return StaffLock(subject, until if until > int(now.timestamp()) else 0)


def customer_named(login_name: str) -> str:
    """The customer with that log-in name or account number, for staff who unlock; raises NotFound."""
    customer_id = store.customer_by_login_name(normal_name(login_name))
    if customer_id is None:
        raise NotFound()
    return customer_id
