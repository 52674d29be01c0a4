"""XML out of plain parts: an element holds text, an amount, or elements by their names in the schema's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from chalicelib.platform.money import CURRENCY


@dataclass(frozen=True, slots=True)
class Amount:
    """A decimal text whose currency stands beside it, as ISO 20022 has amounts."""

    text: str


# None and what is empty is left out; a list is the element as often as it has items.
Part = str | Amount | Mapping[str, Any] | Sequence[Any] | None


def fill(parent: Any, parts: Mapping[str, Part], namespace: str = "") -> None:
    """Add the parts to an element, in their order; names are in `namespace` unless that is empty."""
    for name, part in parts.items():
        if part is None:
            continue
        if isinstance(part, Sequence) and not isinstance(part, str):
            for one in part:
                fill(parent, {name: one}, namespace)
            continue
        element = etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name)
        if isinstance(part, Mapping):
            fill(element, part, namespace)
        elif isinstance(part, Amount):
            element.text = part.text
            element.attrib["Ccy"] = CURRENCY
        else:
            element.text = part


def made(name: str, parts: Mapping[str, Part], namespace: str = "") -> Any:
    """An element of its own with its parts."""
    element = etree.Element(
        f"{{{namespace}}}{name}" if namespace else name, nsmap={None: namespace} if namespace else None
    )
    fill(element, parts, namespace)
    return element
