"""Requests by state, kind and branch, a page at a time: what is open costs what is open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.platform.errors import CursorMalformed
from tests.chain.bank import Bank
from tests.chain.two_people import CHECKER, MAKER, asked, change_of, enter_staff, person, rejected


def test_lists_are_read_page_by_page_by_state_kind_and_branch(bank: Bank) -> None:
    enter_staff()
    made = []
    for value in (1, 2, 3, 4):
        made.append(asked("parameter.change", change_of("factor.sms.tries", value)).approval_id)
        bank.clock.advance(dt.timedelta(seconds=1))
    rejected(approvals.read(person("parameter.change", CHECKER), made[0]))

    def pages(**by: Any) -> list[list[str]]:
        found, cursor = [], None
        for _ in range(9):
            page, cursor = approvals.page(person("parameter.change", MAKER), **by, limit=2, cursor=cursor)
            found.append([one.approval_id for one in page])
            if cursor is None:
                return found
        raise AssertionError("the list does not end")

    everything: dict[str, Any] = {"state": "requested", "kind": None, "branch_id": None}
    wanted = [made[3], made[2], made[1]]
    for narrower in (
        {},
        {"kind": "parameter.change"},
        {"branch_id": "0001"},
        {"kind": "parameter.change", "branch_id": "0001"},
    ):
        found = pages(**everything | narrower)
        assert ([one for page in found for one in page], len(found[0])) == (wanted, 2)
    for other in ({"kind": "entry.reverse"}, {"branch_id": "0077"}, {"state": "approved"}):
        assert pages(**everything | other) == [[]]
    assert pages(**everything | {"state": "rejected"}) == [[made[0]]]
    # a cursor is good for its own list only
    _, cursor = approvals.page(person("parameter.change", MAKER), **everything, limit=2, cursor=None)
    with pytest.raises(CursorMalformed):
        approvals.page(person("parameter.change", MAKER), **everything | {"state": "approved"}, limit=2, cursor=cursor)
    with pytest.raises(CursorMalformed):
        approvals.page(person("parameter.change", MAKER), **everything | {"branch_id": "0001"}, limit=2, cursor=cursor)
