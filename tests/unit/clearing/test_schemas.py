"""The schemas are those that ISO publishes: held against the published text of two of the four messages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import distribution, files
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from chalicelib.clearing import schemas
from infra import contents

XS = "{http://www.w3.org/2001/XMLSchema}"


@cache
def published(message: str) -> Any:
    """The schema as ISO publishes it, in a package that the bank does not run."""
    path = Path(str(distribution("openpurse").locate_file(f"openpurse/schemas/{message}.xsd")))
    return etree.parse(path).getroot()


class Described:
    """A schema as plain facts, whatever it names its types."""

    def __init__(self, schema: Any) -> None:
        self._types = {child.get("name"): child for child in schema if child.tag != f"{XS}element"}
        self._seen: dict[str, Any] = {}

    def of(self, name: str) -> Any:
        """A type by its name: ("string", facets) or (sequence or choice, what it is made of)."""
        if name.startswith("xs:"):
            return (name, ())
        if name not in self._seen:
            self._seen[name] = None  # no type holds itself
            self._seen[name] = self._of(self._types[name])
        assert self._seen[name] is not None, name
        return self._seen[name]

    def _of(self, declared: Any) -> Any:
        (child,) = declared
        if child.tag == f"{XS}restriction":
            return (child.get("base"), tuple(sorted((etree.QName(f).localname, f.get("value")) for f in child)))
        if child.tag == f"{XS}simpleContent":
            extension = child[0]
            attributes = [(a.get("name"), a.get("use"), self._typed(a)) for a in extension]
            return ("text", self.of(extension.get("base")), attributes)
        return (etree.QName(child).localname, [self._part(part) for part in child])

    def _part(self, part: Any) -> Any:
        if part.tag == f"{XS}any":
            return ("any", part.get("namespace"), part.get("processContents"))
        occurs = (part.get("minOccurs", "1"), part.get("maxOccurs", "1"))
        return (part.get("name"), occurs, self._typed(part))

    def _typed(self, part: Any) -> Any:
        return self.of(part.get("type")) if part.get("type") else self._of(part[0])


@pytest.mark.parametrize("message", [schemas.CREDIT_TRANSFER, schemas.INITIATION])
def test_what_is_rebuilt_is_what_iso_publishes(message: str) -> None:
    ours, theirs = schemas.document_of(message), published(message)
    assert ours.get("targetNamespace") == theirs.get("targetNamespace") == schemas.namespace_of(message)
    assert Described(ours).of("Document") == Described(theirs).of("Document")
    assert len(ours) > 100


@pytest.mark.parametrize("message", [schemas.STATUS_REPORT, schemas.STATUS_REQUEST])
def test_types_that_messages_share_are_published_ones(message: str) -> None:
    # given the types of the other two by ISO's own names, which change with every change of a type
    text = published(schemas.CREDIT_TRANSFER)
    known = {child.get("name") for child in text if child.tag == f"{XS}complexType"}
    ours = schemas.document_of(message)
    shared = [name for name in (c.get("name") for c in ours if c.tag == f"{XS}complexType") if name in known]
    assert len(shared) > 40
    for name in set(shared) - {"Document"}:
        assert Described(ours).of(name) == Described(text).of(name), name


def test_the_package_carries_the_messages_that_are_exchanged_and_no_other() -> None:
    names = (schemas.CREDIT_TRANSFER, schemas.INITIATION, schemas.STATUS_REPORT, schemas.STATUS_REQUEST)
    folders = {f"{name[:4]}/{name.replace('.', '_')}" for name in names}
    carried = {
        str(file.parent).removeprefix("pyiso20022/")
        for file in files("pyiso20022") or ()
        if file.suffix == ".py" and len(file.parts) == 4 and contents.wanted(str(file))
    }
    assert carried == folders
    assert contents.wanted("pyiso20022/pacs/__init__.py")
    assert contents.wanted("lxml/etree.cpython-311-x86_64-linux-gnu.so")
    assert not contents.wanted("lxml/html/diff.py")
