"""The head of an inbox: what is read, and what is not, whatever was marked in which order."""

from __future__ import annotations

import itertools

import pytest

from chalicelib.notifications import states
from chalicelib.notifications.channels import Settings
from chalicelib.notifications.states import Head


def head(arrived: int) -> Head:
    found = Head("c1")
    for _ in range(arrived):
        found = found.with_arrival()
    return found


def read_of(found: Head) -> list[int]:
    return [number for number in range(1, found.arrived + 1) if found.is_read(number)]


def test_what_arrives_is_not_read() -> None:
    assert (head(3).unread, read_of(head(3)), head(3).revision) == (3, [], 3)


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 4])))
def test_what_is_read_is_read_in_whatever_order(order: tuple[int, ...]) -> None:
    found = head(5)
    for number in order:
        found = found.with_read([number])
    assert (read_of(found), found.unread, found.revision) == ([1, 2, 4], 2, 8)
    # what is marked beyond the mark is all that is kept by itself
    assert (found.read_to, found.read) == (2, frozenset({4}))


def test_the_same_again_is_the_same_head() -> None:
    found = head(5).with_read([2]).with_read_to(3)
    assert (read_of(found), found.unread) == ([1, 2, 3], 2)
    assert found.with_read([1, 2, 3]) is found
    assert found.with_read_to(2) is found
    assert found.with_read_to(3) is found


def test_a_message_without_number_is_read() -> None:
    assert head(0).is_read(None)


def test_a_head_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "MOST_BEYOND_MARK", 3)
    found = head(20).with_read([2, 4, 6, 8])
    assert (found.read_to, found.read) == (2, frozenset({4, 6, 8}))
    assert found.unread == 20 - 2 - 3
    # what lies before as many that were read counts as read
    assert (found.with_read([11]).read_to, found.with_read([11]).read) == (4, frozenset({6, 8, 11}))


def test_settings_move_the_head_once() -> None:
    other = Settings(least_fen=100)
    found = head(1).with_settings(other)
    assert (found.revision, found.settings) == (2, other)
    assert found.with_settings(Settings(least_fen=100)) is found
