"""The site over HTTP."""

from __future__ import annotations

from typing import Annotated

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
    return pages.page("verify.html", pages.language_of(call, query), facts=facts, keep=not any(asked))


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
