"""Plan what administrators do about members of staff: appoint, suspend, give another seat, reset (NB-5.2.4, NB-5.2.5).

Nothing here is done by one person: each plan is what a request for approval shows and its approval writes. Each write
ends every session of the member it is about, and holds for the row as it was read. No plan holds a secret: a new
password or token is made when it is handed over (`hand_over`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.identity.commands.unlock import staff_lock
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_name
from chalicelib.staff import domain, store
from chalicelib.staff.commands.appoint import (
    Appointment,
    appointment_writes,
    nobodys_hash,
    require_fit,
    require_free,
    require_seat,
)
from chalicelib.staff.domain import ACTIVE, LEFT, SUSPENDED
from chalicelib.staff.errors import StaffStateUnfit
from chalicelib.staff.service import branch_of
from chalicelib.staff.store import Member

Write = ItemPut | ItemUpdate
Facts = Mapping[str, str]
# Role, level and organisation.
Seat = tuple[str, str, str]

_NO_LOCK = "-"
# Which states may become which.
_BECOMES = {ACTIVE: (SUSPENDED, LEFT), SUSPENDED: (ACTIVE, LEFT), LEFT: ()}


@dataclass(frozen=True, slots=True)
class Signatures:
    """Who asked, who approved, and by which request for approval."""

    approval_id: str
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change of a member, and the writes once two people have signed; `seats` are what both must manage."""

    staff_id: str
    branch_id: str
    before: Facts
    after: Facts
    seats: tuple[Seat, ...]
    changes: Callable[[Signatures, dt.datetime], Sequence[Write]]
    action: str

    def writes(self, by: Signatures, now: dt.datetime) -> list[Write]:
        """The change, that maker and checker may do this, and the record of it. Raises NotFound where one may not."""
        checks = signed(by, self.seats, functions=(domain.STAFF_MANAGE, domain.STAFF_APPROVE))
        noted = audit.staff_event(
            by.checker, self.action, now, on=self.staff_id, maker=by.maker, approval=by.approval_id
        )
        return [*self.changes(by, now), *checks, noted]


def signed(by: Signatures, seats: Sequence[Seat] = (), *, functions: tuple[str, str]) -> list[Write]:
    """That maker and checker may sign this, as they are read now; the maker's row is a condition of the write.

    The checker's is the approval's own (`staff.acting`): one write names a row once. `functions` are what each must
    hold, `seats` what both must manage. Raises NotFound where one does not, and for one person twice.
    """
    if by.maker == by.checker:
        raise NotFound()
    maker, _ = (_signer(one, function, seats) for one, function in zip((by.maker, by.checker), functions, strict=True))
    standing = store.standing_rule(maker.standing)
    return [store.update_of(maker.staff_id).require(store.active_rule(), standing)]


def _signer(staff_id: str, function: str, seats: Sequence[Seat]) -> Member:
    member = store.read(staff_id)
    if member is None or member.state != ACTIVE:
        raise NotFound()
    level = branch_of(member.branch_id).level
    if not any(domain.is_admitted(function, member.role, post, level) for post in member.posts):
        raise NotFound()
    require_manages(member.role, member.branch_id, seats)
    return member


def require_manages(role: str, branch_id: str, seats: Sequence[Seat]) -> None:
    """Raise NotFound unless an administrator of that role there creates and manages each of the seats.

    A seat is role, level and organisation; what is out of scope looks like not there (NB-5.2.5).
    """
    manager = (role, branch_of(branch_id).level)
    for managed, level, where in seats:
        if not domain.is_managed_by(manager, (managed, level)) or not branch_of(where).lies_in(branch_id):
            raise NotFound()


def seat_of(role: str, branch_id: str) -> Seat:
    """A seat as `require_manages` takes it."""
    return role, branch_of(branch_id).level, branch_id


def seats_of(staff_id: str, *more: Seat) -> tuple[Seat, ...]:
    """The seat of a member as they are now, and others that go with it. Raises NotFound."""
    member = _member(staff_id)
    return (seat_of(member.role, member.branch_id), *more)


def plan_appointment(appointment: Appointment, shown: str = "") -> Plan:
    """Give a person a number and a seat; `shown` is their document, masked.

    Raises AppointmentRefused, StaffNumberTaken, StaffPersonTaken.
    """
    require_fit(appointment)
    require_free(appointment)
    after = {**_facts(appointment.name, appointment.branch_id, appointment.role, appointment.posts), "state": ACTIVE}

    def changes(by: Signatures, now: dt.datetime) -> Sequence[Write]:
        due = _due(by, now, with_password=True, with_token=True)
        return appointment_writes(appointment, nobodys_hash(), None, now, due=due)

    return Plan(
        appointment.staff_id,
        appointment.branch_id,
        {"staff_id": appointment.staff_id},
        {"staff_id": appointment.staff_id, **after, "document": shown, "password": "new", "token": "new"},
        (seat_of(appointment.role, appointment.branch_id),),
        changes,
        "staff.appointed",
    )


def _due(by: Signatures, now: dt.datetime, *, with_password: bool = False, with_token: bool = False) -> store.HandOver:
    until = now + dt.timedelta(hours=parameters.value(parameters.STAFF_HAND_OVER_H, now))
    return store.HandOver(by.approval_id, by.maker, clock.to_text(until), with_password, with_token)


def plan_state(staff_id: str, state: str) -> Plan:
    """Suspend, let back, or let go for good: who has left may be given another number, and theirs is never given again.

    Raises NotFound, StaffStateUnfit.
    """
    member = _member(staff_id)
    if state not in _BECOMES[member.state]:
        raise StaffStateUnfit(state=member.state)

    def changes(_: Signatures, __: dt.datetime) -> list[Write]:
        update = _changed(member).set("#state = :new_state", new_state=s(state))
        if state != LEFT or member.document_hash is None:
            return [update]
        return [update, store.person_delete(member.document_hash, member.staff_id)]

    return _plan(member, {"state": state}, changes, f"staff.{state}")


def plan_seat(staff_id: str, role: str, posts: frozenset[str], branch_id: str) -> Plan:
    """Give a member another role, posts or organisation. Raises NotFound, AppointmentRefused, StaffStateUnfit."""
    member = _member(staff_id)
    if member.state == LEFT:
        raise StaffStateUnfit(state=member.state)
    require_seat(role, posts, branch_id)

    def changes(_: Signatures, __: dt.datetime) -> list[Write]:
        update = _changed(member).set("#role = :role, #branch_id = :branch", role=s(role), branch=s(branch_id))
        return [update.set("#posts = :posts", posts={"L": [s(post) for post in sorted(posts)]})]

    plan = _plan(member, _facts(member.name, branch_id, role, posts), changes, "staff.seat_changed")
    # Both the seat that is left and the one that is taken.
    return dataclasses.replace(plan, seats=(*plan.seats, seat_of(role, branch_id)))


def plan_password(staff_id: str) -> Plan:
    """The password is worth nothing any more; a first one is due, to be changed at the next log-in.

    Raises NotFound, StaffStateUnfit.
    """
    member = _at_work(staff_id)

    def changes(by: Signatures, now: dt.datetime) -> list[Write]:
        update = store.due_from_now(_changed(member), _still_due(member, by, now, with_password=True))
        past = [member.password_hash, *member.past_hashes][: parameters.STAFF_PASSWORD_HISTORY.high]
        return [store.changed_password(update, nobodys_hash(), past, int(now.timestamp()), is_first=True)]

    return _plan(member, {"password": "new"}, changes, "staff.password_reset")


def plan_token(staff_id: str) -> Plan:
    """The token is worth nothing any more, and another one is due. Raises NotFound, StaffStateUnfit."""
    member = _at_work(staff_id)

    def changes(by: Signatures, now: dt.datetime) -> list[Write]:
        update = store.due_from_now(_changed(member), _still_due(member, by, now, with_token=True))
        return [update.remove("token_serial", "seed", "token_step")]

    return _plan(member, {"token": "new"}, changes, "staff.token_issued")


def _still_due(
    member: Member, by: Signatures, now: dt.datetime, *, with_password: bool = False, with_token: bool = False
) -> store.HandOver:
    """What is due with this grant, and with an older one that nobody took: the member has nothing of that either."""
    before = member.hand_over
    return _due(
        by,
        now,
        with_password=with_password or (before is not None and before.with_password),
        with_token=with_token or (before is not None and before.with_token),
    )


def plan_unlock(staff_id: str, now: dt.datetime) -> Plan:
    """End the lock after wrong passwords or codes before its time; sessions go on. Raises NotFound, StaffStateUnfit."""
    member = _at_work(staff_id)
    lock = staff_lock(member.staff_id, now)

    def changes(by: Signatures, at: dt.datetime) -> list[Write]:
        unchanged = store.update_of(member.staff_id).require(store.active_rule(), store.standing_rule(member.standing))
        return [unchanged, *lock.writes(at, by=by.checker)]

    plan = _plan(member, {}, changes, "staff.unlocked")
    until = clock.to_local_text(clock.from_epoch(lock.until)) if lock.until else _NO_LOCK
    return dataclasses.replace(
        plan, before={**plan.before, "locked_until": until}, after={**plan.after, "locked_until": _NO_LOCK}
    )


def _plan(
    member: Member, after: Facts, changes: Callable[[Signatures, dt.datetime], Sequence[Write]], action: str
) -> Plan:
    before = {
        "staff_id": member.staff_id,
        **_facts(member.name, member.branch_id, member.role, member.posts),
        "state": member.state,
        "token": member.token_serial or "-",
        # Whatever changed them since outdates the request.
        "standing": str(member.standing),
    }
    seats = (seat_of(member.role, member.branch_id),)
    return Plan(member.staff_id, member.branch_id, before, {**before, **after}, seats, changes, action)


def _facts(name: str, branch_id: str, role: str, posts: frozenset[str]) -> dict[str, str]:
    return {"name": mask_name(name), "branch": branch_id, "role": role, "posts": ",".join(sorted(posts))}


def _changed(member: Member) -> ItemUpdate:
    return store.ended_all(store.update_of(member.staff_id), member.standing)


def _member(staff_id: str) -> Member:
    member = store.read(domain.normal_id(staff_id))
    if member is None:
        raise NotFound()
    return member


def _at_work(staff_id: str) -> Member:
    member = _member(staff_id)
    if member.state != ACTIVE:
        raise StaffStateUnfit(state=member.state)
    return member
