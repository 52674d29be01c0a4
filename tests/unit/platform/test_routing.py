"""Deferred routes: there for whoever looks, loaded for nobody else, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.platform.routing import EventSources, Routes

STAFF, PHONE = "/v1/staff/tills", "/v1/transfers"
ENTRY: Any = object()


class Table:
    """A table with one route at once, and one deferred."""

    def __init__(self) -> None:
        self.routes, self.registered = Routes(), Counter[str]()
        self.routes[PHONE]["GET"] = ENTRY
        self.routes.defer(("/v1/staff/", "/v1/tills"), self._register)

    def _register(self) -> None:
        self.registered["staff"] += 1
        # as Chalice does it: by a look into the very table
        assert "GET" not in self.routes[STAFF]
        self.routes[STAFF]["GET"] = ENTRY


def test_a_request_looks_by_a_subscript_alone() -> None:
    table = Table()
    assert table.routes[STAFF] == {"GET": ENTRY}
    assert table.registered == {"staff": 1}


def test_any_of_its_beginnings_loads_it() -> None:
    table = Table()
    assert "/v1/tills/unknown" not in table.routes
    assert STAFF in table.routes
    assert table.registered == {"staff": 1}


def test_a_path_elsewhere_loads_nothing() -> None:
    table = Table()
    assert PHONE in table.routes
    assert table.routes[PHONE] == {"GET": ENTRY}
    assert "/v1/stafff" not in table.routes
    assert table.registered == {}


def test_a_path_under_the_prefix_loads_all_of_it_once() -> None:
    table = Table()
    assert "/v1/staff/unknown" not in table.routes
    assert STAFF in table.routes
    assert table.routes[STAFF] == {"GET": ENTRY}
    assert table.registered == {"staff": 1}


@pytest.mark.parametrize(
    "walk", [list, lambda routes: routes.items(), lambda routes: routes.keys(), lambda r: r.values()]
)
def test_who_walks_the_table_sees_everything(walk: Callable[[Routes], Collection[Any]]) -> None:
    table = Table()
    assert len(walk(table.routes)) == len(table.routes) == 2
    assert table.registered == {"staff": 1}


def test_who_counts_the_table_counts_everything() -> None:
    assert len(Table().routes) == 2


def test_who_looks_while_another_registers_waits_for_it() -> None:
    table = Table()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: STAFF in table.routes, range(64))) == {True}
    assert table.registered == {"staff": 1}


def test_event_sources_are_registered_by_who_walks_them_once() -> None:
    # given a list that its registration appends to, as Chalice does it
    registered: list[str] = []

    def register() -> None:
        registered.append("workers")
        sources.append(ENTRY)

    sources = EventSources(register)
    assert registered == []
    assert [*sources] == [*sources] == [ENTRY]
    assert registered == ["workers"]
