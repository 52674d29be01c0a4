"""What an application has, registered when somebody looks for it, so that a start costs what its requests need."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from chalice.app import BaseEventSourceConfig, RouteEntry

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values

Methods = dict[str, RouteEntry]


class Routes(defaultdict[str, Methods]):
    """Chalice's table of routes by path. What is deferred under a prefix is registered when a path under it is looked
    for, as a request does by a subscript alone, or when the whole table is walked, as packaging and tests do.
    """

    def __init__(self) -> None:
        super().__init__(dict)
        self._deferred: dict[Callable[[], None], tuple[str, ...]] = {}
        # Who looks while another thread registers waits for it; who registers looks into the table itself.
        self._lock = threading.RLock()

    def defer(self, prefixes: Iterable[str], register: Callable[[], None]) -> None:
        """Let `register` add its routes once a path that begins with one of the prefixes is looked for."""
        self._deferred[register] = tuple(prefixes)

    def _register(self, path: str | None = None) -> None:
        with self._lock:
            for register, prefixes in list(self._deferred.items()):
                if (path is None or path.startswith(prefixes)) and self._deferred.pop(register, ()):
                    register()

    def __getitem__(self, path: str) -> Methods:
        self._register(path)
        return super().__getitem__(path)

    def __contains__(self, path: object) -> bool:
        self._register(str(path))
        return super().__contains__(path)

    def __iter__(self) -> Iterator[str]:
        self._register()
        return super().__iter__()

    def __len__(self) -> int:
        self._register()
        return super().__len__()

    def items(self) -> dict_items[str, Methods]:
        """Every route."""
        self._register()
        return super().items()

    def keys(self) -> dict_keys[str, Methods]:
        """Every path."""
        self._register()
        return super().keys()

    def values(self) -> dict_values[str, Methods]:
        """The methods of every path."""
        self._register()
        return super().values()


class EventSources(list[BaseEventSourceConfig]):
    """Chalice's list of what wakes the workers. They are registered when the list is walked, as packaging and tests
    do; the function that answers requests never walks it, and a worker is entered by its own module.
    """

    def __init__(self, register: Callable[[], None]) -> None:
        super().__init__()
        self._waiting = [register]

    def __iter__(self) -> Iterator[BaseEventSourceConfig]:
        while self._waiting:
            self._waiting.pop()()
        return super().__iter__()
