"""The links of the contract lead somewhere: to an operation there is, by values that the answer or the request has."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.contract import flows, service

PATH_VALUE = re.compile(r"{(\w+)}")
ROWS = [(source, link) for source, links in flows.LINKS.items() for link in links]


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return dict(json.loads(service.document()))


def operation(contract: dict[str, Any], label: str) -> dict[str, Any]:
    method, _, path = label.partition(" ")
    return dict(contract["paths"][path][method.lower()])


def schema_at(contract: dict[str, Any], label: str, pointer: str) -> dict[str, Any]:
    """The schema of what a JSON pointer leads to in an operation's answer; KeyError where it leads nowhere."""
    answers = [answer for status, answer in operation(contract, label)["responses"].items() if status[0] == "2"]
    schema = dict(answers[0]["content"]["application/json"]["schema"])
    for part in pointer.split("/")[1:]:
        if "$ref" in schema:
            schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        schema = schema["properties"][part]
    return schema


@pytest.mark.parametrize(("source", "link"), ROWS, ids=[f"{source} {link.name}" for source, link in ROWS])
def test_a_link_leads_to_an_operation_by_values_that_are_there(
    contract: dict[str, Any], source: str, link: flows.Link
) -> None:
    assert operation(contract, link.operation)
    assert set(PATH_VALUE.findall(link.operation)) == link.parameters.keys()
    for expression in link.parameters.values():
        origin, _, pointer = expression.partition("#")
        if origin == "$response.body":
            assert schema_at(contract, source, pointer)
        else:
            assert origin.removeprefix("$request.path.") in PATH_VALUE.findall(source)


def test_no_operation_has_two_links_of_one_name() -> None:
    for links in flows.LINKS.values():
        assert len({link.name for link in links}) == len(links)
