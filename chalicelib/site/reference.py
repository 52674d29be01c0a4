"""The reference of the contract for people: one page and one script, both the bank's own to serve.

The script is Redoc as published (`bank_redoc/README.md`). It draws what `/v1/openapi.json` says, and can do no more
than that: the page's policy names it by its digest, lets it ask this host only, and no other script, frame or form.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import bank_redoc
from chalicelib.platform import caching
from chalicelib.site import pages

# A package of its own, found wherever a layer puts it.
SCRIPT = Path(bank_redoc.__path__[0], "redoc.standalone.js")
# The script fills its style sheets in by the document's model; the element itself stays empty.
EMPTY = pages.digest_of("")
# Buttons that hand the page on to assistants of others are no part of the bank's reference.
STYLE = 'body{margin:0}[data-testid="page-actions"]{display:none}'


class File(NamedTuple):
    """A text, and the tag and digest that name just it."""

    text: str
    tag: str
    digest: str


@functools.cache
def script() -> File:
    """Redoc."""
    text = SCRIPT.read_text(encoding="utf-8")
    return File(text, caching.tag_of(text), pages.digest_of(text))


@functools.cache
def page() -> File:
    """The page that loads it, in both languages at once as the contract is."""
    found = script()
    text = pages.rendered("reference.html", digest=found.digest, version=found.tag.strip('"')[:12], style=STYLE)
    return File(text, caching.tag_of(text), pages.digest_of(text))


def headers() -> dict[str, str]:
    """What keeps the page to its one script and one style sheet."""
    styles = f"style-src '{pages.digest_of(STYLE)}' '{EMPTY}'"
    scripts = f"default-src 'none'; script-src '{script().digest}'; connect-src 'self'"
    sources = f"{scripts}; {styles}; img-src data:; font-src data:"
    return {**pages.guards(f"{sources}; form-action 'none'"), "Content-Language": "zh-CN, en"}
