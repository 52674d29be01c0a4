"""A change that breaks clients is refused unless the version says so, by Redocly's rule: on planted changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from infra import contract

Document = dict[str, Any]
TRANSFERS, CONFIRMATION = "/v1/transfers", "/v1/transfers/{transfer_id}/confirmation"
REFERENCE = re.compile(r"#/components/(\w+)/([\w.]+)")
KEPT = (TRANSFERS, CONFIRMATION, "/v1/notices")


@pytest.fixture(scope="module")
def whole() -> Document:
    """The released contract."""
    return dict(json.loads(contract.RELEASED.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def released(whole: Document) -> Document:
    """A few of its operations and what they refer to, so that each comparison takes a moment."""
    paths = {path: whole["paths"][path] for path in KEPT}
    kept: dict[str, Document] = {kind: {} for kind in whole["components"]}
    waiting = [paths]
    while waiting:
        for kind, name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in kept[kind]:
                kept[kind][name] = whole["components"][kind][name]
                waiting.append(kept[kind][name])
    kept["securitySchemes"] = whole["components"]["securitySchemes"]
    return whole | {"paths": paths, "components": kept}


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def remove_path(document: Document) -> None:
    del document["paths"][CONFIRMATION]


def remove_method(document: Document) -> None:
    del document["paths"][TRANSFERS]["get"]


def require_more(document: Document) -> None:
    schema(document, "NewTransfer")["required"].append("purpose")


def take_less(document: Document) -> None:
    schema(document, "NewTransfer")["properties"]["purpose"]["maxLength"] = 10


def answer_less(document: Document) -> None:
    view = schema(document, "CreatedTransferView")
    del view["properties"]["state"]
    view["required"].remove("state")


def answer_another_type(document: Document) -> None:
    schema(document, "CreatedTransferView")["properties"]["amount"] = {"type": "number"}


def answer_perhaps(document: Document) -> None:
    schema(document, "CreatedTransferView")["required"].remove("amount")


def ask_for_a_header(document: Document) -> None:
    document["paths"][TRANSFERS]["get"]["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})


def ask_for_a_log_in(document: Document) -> None:
    document["paths"]["/v1/notices"]["get"]["security"] = [{"session": []}]


def answer_another_status(document: Document) -> None:
    responses = document["paths"][TRANSFERS]["post"]["responses"]
    responses["202"] = responses.pop("201")


BREAKING = (
    remove_path,
    remove_method,
    require_more,
    take_less,
    answer_less,
    answer_another_type,
    answer_perhaps,
    ask_for_a_header,
    ask_for_a_log_in,
    answer_another_status,
)


def compared(tmp_path: Path, before: Document, after: Document, version: str) -> tuple[int, str]:
    """What the comparison says of `after`, as that version."""
    files = tmp_path / "before.json", tmp_path / "after.json"
    for file, document in zip(files, (before, after | {"info": after["info"] | {"version": version}}), strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    found = contract.compare(files[1], files[0])
    return found.returncode, found.stdout


def bumped(document: Document, place: int) -> str:
    numbers = [int(number) for number in document["info"]["version"].split(".")]
    return ".".join(map(str, [*numbers[:place], numbers[place] + 1, *([0] * (2 - place))]))


@pytest.mark.parametrize("break_", BREAKING, ids=lambda one: one.__name__)
def test_what_breaks_clients_is_refused_unless_it_is_a_major_version(
    tmp_path: Path, released: Document, break_: Callable[[Document], None]
) -> None:
    changed = deepcopy(released)
    break_(changed)
    for version in (released["info"]["version"], bumped(released, 1)):
        code, said = compared(tmp_path, released, changed, version)
        assert code != 0, said
        assert "require a major bump" in said
    code, said = compared(tmp_path, released, changed, bumped(released, 0))
    assert code == 0, said


def test_what_only_adds_is_a_minor_version(tmp_path: Path, released: Document) -> None:
    changed = deepcopy(released)
    schema(changed, "CreatedTransferView")["properties"]["hint"] = {"type": "string"}
    changed["paths"]["/v1/news"] = deepcopy(released["paths"]["/v1/notices"])
    changed["paths"]["/v1/news"]["get"]["operationId"] = "getNews"
    code, said = compared(tmp_path, released, changed, released["info"]["version"])
    assert code != 0
    assert "require a minor bump" in said
    code, said = compared(tmp_path, released, changed, bumped(released, 1))
    assert code == 0, said


def test_the_same_is_the_same(tmp_path: Path, released: Document) -> None:
    code, said = compared(tmp_path, released, released, released["info"]["version"])
    assert code == 0, said


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda document: document["paths"][TRANSFERS]["post"].pop("description"), "operation-description"),
        (lambda document: document["components"]["parameters"]["Cursor"].pop("description"), "parameter-description"),
        (
            lambda document: document["components"]["examples"]["not_found"]["value"].pop("code"),
            "no-invalid-media-type-examples",
        ),
        (lambda document: document["paths"][CONFIRMATION]["post"].pop("security"), "security-defined"),
    ],
    ids=["undescribed operation", "undescribed parameter", "example that does not fit", "no word on log-in"],
)
def test_the_linter_finds_what_is_planted(
    tmp_path: Path, whole: Document, spoil: Callable[[Document], object], rule: str
) -> None:
    spoiled = deepcopy(whole)
    spoil(spoiled)
    file = tmp_path / "spoiled.json"
    file.write_text(json.dumps(spoiled), encoding="utf-8")
    found = contract.lint(file)
    assert found.returncode != 0
    assert rule in found.stdout
