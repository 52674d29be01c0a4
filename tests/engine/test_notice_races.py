"""Notices that are decided on at once on a real engine: what instances know is what stands, and each ends one way."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import pytest

from chalicelib.approvals.domain import Approval
from chalicelib.maintenance import domain, service, store, windows
from chalicelib.maintenance.domain import Notice
from chalicelib.parameters.commands.change_rider import read_rider
from chalicelib.platform import clock, updates
from chalicelib.platform.errors import Refusal
from tests.chain.two_people import CHECKER, THIRD, approved, asked, enter_staff, notice_of
from tests.engine.test_transfer_races import together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.1.8-5"),
]

ROUNDS = 4


@pytest.fixture(autouse=True)
def staffed() -> None:
    """Staff, and nothing on the board: what was ended stays on it for a minute, and ten notices fill it."""
    enter_staff()
    if board():
        updates.run_together([read_rider(service.BOARD).write(windows.board_text(()))])


def board() -> dict[str, windows.Window]:
    """What every instance is to know."""
    found = windows.read_board(read_rider(service.BOARD).text)
    assert len({window.notice_id for window in found}) == len(found)
    return {window.notice_id: window for window in found}


def known(notice_id: str) -> Notice:
    notice = store.read(notice_id)
    assert notice is not None
    return notice


def outcome(approval: Approval, checker: str = CHECKER) -> str:
    try:
        return approved(approval, checker=checker).state
    except Refusal as refusal:
        return str(refusal.facts.get("cause") or refusal.code)


def at_once(requests: Sequence[Approval], times: int, *checkers: str) -> Counter[str]:
    """What came of so many approvals at once, of each request in turn, by each checker in turn."""
    who = checkers or (CHECKER,)
    return together(lambda i: outcome(requests[i % len(requests)], who[i % len(who)]), times)


def running(minutes: int = -30) -> str:
    """A special case that goes on for two hours."""
    wish = {**notice_of(clock.now(), kind="urgent", minutes=minutes), "scope": "cards"}
    return approved(asked("notice.publish", wish)).approval_id


def cleared(*notice_ids: str) -> None:
    """What a test leaves is withdrawn, so that the board stays short."""
    for notice_id in notice_ids:
        if known(notice_id).state_at(clock.to_text(clock.now())) in (domain.COMING, domain.RUNNING):
            approved(asked("notice.withdraw", {"notice_id": notice_id}))


def test_publications_and_a_change_at_once_lose_none_of_them() -> None:
    for _ in range(ROUNDS):
        first = approved(asked("notice.publish", {**notice_of(clock.now(), days=5), "scope": "cards"})).approval_id
        wishes = [{**notice_of(clock.now(), days=6 + place), "scope": "cards"} for place in range(3)]
        requests = [asked("notice.publish", wish) for wish in wishes]
        requests.append(
            asked("notice.change", {**notice_of(clock.now(), days=9), "scope": "settings", "notice_id": first})
        )
        # each is decided on by two at once, the same person's repeat and all
        outcomes = at_once(requests, 8)
        ids = [request.approval_id for request in requests]
        standing = [id_ for id_ in ids if store.read(id_) is not None]
        # an approval that met too many others is told to come again, and nothing of it is done
        assert set(outcomes) <= {"approved", "try_again", "approval_not_open"}
        assert outcomes["approved"] >= len(standing) >= 1
        windows_ = board()
        assert {id_ for id_ in ids if id_ in windows_} == set(standing)
        assert (first in windows_) == (known(first).replaced_by is None)
        for id_ in standing:
            assert (windows_[id_].since, windows_[id_].until) == (known(id_).starts_at, known(id_).ends_at)
        cleared(first, *standing)


def test_ends_withdrawals_and_extensions_at_once_end_it_one_way() -> None:
    for _ in range(ROUNDS):
        notice_id = running()
        longer = {**notice_of(clock.now(), kind="urgent", minutes=-30, hours=5), "scope": "cards"}
        requests = [
            asked("notice.end", {"notice_id": notice_id}),
            asked("notice.withdraw", {"notice_id": notice_id}),
            asked("notice.change", {**longer, "notice_id": notice_id}),
        ]
        at_once(requests, 12, CHECKER, THIRD)
        notice, later = known(notice_id), store.read(requests[2].approval_id)
        # withdrawn or replaced, not both; it may have been ended early before
        assert (notice.withdrawn_at is not None) + (notice.replaced_by is not None) <= 1
        assert (notice.replaced_by is not None) == (later is not None)
        assert notice.withdrawn_at or notice.replaced_by or notice.shortened_at
        found = board()
        # either way the old window ends within the minute after, and never is gone before
        assert found[notice_id].until <= clock.to_text(clock.now() + windows.PUBLISHED_AHEAD)
        assert (requests[2].approval_id in found) == (later is not None)
        cleared(notice_id, requests[2].approval_id) if later else cleared(notice_id)


def test_two_early_ends_at_once_are_one() -> None:
    for _ in range(ROUNDS):
        notice_id = running()
        planned = known(notice_id).ends_at
        requests = [asked("notice.end", {"notice_id": notice_id}) for _ in range(2)]
        outcomes = at_once(requests, 8)
        notice = known(notice_id)
        assert "approved" in outcomes
        assert notice.planned_ends_at == planned
        assert notice.shortened_at is not None
        ends_at = windows.effective(clock.from_text(notice.shortened_at))
        assert (notice.ends_at, board()[notice_id].until) == (ends_at, ends_at)
        assert clock.from_text(ends_at) - clock.now() <= dt.timedelta(seconds=60)
        cleared(notice_id)
