"""docs/security.md tells the truth: what it names exists; and no secret stands where deployments keep settings."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from typing import Any

import pytest

from chalicelib.parameters.known import ALL
from infra.build import assemble
from infra.environment import PREFIX_IN_TEMPLATE, TABLE_PREFIX
from infra.workers import discover_workers
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "security.md"
ITEM = re.compile(r"^\| (\d[\d., to]*) ?([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
NUMBER = re.compile(r"\d+\.\d+\.\d+")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:tests|chalicelib|infra|docs)/[\w/.-]+\.\w+)[`:]")
PARAMETER = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)` \(([\d,]+)\)")
# How many items of levels 1 and 2 each chapter has.
CHAPTERS = {
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "9.1": 3, "9.2": 4,
}  # fmt: skip
# Settings that are words, not references to what the stack makes.
WORDS = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "PYDANTIC_DISABLE_PLUGINS",
    "PYTHONTZPATH",
    "PYTHONUNBUFFERED",
}
CHOICES = {"MESSAGE_PROVIDER": ["IsLocal", "local", "sns"], "IDENTITY_PROVIDER": ["IsLocal", "local", "http"]}
# Names of what is C3, and how such values look: a token, a hash of a password, a key, a long random text.
C3_NAMES = re.compile(
    r"pass(word|wd)|secret|seed|\bpin\b|otp|private|captcha|refresh_token|access_token|\bcode\b|credential", re.I
)
C3_VALUES = re.compile(
    r"eyJ[\w-]{10,}\.|\$argon2|PRIVATE KEY|AKIA[0-9A-Z]{16}|(?<![\w/-])[A-Za-z0-9+]{48,}={0,2}(?![\w/-])"
)


@cache
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@cache
def functions_of(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def numbers(text: str) -> list[str]:
    """`4.4.1 to 4.4.4` -> its four items."""
    found = NUMBER.findall(text)
    if " to " not in text:
        return found
    section, first = found[0].rsplit(".", 1)
    return [f"{section}.{number}" for number in range(int(first), int(found[1].rsplit(".", 1)[1]) + 1)]


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(page()))), ids=lambda part: part)
def test_a_test_that_the_page_cites_exists(path: str, name: str) -> None:
    assert (ROOT / path).is_file()
    assert name.startswith("test_")
    assert name in functions_of(path)


def test_a_file_that_the_page_names_exists() -> None:
    named = set(FILE.findall(page()))
    assert len(named) > 10
    assert [path for path in sorted(named) if not (ROOT / path).is_file()] == []


def test_every_item_is_judged_once_and_what_is_met_is_shown() -> None:
    told: list[str] = []
    for match in ITEM.finditer(page()):
        items, how, shown = numbers(match[1]), match[3].strip(), match[4].strip()
        told += items
        assert how.startswith(("met", "in part", "not met", "not applicable")), items
        # What is met or not is shown by a test, or says that none could; gaps give their reason.
        assert TEST.search(shown) or shown.startswith("no test") or how.startswith(("not met", "not applicable")), items
        assert how.startswith("met") or ":" in how, items
    expected = [f"{section}.{n}" for section, count in CHAPTERS.items() for n in range(1, count + 1)]
    assert sorted(told) == sorted(expected)


def test_the_defaults_that_the_page_states_are_those_of_the_code() -> None:
    stated = {name: int(number.replace(",", "")) for name, number in PARAMETER.findall(page())}
    assert len(stated) >= 15
    assert stated == {name: ALL[name].default for name in stated}


def test_no_secret_is_in_a_functions_environment() -> None:
    template = assemble("prod", list(discover_workers(ROOT)))
    variables = dict(template["Globals"]["Function"]["Environment"]["Variables"])
    for resource in template["Resources"].values():
        # A function's own would come on top.
        assert "Environment" not in resource.get("Properties", {})
    resources = template["Resources"]
    for name, value in variables.items():
        if name in WORDS:
            assert re.fullmatch(r"[A-Za-z_/-]+|1", value), name
        elif name in CHOICES:
            assert value == {"Fn::If": CHOICES[name]}
        elif name == TABLE_PREFIX:
            assert value == {"Fn::Sub": PREFIX_IN_TEMPLATE}
        else:
            reference = value["Fn::If"][1] if "Fn::If" in value else value
            assert reference.keys() == {"Ref"}, name
            # What Ref gives of a resource is its name, id or ARN; of a parameter what somebody typed.
            target = reference["Ref"]
            assert target in resources or target in ("Stage", "IdentityProviderUrl", "WebOrigin"), name
    assert {"CODE_SECRET_ARN", "TOKEN_KEY_ID"} <= variables.keys()


def test_no_secret_is_in_the_packagers_settings() -> None:
    text = (ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    assert "environment_variables" not in text
    assert C3_VALUES.search(text) is None
    assert C3_NAMES.search(text) is None


# What the folder has beside these is written out of them, and names events.
@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("s*/*.json")), ids=lambda path: path.name)
def test_no_secret_is_in_an_event(path: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert C3_VALUES.search(json.dumps(content)) is None
    assert [
        name for name in names_in(content) if C3_NAMES.search(name.replace("_", " ")) or C3_NAMES.search(name)
    ] == []


def names_in(content: Any) -> list[str]:
    """Every member's name, also in bodies that are JSON as text."""
    if isinstance(content, dict):
        return [*content, *(name for value in content.values() for name in names_in(value))]
    if isinstance(content, list):
        return [name for value in content for name in names_in(value)]
    if isinstance(content, str) and content.startswith("{"):
        return names_in(json.loads(content))
    return []


@pytest.mark.parametrize(
    "text", ["eyJhbGciOiJFUzI1NiJ9.", "$argon2id$v=19", "-----BEGIN PRIVATE KEY-----", "k" * 64, "AKIAIOSFODNN7EXAMPLE"]
)
def test_a_secret_would_be_known_by_its_looks(text: str) -> None:
    assert C3_VALUES.search(json.dumps({"x": text}))


@pytest.mark.parametrize("name", ["password", "new_password", "code", "refresh_token", "seed", "clientSecret", "pin"])
def test_a_secret_would_be_known_by_its_name(name: str) -> None:
    assert C3_NAMES.search(name.replace("_", " ")) or C3_NAMES.search(name)
