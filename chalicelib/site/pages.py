"""How every page of the site is made: its template in one of two languages, and the headers of a document.

A page is text with its style sheet and icon inside it: no script, no font and nothing of any host, which is what its
Content-Security-Policy says too.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from pydantic import ConfigDict

from chalicelib.platform import log
from chalicelib.platform.errors import Refusal
from chalicelib.platform.http import Answer, Call, Query

FOLDER = Path(__file__).with_name("templates")
# By language: what documents call it.
LANGUAGES = {"zh": "zh-CN", "en": "en"}
# Name, and what it is called in Chinese and English: what every page leads to.
PAGES = (
    ("status", "服务状态", "Service status"),
    ("maintenance", "停机公告", "Suspensions"),
    ("availability", "可用率", "Availability"),
    ("branches", "网点", "Branches"),
    ("rates", "利率与收费", "Rates and fees"),
    ("verify", "回单验真", "Verify a receipt"),
)
# A page that is the same for everybody may be kept for so long; what is someone's own is not kept at all.
PUBLIC_MAX_AGE_S = 300
# One that says how things stand.
STANDING_MAX_AGE_S = 60


class PageQuery(Query):
    """What may stand in a page's address. Apps add words of their own to links that they pass on: those are ignored."""

    model_config = ConfigDict(extra="ignore")

    lang: str = ""


def language_of(call: Call, query: PageQuery) -> str:
    """The language that the address asks for, else the browser's."""
    return query.lang if query.lang in LANGUAGES else call.language


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def digest_of(text: str) -> str:
    """How a policy, and an element, name just this text (CSP level 3, Subresource Integrity)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def rendered(template: str, **facts: Any) -> str:
    """A template filled in; all facts are escaped."""
    return _templates().get_template(template).render(facts)


@functools.cache
def _style() -> tuple[str, str]:
    """The style sheet, and its digest."""
    text = FOLDER.joinpath("style.css").read_text(encoding="utf-8")
    return text, digest_of(text)


def page(
    template: str,
    language: str,
    *,
    facts: dict[str, Any],
    status: int = 200,
    keep_s: int = 0,
    headers: dict[str, str] | None = None,
) -> Answer:
    """A page from its template. All facts are escaped; `t(zh, en)` in a template is the sentence in its language.

    With `keep_s` it is the same for everybody and may be cached for so many seconds.
    """
    style, digest = _style()
    (other,) = LANGUAGES.keys() - {language}
    text = rendered(
        template,
        **facts,
        language=language,
        other=other,
        pages=PAGES,
        tags=LANGUAGES,
        style=style,
        t=lambda zh, en: en if language == "en" else zh,
    )
    return Answer(
        None,
        status,
        {
            **guards(f"default-src 'none'; style-src '{digest}'; img-src data:; form-action 'self'"),
            "Content-Language": LANGUAGES[language],
            "Cache-Control": f"public, max-age={keep_s}" if keep_s else "no-store",
            "Vary": "Accept-Language",
            **(headers or {}),
        },
        text,
    )


def guards(sources: str) -> dict[str, str]:
    """The headers by which a browser keeps a page to itself, and to the sources that its policy names."""
    return {
        "Content-Security-Policy": f"{sources}; base-uri 'none'; frame-ancestors 'none'",
        # The address may carry what somebody scanned: no other host learns of it.
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Strict-Transport-Security": "max-age=31536000",
    }


def file(text: str, language: str) -> Answer:
    """What a program reads for a person: a calendar, a feed."""
    headers = {
        "Content-Language": LANGUAGES[language],
        "Cache-Control": f"public, max-age={STANDING_MAX_AGE_S}",
        "Vary": "Accept-Language",
    }
    return Answer(None, 200, headers, text)


def refusal_page(call: Call, refusal: Refusal) -> Answer:
    """What a person is told when the edge refuses, or the bank cannot answer."""
    language = language_of(call, PageQuery(lang=call.query_value("lang")))
    headers = {} if refusal.retry_after_s is None else {"Retry-After": str(refusal.retry_after_s)}
    facts = {"sentence": refusal.text(language), "correlation_id": call.correlation_id}
    log.logger.info("page refused", extra={"code": refusal.code})
    return page("problem.html", language, facts=facts, status=refusal.status, headers=headers)
