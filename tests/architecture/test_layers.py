"""Another context is entered only by its service and commands; import-linter checks what is inside a context."""

from __future__ import annotations

from functools import cache

import grimp
import pytest

# What other contexts may import: the service and the use cases beside it, and the refusals they raise.
DOORS = {"service", "commands", "errors"}
# A domain knows its own refusals and platform; what else it may take, and why.
DOMAIN_TAKES = {
    ("chalicelib.transfers.domain", "chalicelib.transfers.states"): "the table of an instruction's life, as pure",
    ("chalicelib.outages.domain", "chalicelib.outages.hours"): "the time inside working hours, as pure",
    ("chalicelib.statements.domain", "chalicelib.accounts.service"): "Movement, the line that a bill adds up",
    ("chalicelib.statements.domain", "chalicelib.statements.categories"): "what a line's money went out for, as pure",
    ("chalicelib.parameters.domain", "chalicelib.parameters.shapes"): "what the value of a parameter may be",
    ("chalicelib.seals.domain", "chalicelib.seals.merkle"): "the tree that a proof is of, as pure",
    ("chalicelib.seals.domain", "chalicelib.seals.tiles"): "Record, a leaf of that tree",
    ("chalicelib.routing.domain", "chalicelib.parameters.service"): "Channel, a row of the table that is chosen from",
}
IMPURE = {f"chalicelib.platform.{name}" for name in ("aws", "settings", "queues", "log", "ids", "http", "workers")}


@cache
def imports() -> list[tuple[str, str]]:
    """(importer, imported) inside chalicelib."""
    graph = grimp.build_graph("chalicelib", cache_dir=None)
    return [
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    ]


def context_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_another_context_is_entered_by_its_use_cases_only() -> None:
    entered = [
        (importer, imported)
        for importer, imported in imports()
        if context_of(importer) != context_of(imported) and context_of(imported) != "platform"
    ]
    assert len(entered) > 20
    wrong = []
    for importer, imported in entered:
        inside = imported.split(".")[2:]
        if not inside or inside[0] not in DOORS or (len(inside) > 1 and inside[0] != "commands"):
            wrong.append(f"{importer} -> {imported}")
    assert sorted(wrong) == []


def test_platform_knows_no_context() -> None:
    wrong = [pair for pair in imports() if context_of(pair[0]) == "platform" != context_of(pair[1])]
    assert wrong == []


def test_domains_are_pure() -> None:
    for importer, imported in imports():
        if not importer.endswith(".domain") or (importer, imported) in DOMAIN_TAKES:
            continue
        own = context_of(importer) == context_of(imported)
        assert imported not in IMPURE, (importer, imported)
        assert context_of(imported) == "platform" or imported.endswith(".errors"), (importer, imported, own)


@pytest.mark.parametrize("pair", sorted(DOMAIN_TAKES), ids=str)
def test_what_a_domain_may_take_is_taken(pair: tuple[str, str]) -> None:
    assert pair in imports()
