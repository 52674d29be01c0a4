"""What a function's code can reach: modules of ours that it may ever load, and libraries that these import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import grimp

from chalicelib.clearing import schemas
from chalicelib.contract.operations import PATHS
from chalicelib.documents import formats
from chalicelib.statements.commands import write_statement
from infra.contents import LAYERS, home

# Named as text and not imported, so that a start does not load them: who loads them, and what.
API_MODULES = frozenset(f"chalicelib.{module}" for module in PATHS)
MAKERS = frozenset(
    f"chalicelib.{one.maker.partition(':')[0]}" for kind in formats.FORMATS.values() for one in kind.values()
) | {f"chalicelib.statements.files.{module}" for module in write_statement._MODULES.values()}
BY_NAME = {
    "app.app": API_MODULES,
    "chalicelib.documents.workers.make_documents": MAKERS,
}
# What a library of a layer needs of another one.
ALONG_WITH = {"reportlab": {"PIL"}, "captcha": {"PIL"}}


@dataclass(frozen=True)
class Reach:
    """Modules of the bank, and the libraries that they import, by their names at the top."""

    modules: frozenset[str]
    libraries: frozenset[str]

    @property
    def layers(self) -> set[str]:
        """The layers that carry one of the libraries."""
        along = {more for library in self.libraries for more in ALONG_WITH.get(library, ())}
        return {place for place in map(home, self.libraries | along) if place in LAYERS}


@cache
def _graph() -> Any:
    return grimp.build_graph(
        "chalicelib", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def reach_of(handler: str) -> Reach:
    """What a handler can reach, imports inside of functions included."""
    named = BY_NAME.get(handler, frozenset())
    start = [handler.rpartition(".")[0]] if handler != "app.app" else []
    found = _closure([*start, *named])
    ours = frozenset(name for name in found if name.startswith("chalicelib"))
    libraries = {name.partition(".")[0] for name in found - ours}
    if schemas.__name__ in ours:
        libraries.add("pyiso20022")
    return Reach(ours, frozenset(libraries))


def _closure(start: Iterable[str]) -> set[str]:
    graph, found = _graph(), set(start)
    waiting = list(found)
    while waiting:
        for name in graph.find_modules_directly_imported_by(waiting.pop()) - found:
            found.add(name)
            waiting.append(name)
    return found
