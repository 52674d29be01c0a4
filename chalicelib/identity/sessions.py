"""A customer's live sessions: list them, end them, keep them few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.identity import domain, session_store
from chalicelib.identity.session_store import Session
from chalicelib.parameters import service as parameters
from chalicelib.platform import updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule
from chalicelib.platform.errors import NotFound, TryAgain

MAX_ATTEMPTS = 8
# So many ended sessions are noted on the customer's record at most when a new one begins; beyond that the record
# says instead that all before the new one are ended. So it stays small however often somebody logs in and out.
MAX_NOTED = 6

Choose = Callable[[Sequence[Session]], Sequence[Session]]


@dataclass(frozen=True, slots=True)
class Along:
    """What is written together with the end of sessions: `rules` are for the customer's record, which the end updates.

    Every rule has a refusal: what a breach of one without it means is that sessions changed meanwhile.
    """

    writes: Sequence[ItemPut | ItemUpdate]
    rules: Sequence[Rule] = ()


def live_sessions(customer_id: str, now: dt.datetime) -> list[Session]:
    """The customer's sessions that go on, the oldest first: not ended, not idle for too long, not past their end."""
    longest = dt.timedelta(seconds=parameters.SESSION_MAX_S.high)
    return session_store.live(customer_id, domain.session_id(now - longest, ""), int(now.timestamp()))


def end_sessions(
    customer_id: str,
    except_session: str | None = None,
    *,
    now: dt.datetime,
    by: str = "bank",
    along: Along | None = None,
) -> int:
    """End all of a customer's sessions but one; how many there were.

    From the moment this returns no request of theirs is served and none can move money. `by` says in the
    owner's log who or what ended them. What goes `along` is written with the ending, all or nothing, also where no
    session goes on. Raises TryAgain when they kept changing meanwhile, NotFound for nobody's id, what the rules of
    `along` refuse, OutcomeUnknown.
    """

    def others(live: Sequence[Session]) -> Sequence[Session]:
        return [session for session in live if session.session_id != except_session]

    return _end(customer_id, others, audit.SESSION_REVOKED, now, along, by=by)


def end_sessions_with(
    along: Along, customer_id: str, except_session: str | None = None, *, now: dt.datetime, by: str = "bank"
) -> int:
    """Make the writes of `along`, which no log-in under way survives, and end all sessions but one in the same write.

    A session that began while that was planned, by what was good until then, is ended by a second look. Raises what
    `end_sessions` raises.
    """
    ended = end_sessions(customer_id, except_session, now=now, by=by, along=along)
    return ended + end_sessions(customer_id, except_session, now=now, by=by)


def end_session(
    customer_id: str, session_id: str, kind: audit.Kind = audit.SESSION_REVOKED, *, now: dt.datetime, **facts: str
) -> bool:
    """End one session at once; False when the customer has no such live session. Raises TryAgain."""

    def named(live: Sequence[Session]) -> Sequence[Session]:
        return [session for session in live if session.session_id == session_id]

    return _end(customer_id, named, kind, now, None, **facts) == 1


def keep_newest(customer: customers.Customer, begun: str, now: dt.datetime) -> int:
    """After the log-in that began session `begun`: end the oldest beyond the number allowed; how many they were.

    It looks after the new session was written, so that of several log-ins at once the last one sees them all. None
    ends itself or a newer one: where several began in one instant, one too many may stay until the next log-in.
    Raises TryAgain.
    """
    is_full = customers.ended_sessions(customer, now) >= MAX_NOTED
    most = 1 if is_full else parameters.value(parameters.SESSIONS_MAX, now)
    for _ in range(MAX_ATTEMPTS):
        live = live_sessions(customer.customer_id, now)
        since = min([begun, *(one.session_id for one in live[-most:])])
        ending = [one for one in live if one.session_id < since]
        if not (ending or is_full):
            return 0
        if _write_end(customer, ending, audit.SESSION_REVOKED, now, {"by": "newer"}, since=since):
            return len(ending)
    raise TryAgain()


def _end(
    customer_id: str, choose: Choose, kind: audit.Kind, now: dt.datetime, along: Along | None, **facts: str
) -> int:
    for _ in range(MAX_ATTEMPTS):
        ending = choose(live_sessions(customer_id, now))
        if not (ending or along):
            return 0
        customer = customers.customer_of(customer_id)
        if customer is None:
            raise NotFound()
        if _write_end(customer, ending, kind, now, facts, along=along):
            return len(ending)
    raise TryAgain()


def _write_end(
    customer: customers.Customer,
    ending: Sequence[Session],
    kind: audit.Kind,
    now: dt.datetime,
    facts: Mapping[str, str],
    *,
    since: str | None = None,
    along: Along | None = None,
) -> bool:
    """One transaction: the sessions' rows, what stops their access tokens, the owner's log, and what goes along.

    False when one of them was renewed or ended since it was read. Raises what the rules of `along` refuse.
    """
    items: list[ItemPut | ItemUpdate] = [session_store.end_of(session) for session in ending]
    items += [
        audit.event(customer.customer_id, kind, now, session_id=one.session_id, device_id=one.device_id, **facts)
        for one in ending
    ]
    tokens_die_at = {one.session_id: one.access_until for one in ending}
    items += customers.ended_updates(customer, tokens_die_at, now, since=since, rules=along.rules if along else ())
    items += along.writes if along else ()
    try:
        updates.run_together(items)
    except updates.Overtaken:
        return False
    return True
