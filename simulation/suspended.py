"""The books of suspensions: what was announced, when it holds, and that nothing new of it happens meanwhile.

When a notice holds is reckoned from its own writes. Every function instance is to act by just that, to the millisecond:
whatever is published holds a minute later, and by then all of them know.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.maintenance import windows as board
from simulation.announced import Announced
from simulation.engine import Changed, Image
from simulation.images import text
from simulation.policy import REQUEST
from simulation.routes import OF_BATCHES, OF_CODES, OF_ORDERS, OF_TRANSFERS, OTHER_BANKS, Route, Scopes

BOARD = "maintenance.board"
PLANNED, NOTHING = "planned", "nothing"
# From when on what is published holds, how long before its start what is planned is published, and the room that a
# batch needs after the end not to count as under way.
AHEAD, LEAD, MADE_WITHIN = dt.timedelta(seconds=60), dt.timedelta(hours=72), dt.timedelta(minutes=15)


def _time(image: Image, name: str) -> dt.datetime | None:
    return dt.datetime.fromisoformat(image[name]["S"]) if name in image else None


def _moment(image: Image, name: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text(image, name))


@dataclass(frozen=True, slots=True)
class Window:
    """What holds from `since` to just before `until`."""

    notice_id: str
    scope: str
    since: dt.datetime
    until: dt.datetime

    def holds_at(self, at: dt.datetime) -> bool:
        return self.since <= at < self.until


@dataclass(slots=True)
class Version:
    """A notice, or another version of one. `ends_at` is as announced at first; `off_at` when it was withdrawn or
    replaced, as published, and `off_since` when that was written.
    """

    notice_id: str
    scope: str
    title: str
    published_at: dt.datetime
    starts_at: dt.datetime
    ends_at: dt.datetime
    shortened_at: dt.datetime | None = None
    withdrawn_at: dt.datetime | None = None
    off_at: dt.datetime | None = None
    off_since: dt.datetime | None = None

    @property
    def ends(self) -> dt.datetime:
        """When it ends, as customers are told."""
        return self.ends_at if self.shortened_at is None else self.shortened_at + AHEAD

    def window(self) -> Window | None:
        """What it suspends; None where it never does."""
        since, until = max(self.starts_at, self.published_at + AHEAD), self.ends
        if self.off_at is not None:
            until = min(until, self.off_at + AHEAD)
        return Window(self.notice_id, self.scope, since, until) if self.scope != NOTHING and since < until else None


class Suspended:
    """Notices by id. `began` is when who acts now began: a request on its machine, or a worker."""

    def __init__(
        self, broken: Callable[[str], None], now: Callable[[], dt.datetime], began: Callable[[], dt.datetime]
    ) -> None:
        self._broken, self._now, self._began = broken, now, began
        self.versions: dict[str, Version] = {}
        self.windows: list[Window] = []
        self.counts: Counter[str] = Counter()
        self._board: tuple[Window, ...] = ()
        self._is_touched = False
        self._valid_until: dict[str, dt.datetime] = {}
        self.announced = Announced(broken, now, began, self.versions)

    # ---- what was decided ------------------------------------------------------------------------------
    def begin_write(self) -> None:
        """Forget the write before."""
        self._is_touched = False

    def notice(self, change: Changed) -> None:
        """A notice as it is from this write on."""
        old, new = change.old, change.new
        if new is None:
            self._broken("a notice was removed")
            return
        self._is_touched = True
        if old is None:
            self._published(new)
        else:
            self._went_on(old, new)

    def parameter(self, change: Changed) -> None:
        """The row by which instances know."""
        if change.new is not None and text(change.new, "name") == BOARD:
            self._is_touched = True
            told = json.loads(change.new["value"]["S"])
            self._board = tuple(
                Window(one["notice_id"], one["scope"], *map(dt.datetime.fromisoformat, (one["since"], one["until"])))
                for one in told
            )

    def end_write(self) -> None:
        """The board says what was announced and is not over, and no more than it has room for."""
        if not self._is_touched:
            return
        self.windows = [window for version in self.versions.values() if (window := version.window()) is not None]
        if len(self._board) > board.MAX_WINDOWS:
            self._broken(f"the board holds {len(self._board)} windows of {board.MAX_WINDOWS}")
        now = self._now()
        for window in self.windows:
            if window.until > now and window not in self._board:
                self._broken(f"the board lacks {window}")
        for window in self._board:
            if window not in self.windows:
                self._broken(f"the board says {window}, which nobody announced")

    def _published(self, new: Image) -> None:
        version = Version(
            text(new, "notice_id"),
            text(new, "scope"),
            text(new, "title_en"),
            _moment(new, "published_at"),
            _moment(new, "starts_at"),
            _moment(new, "ends_at"),
        )
        self.versions[version.notice_id] = version
        is_planned, at = text(new, "kind") == PLANNED, version.published_at
        in_time = at <= version.starts_at - LEAD if is_planned else at < version.ends_at
        if not in_time or not self._is_of_now(at):
            self._broken(f"notice {version.notice_id} was published at {at}: {new}")
        self.counts["notice_changed" if "replaces" in new else f"notice_{text(new, 'kind')}"] += 1

    def _went_on(self, old: Image, new: Image) -> None:
        """It was told, or else: withdrawn, replaced or ended early, once, by what was published before its end."""
        version = self.versions[text(new, "notice_id")]
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)} - {"told"}
        if not changed:
            return
        at = _time(new, "withdrawn_at") if "withdrawn_at" in changed else _time(new, "shortened_at")
        if "replaced_by" in changed:
            at = self.versions[text(new, "replaced_by")].published_at
        if at is None or version.off_at is not None or at >= version.ends or not self._is_of_now(at):
            self._broken(f"notice {version.notice_id} went from {old} to {new}")
            return
        if "shortened_at" in changed:
            if version.shortened_at is not None or at < version.starts_at or at + AHEAD >= version.ends:
                self._broken(f"notice {version.notice_id} was ended early, from {old} to {new}")
            version.shortened_at = at
            self.counts["notice_ended_early"] += 1
        else:
            version.off_at, version.off_since = at, self._now()
            version.withdrawn_at = at if "withdrawn_at" in changed else None
            self.counts["notice_withdrawn"] += "withdrawn_at" in changed
        if _moment(new, "ends_at") != version.ends:
            self._broken(f"notice {version.notice_id} ends at {text(new, 'ends_at')}, not at {version.ends}")

    def _is_of_now(self, at: dt.datetime) -> bool:
        """Whether what is written now can have been decided then."""
        return self._now() - REQUEST <= at <= self._now()

    # ---- what is stopped, and what is not ----------------------------------------------------------------
    def holds(self, scopes: Scopes, at: dt.datetime) -> bool:
        """Whether one of these scopes is suspended at that moment."""
        return any(window.scope in scopes and window.holds_at(at) for window in self.windows)

    def _is_covered(self, scopes: Scopes, first: dt.datetime) -> bool:
        """Whether one was all the time from that moment on: nobody can have found it open."""
        last = self._now()
        ends = [window.until for window in self.windows if first < window.until <= last]
        return all(self.holds(scopes, at) for at in (first, *ends))

    def asked(self, route: Route, at: dt.datetime, *, refused: bool) -> None:
        """What a request was told at the edge; known from what people do."""
        self.counts["refused"] += refused
        # Who has waited for what the instance knows is let in when it is over by then.
        is_right = self.holds(route.stopped_by, at) if refused else not self._is_covered(route.stopped_by, at)
        if not is_right:
            what = "refused" if refused else "let in"
            self._broken(f"{route.method} {route.path} was {what} at {at}; suspended: {self.windows}")

    def entry(self, change: Changed) -> None:
        """A transfer was made, confirmed, or came to its end; those of batches, see `batch`."""
        old, new = change.old, change.new or {}
        if text(new, "kind") != "transfer" or text(old or {}, "state") == "posted" or "batch_id" in new:
            return
        scopes = OF_ORDERS if "order_id" in new else OF_TRANSFERS
        if old is None:
            # These stop the way in; what was begun before is confirmed as any other transfer.
            scopes |= (OF_CODES if "paycode" in new else set()) | ({OTHER_BANKS} if "payee_bank" in new else set())
        before, after = text(old or {}, "state"), text(new, "state")
        if before == "pending":
            self._note_waited(scopes, _moment(new, "arrives_at"))
        self.new(f"transfer {text(new, 'entry_id')} became {after}", scopes)

    def order(self, change: Changed) -> None:
        """A row of an order's history."""
        new = change.new or {}
        kind, what = text(new, "kind"), f"order {text(new, 'order_id')}"
        self.new(f"{what} was {kind}", OF_ORDERS)
        if kind == "missed" and self.windows:
            self._broken(f"{what} missed a date, though no suspension is longer than what is between two")

    def order_due(self, change: Changed) -> None:
        """A row by which an order is found goes when something comes of it."""
        if change.old is not None:
            self._note_waited(OF_ORDERS, dt.datetime.fromisoformat(text(change.old, "due").partition("#")[0]))

    def batch(self, change: Changed) -> None:
        """A batch was confirmed, or one of its lines ended; what would be void by the end counts as under way."""
        old, new = change.old, change.new or {}
        batch_id = text(new, "batch_id")
        if text(new, "place") == "head" and old is None:
            self._valid_until[batch_id] = _moment(new, "valid_until")
            self.new(f"batch {batch_id} was confirmed", OF_BATCHES)
        elif text(new, "place").isdigit() and old is not None and not self._is_under_way(batch_id):
            self.new(f"a line of batch {batch_id} was {text(new, 'state')}", OF_BATCHES)

    def _is_under_way(self, batch_id: str) -> bool:
        ends = [one.ends_at for one in self.versions.values() if one.scope in OF_BATCHES]
        return bool(ends) and self._valid_until[batch_id] <= max(ends) + MADE_WITHIN

    def code(self, change: Changed) -> None:
        """A receive code was shown or withdrawn."""
        if change.new is not None and (change.old is None or text(change.new, "state") == "withdrawn"):
            self.new("a receive code was shown or withdrawn", OF_CODES)

    def recall(self, change: Changed) -> None:
        """A recall was asked for, refused or withdrawn."""
        if change.old is None or text(change.new or {}, "state") in ("refused", "withdrawn"):
            self.new("a recall was asked for, refused or withdrawn", OF_TRANSFERS)

    def new(self, what: str, scopes: Scopes) -> None:
        """Something new was done, by who may only do it while none of these is suspended."""
        if self.windows and self._is_covered(scopes, self._began()):
            self._broken(f"{what} at {self._now()}, begun at {self._began()}, while suspended: {self.windows}")

    def goes_on(self, _: Changed) -> None:
        """Something followed of what was confirmed before: a line, a leg, a receipt."""
        if self.windows and self._is_covered(OF_TRANSFERS, self._began()):
            self.counts["went_on"] += 1

    def _note_waited(self, scopes: Scopes, due: dt.datetime) -> None:
        self.counts["waited"] += self.holds(scopes, due)


SUSPENDED: Mapping[str, Callable[[Suspended, Changed], None]] = {
    "NoticesTable": Suspended.notice,
    "ParametersTable": Suspended.parameter,
    "JournalTable": Suspended.entry,
    "OrderHistoryTable": Suspended.order,
    "OrderDuesTable": Suspended.order_due,
    "BatchesTable": Suspended.batch,
    "PayCodesTable": Suspended.code,
    "RecallsTable": Suspended.recall,
    **dict.fromkeys(("DeferredLegsTable", "MovementsTable", "ReceiptsTable"), Suspended.goes_on),
    "CustomersTable": lambda books, change: books.announced.customer(change),
    "InboxTable": lambda books, change: books.announced.row(change),
}
