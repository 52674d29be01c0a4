"""The published XML Schemas of the messages, as pyiso20022 ships them: as classes, from which each is written again.

The classes are generated from the schemas and keep every element, order, facet and enumeration; only that a type is a
choice stands in its name, by ISO's own rule. A test holds what is written here to schemas as ISO publishes them.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_type_hints

from lxml import etree
from xsdata.models.datatype import XmlDate, XmlDateTime, XmlPeriod, XmlTime

# Of the same edition of the standard. A network that speaks another one is a change of these four.
CREDIT_TRANSFER, INITIATION = "pacs.008.001.13", "pain.001.001.12"
STATUS_REPORT, STATUS_REQUEST = "pacs.002.001.15", "pacs.028.001.06"

_XS = "http://www.w3.org/2001/XMLSchema"
# Years are the only periods in these messages.
_SIMPLE: dict[type, str] = {
    str: "string",
    bool: "boolean",
    bytes: "base64Binary",
    Decimal: "decimal",
    XmlDate: "date",
    XmlDateTime: "dateTime",
    XmlTime: "time",
    XmlPeriod: "gYear",
}
_FACETS = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "total_digits": "totalDigits",
    "fraction_digits": "fractionDigits",
    "min_inclusive": "minInclusive",
}


def namespace_of(message: str) -> str:
    """The namespace of a message's elements."""
    return f"urn:iso:std:iso:20022:tech:xsd:{message}"


@functools.cache
def schema_of(message: str) -> Any:
    """What validates a message: an lxml XMLSchema."""
    return etree.XMLSchema(document_of(message))


def document_of(message: str) -> Any:
    """The schema of a message as a document of its own."""
    package, name = message.partition(".")[0], message.replace(".", "_")
    module = importlib.import_module(f"pyiso20022.{package}.{name}.{name}")
    namespace = namespace_of(message)
    schema = etree.Element(
        f"{{{_XS}}}schema",
        nsmap={"xs": _XS, None: namespace},
        targetNamespace=namespace,
        elementFormDefault="qualified",
    )
    _add(schema, "element", name="Document", type="Document")
    for declared in _types(module.Document):
        if issubclass(declared, Enum):
            simple = _add(schema, "simpleType", name=declared.__name__)
            _restrict(simple, "string", [("enumeration", code.value) for code in declared])
        else:
            _declare(schema, declared)
    return schema


def _types(root: type) -> Iterator[type]:
    """The type and all those it is made of, each once."""
    found, waiting = {root}, [root]
    while waiting:
        declared = waiting.pop()
        yield declared
        if not issubclass(declared, Enum):
            new = {kind for kind in map(_kind_of, get_type_hints(declared).values()) if kind not in _SIMPLE} - found
            found |= new
            waiting.extend(sorted(new - {object}, key=lambda kind: kind.__name__))


def _kind_of(hint: Any) -> type:
    """`str` of `None | str` and of `list[str]`."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    kind: type = kinds[0] if kinds else hint
    return kind


def _declare(schema: Any, declared: Any) -> None:
    complex_type = _add(schema, "complexType", name=declared.__name__)
    hints = get_type_hints(declared)
    fields = dataclasses.fields(declared)
    text = [field for field in fields if "type" not in field.metadata]
    if text:
        # What is text with attributes, an amount and its currency. A type in between carries the facets.
        content = _add(schema, "simpleType", name=f"{declared.__name__}_Text")
        _restrict(content, _SIMPLE[_kind_of(hints[text[0].name])], _facets_of(text[0].metadata))
        holder = _add(_add(complex_type, "simpleContent"), "extension", base=f"{declared.__name__}_Text")
    else:
        holder = _add(complex_type, "choice" if declared.__name__.endswith("Choice") else "sequence")
    for field in fields:
        kind, about = _kind_of(hints[field.name]), field.metadata
        if about.get("type") == "Wildcard":
            _add(holder, "any", namespace=about["namespace"], processContents="lax")
        elif about.get("type") == "Attribute":
            use = "required" if about.get("required") else "optional"
            _typed(_add(holder, "attribute", name=about["name"], use=use), kind, about)
        elif about.get("type") == "Element":
            _typed(_add(holder, "element", name=about["name"], **_occurs(holder, field)), kind, about)


def _occurs(holder: Any, field: Any) -> dict[str, str]:
    about = field.metadata
    required = about.get("required") or holder.tag == f"{{{_XS}}}choice"
    if field.default_factory is not list:
        return {} if required else {"minOccurs": "0"}
    return {"minOccurs": str(about.get("min_occurs", 0)), "maxOccurs": str(about.get("max_occurs", "unbounded"))}


def _typed(element: Any, kind: type, about: Any) -> None:
    if kind not in _SIMPLE:
        element.attrib["type"] = kind.__name__
        return
    facets = _facets_of(about)
    if facets:
        _restrict(_add(element, "simpleType"), _SIMPLE[kind], facets)
    else:
        element.attrib["type"] = f"xs:{_SIMPLE[kind]}"


def _facets_of(about: Any) -> list[tuple[str, str]]:
    return [(facet, str(about[name])) for name, facet in _FACETS.items() if name in about]


def _restrict(parent: Any, base: str, facets: list[tuple[str, str]]) -> None:
    restriction = _add(parent, "restriction", base=f"xs:{base}")
    for facet, value in facets:
        _add(restriction, facet, value=value)


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{_XS}}}{tag}", attributes)
