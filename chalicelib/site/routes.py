"""The site over HTTP."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import StringConstraints

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, log
from chalicelib.platform.http import FORM, HTML, Answer, Api, Body, Call
from chalicelib.platform.money import grouped_text
from chalicelib.receipts.commands.verify_receipt import verify
from chalicelib.receipts.errors import ReceiptNotVerified
from chalicelib.site import domain, pages

api = Api(__name__)

Typed = Annotated[str, StringConstraints(max_length=domain.MAX_TYPED)]


class VerifyQuery(pages.PageQuery):
    """What a receipt's QR code carries beside the page's address."""

    number: str = ""
    code: str = ""


class VerifyForm(Body):
    """Both as they stand on the receipt; spaces and hyphens do not matter."""

    number: Typed = ""
    code: Typed = ""


@api.operation(
    "GET",
    "/verify",
    zh="回单验真页面",
    en="The page that verifies a receipt",
    auth=None,
    query=VerifyQuery,
    answer=None,
    content_type=HTML,
    on_refusal=pages.refusal_page,
)
def verify_page(call: Call) -> Answer:
    """The form, filled in from a QR code's address. It asks nothing by itself: who opens a link, as apps do to preview
    it, learns nothing, and a person presses the button.
    """
    query = call.params(VerifyQuery)
    asked = domain.Asked(domain.shown(query.number), domain.shown(query.code))
    facts = {"asked": asked, "missing": (), "state": "asking", "carried": asked._asdict() if any(asked) else {}}
    keep_s = 0 if any(asked) else pages.PUBLIC_MAX_AGE_S
    return pages.page("verify.html", pages.language_of(call, query), facts=facts, keep_s=keep_s)


@api.operation(
    "POST",
    "/verify",
    zh="回单验真结果页面",
    en="The page that says whether a receipt is genuine",
    auth=None,
    query=pages.PageQuery,
    body=VerifyForm,
    takes=FORM,
    answer=None,
    content_type=HTML,
    on_refusal=pages.refusal_page,
)
def verify_result(call: Call) -> Answer:
    """Genuine with masked facts, or not verified with what to do. "Not verified" is an answer and no error of HTTP:
    browsers inside apps show a page of their own in place of one with such a status.
    """
    form, language = call.form(VerifyForm), pages.language_of(call, call.params(pages.PageQuery))
    asked = domain.Asked(domain.shown(form.number), domain.shown(form.code))
    facts = {"asked": asked, "missing": asked.missing(), "carried": asked._asdict()}
    if asked.missing():
        return pages.page("verify.html", language, facts={**facts, "state": "incomplete"})
    now = clock.now()
    try:
        verified = verify(asked.number, asked.code, now)
    except ReceiptNotVerified as refusal:
        log.logger.info("refused", extra={"code": refusal.code})
        contact = parameters.value(parameters.CONTACT, now)[language]
        return pages.page("verify.html", language, facts={**facts, "state": "refused", "contact": contact})
    facts |= {"amount": grouped_text(verified.amount_fen), "checked_at": clock.to_local_text(now)}
    return pages.page("genuine.html", language, facts={**facts, "verified": verified})


# How what is said of service is declared, for programs and as a page: the same for everybody, asked nothing but its
# language.
_file = functools.partial(api.operation, "GET", auth=None, query=pages.PageQuery, answer=None)
_page = functools.partial(_file, content_type=HTML, on_refusal=pages.refusal_page)


@_page("/status", zh="服务状态页面", en="The page about how service stands")
def status_page(call: Call) -> Answer:
    """What is out or suspended now and the way out, what is planned next, and what was (NB-5.1.8-6)."""
    from chalicelib.site import service  # noqa: PLC0415  # who verifies a receipt needs none of it

    return _standing_page(call, "status.html", service.status_facts(clock.now()))


@_page("/maintenance", zh="停机公告页面", en="The page about suspensions of service")
def maintenance_page(call: Call) -> Answer:
    """Suspensions that are planned, go on, were, and were taken back, each with what to do meanwhile (NB-5.1.8-5)."""
    from chalicelib.site import service  # noqa: PLC0415  # as above

    return _standing_page(call, "maintenance.html", service.maintenance_facts(clock.now()))


@_page("/availability", zh="可用率与交易成功率页面", en="The page about availability and the success of payments")
def availability_page(call: Call) -> Answer:
    """How much of each day service was there, and how many of its payments the bank could make, against what the
    standards ask for (YQ-4.1.1, XJ-4.3).
    """
    from chalicelib.site import service  # noqa: PLC0415  # as above

    return _standing_page(call, "availability.html", service.availability_facts(clock.now()))


@_page("/branches", zh="网点页面", en="The page about branches")
def branches_page(call: Call) -> Answer:
    """Where the bank is, when it is open, and its telephone numbers (YQ-4.2.2-info)."""
    from chalicelib.site import service  # noqa: PLC0415  # as above

    return _standing_page(call, "branches.html", service.branches_facts(clock.now()))


@_page("/rates", zh="利率与收费页面", en="The page about rates and fees")
def rates_page(call: Call) -> Answer:
    """What payments cost today, and what deposits bear (YQ-4.2.2-info, NB-5.1.6-4)."""
    from chalicelib.site import service  # noqa: PLC0415  # as above

    return _standing_page(call, "rates.html", service.rates_facts(clock.now()))


def _standing_page(call: Call, template: str, facts: dict[str, Any]) -> Answer:
    language = pages.language_of(call, call.params(pages.PageQuery))
    return pages.page(template, language, facts=facts, keep_s=pages.STANDING_MAX_AGE_S)


@_file("/maintenance.ics", zh="停机公告日历", en="Suspensions of service as a calendar", content_type="text/calendar")
def maintenance_calendar(call: Call) -> Answer:
    """What calendars subscribe to (iCalendar)."""
    from chalicelib.site import service  # noqa: PLC0415  # as above

    language = pages.language_of(call, call.params(pages.PageQuery))
    return pages.file(service.calendar(clock.now(), language), language)


@_file(
    "/feed.atom", zh="服务公告订阅", en="Announcements and explanations as a feed", content_type="application/atom+xml"
)
def service_feed(call: Call) -> Answer:
    """What feed readers subscribe to (Atom)."""
    from chalicelib.site import service  # noqa: PLC0415  # as above

    language = pages.language_of(call, call.params(pages.PageQuery))
    return pages.file(service.feed(clock.now(), language), language)
