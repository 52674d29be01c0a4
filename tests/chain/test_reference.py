"""The reference at /docs: a page and a script of the bank's own, kept by whoever has them, and able to do no more."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from chalicelib.contract import service
from chalicelib.site import reference
from tests.chain.bank import Bank, Reply
from tests.chain.test_verify_page import tree_of

# What a function may answer.
LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024
FILES = ("/docs", "/docs/redoc.js", "/v1/openapi.json")


def opened(bank: Bank, path: str, **headers: str) -> Reply:
    return bank.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def sources(reply: Reply) -> dict[str, list[str]]:
    """Its policy: directive -> sources."""
    policy = [one.split() for one in reply.headers["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in policy}


def test_the_page_may_run_its_own_script_and_no_other(shared_bank: Bank) -> None:
    page, script = opened(shared_bank, "/docs"), opened(shared_bank, "/docs/redoc.js")
    assert (page.status, script.status) == (200, 200)
    digest = "sha256-" + base64.b64encode(hashlib.sha256(script.body.encode()).digest()).decode()
    found = [element for element in tree_of(page).iter() if element.tag == "script"]
    (element,) = found
    assert (element.get("integrity"), element.text) == (digest, None)
    # beside the API, on this host, wherever that is
    assert re.fullmatch(r"docs/redoc\.js\?v=[0-9a-f]{12}", element.get("src") or "")
    policy = sources(page)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == [f"'{digest}'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["img-src"] == ["data:"]
    assert "unsafe" not in str(policy)
    for directive in ("base-uri", "form-action", "frame-ancestors"):
        assert policy[directive] == ["'none'"], directive
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["X-Content-Type-Options"] == "nosniff"


def test_the_script_is_the_published_one_and_its_licence_is_there() -> None:
    row = reference.SCRIPT.with_name("README.md").read_text(encoding="utf-8")
    assert f"`{hashlib.sha256(reference.SCRIPT.read_bytes()).hexdigest()}`" in row
    assert "MIT" in reference.SCRIPT.with_name("LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES)
def test_who_has_it_is_not_sent_it_again(shared_bank: Bank, path: str) -> None:
    first = opened(shared_bank, path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = opened(shared_bank, path, if_none_match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, None, tag)
    assert opened(shared_bank, path, if_none_match='"other"').status == 200


@pytest.mark.parametrize("text", [reference.script().text, service.document()], ids=["script", "contract"])
def test_it_is_an_answer_that_a_function_can_give(text: str) -> None:
    # as a function hands it on: a member of a JSON document
    assert len(json.dumps({"body": text})) < LAMBDA_ANSWER_BYTES
