"""The page that verifies a receipt: for anybody, in two languages, without JavaScript (YQ-4.2.2-receipt)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element

import html5lib
import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.platform import log
from chalicelib.platform.http import MAX_BODY_BYTES, MAX_FORM_FIELDS
from chalicelib.receipts import store
from chalicelib.receipts.domain import grouped
from chalicelib.receipts.keys import RING
from chalicelib.site import pages
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, Person, Reply
from tests.chain.test_hostile_requests import HOSTILE

FORM = "application/x-www-form-urlencoded"
# What would be a page of somebody else's if it were not escaped, in text, in an attribute, and in an address.
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</title><script>x</script>",
    "</style><script>x</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "\u202egnp.exe",
)
# Of interactive content only this is on a page, and of active content nothing.
ALLOWED = {
    "html", "head", "meta", "title", "link", "style", "body", "header", "main", "footer", "div", "p", "h1", "h2", "h3",
    "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td",
    "nav", "article", "section", "br", "ol", "ul", "li", "dl", "dt", "dd", "a", "span", "form", "label", "input",
    "button",
    *(f"{{http://www.w3.org/2000/svg}}{name}" for name in ("svg", "title", "rect")),
}  # fmt: skip
# Elements with something to read in English that is Chinese all the same: names, and amounts in words.
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    RING.forget()
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def paid(bank: Bank, payer: Person) -> store.ReceiptItem:
    """The receipt of a transfer of 107.53 to 钱红."""
    entry_id = bank.pay(payer, bank.sign_up("钱红"), "107.53", f"key-page-{payer.login_name}")
    bank.settle()
    receipt = store.get(entry_id)
    assert receipt is not None
    return receipt


def opened(bank: Bank, address: str = "/verify", **headers: str) -> Reply:
    """What a browser gets that opens an address."""
    return bank.request("GET", address, media_type=None, headers=headers)


def sent(bank: Bank, number: str, code: str, *, language: str = "en") -> Reply:
    """What a browser gets that sends the form."""
    body = urlencode({"number": number, "code": code})
    return bank.request("POST", f"/verify?lang={language}", raw=body, media_type=FORM)


def tree_of(reply: Reply) -> Element:
    """The page as a strict parser of HTML reads it: it raises for whatever is not HTML5."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root = parser.parse(reply.body)
    assert isinstance(root, Element)
    return root


def text_of(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def one(root: Element, name: str) -> Element:
    (found,) = root.iter(name)
    return found


def facts_of(root: Element) -> dict[str, str]:
    """What a description list says."""
    return dict(zip(map(text_of, root.iter("dt")), map(text_of, root.iter("dd")), strict=True))


def alerts(root: Element) -> list[str]:
    return [text_of(element) for element in root.iter() if element.get("role") in ("alert", "status")]


def values(root: Element) -> dict[str, str]:
    """What the form's fields are filled with."""
    return {e.get("id", ""): e.get("value", "") for e in root.iter("input") if e.get("type") == "text"}


def in_language(element: Element, language: str) -> Iterator[tuple[str, str]]:
    """Each text of a page with the language that it is said to be in."""
    language = element.get("lang", language)
    if element.tag not in ("style", "script"):
        yield language, element.text or ""
        for child in element:
            yield from in_language(child, language)
            yield language, child.tail or ""


def pages_of(bank: Bank, paid: store.ReceiptItem, language: str) -> dict[str, Reply]:
    """Every page there is."""
    number, code = paid.number, paid.code or ""
    return {
        "empty": opened(bank, f"/verify?lang={language}"),
        "filled in": opened(bank, f"/verify?lang={language}&number={number}&code={code}"),
        "incomplete": sent(bank, "", "", language=language),
        "refused": sent(bank, number, "A" * 16, language=language),
        "genuine": sent(bank, number, code, language=language),
        "malformed": sent(bank, "1" * 81, code, language=language),
    }


def test_anybody_with_number_and_code_reads_masked_facts_and_nothing_else(
    bank: Bank, payer: Person, paid: store.ReceiptItem
) -> None:
    # given a receipt, whose code was typed as it is printed, in small letters
    # when somebody sends the form
    reply = sent(bank, f"{paid.number[:8]} {paid.number[8:]}", grouped(paid.code or "").lower())
    # then the page says that it is genuine, and what it says
    assert reply.status == 200
    root = tree_of(reply)
    assert text_of(one(root, "h1")) == "The receipt is genuine"
    facts = facts_of(root)
    assert facts.pop("Time (Shanghai)") <= facts.pop("Checked at (Shanghai)")
    assert facts == {
        "Receipt": "E-receipt",
        "Number": paid.number,
        "Payer": "*小明",
        "Payee": "*红",
        "Amount": "CNY 107.53",
        "Amount in words": "人民币壹佰零柒元伍角叁分",
        "Has the money gone back?": "No, as of this check",
    }
    for hidden in ("赵小明", "钱红", payer.account, paid.payee_account, paid.entry_id, "货款"):
        assert hidden not in reply.body
    # and in Chinese the same
    assert facts_of(tree_of(sent(bank, paid.number, paid.code or "", language="zh")))["付款人"] == "*小明"


def test_a_receipt_whose_money_went_back_says_so_in_plain_words(bank: Bank, paid: store.ReceiptItem) -> None:
    before = alerts(tree_of(sent(bank, paid.number, paid.code or "")))
    reverse_transfer(paid.entry_id, reason="内部原因", by="S1", correlation_id="c-reverse")
    bank.settle()
    # then it still is genuine, and what is announced first says that the payer has the money
    root = tree_of(sent(bank, paid.number, paid.code or ""))
    (said,) = alerts(root)
    assert "the money has since gone back" in said
    assert "Hand over nothing" in said
    assert not any("gone back" in one for one in before)
    assert facts_of(root)["Has the money gone back?"] == "Yes: returned or reversed"
    assert "已经退回或冲正" in sent(bank, paid.number, paid.code or "", language="zh").body


def test_what_is_not_verified_tells_what_to_do_and_keeps_what_was_typed(bank: Bank, paid: store.ReceiptItem) -> None:
    root = tree_of(sent(bank, paid.number, "ABCD-2345-ABCD-2345"))
    (said,) = alerts(root)
    assert said.startswith("Not verified There is no receipt with this number and code.")
    assert "contact the bank" in said
    assert text_of(one(root, "title")) == "Not verified: Verify an e-receipt - Rural Bank"
    assert values(root) == {"number": paid.number, "code": "ABCD-2345-ABCD-2345"}
    assert facts_of(root) == {}
    chinese = sent(bank, paid.number, "ABCD-2345-ABCD-2345", language="zh")
    assert "联系我行" in alerts(tree_of(chinese))[0]


@pytest.mark.parametrize(
    ("number", "code", "missing"), [("", "", ["number", "code"]), ("2", " ", ["code"]), ("\x00", "A", ["number"])]
)
def test_what_is_left_empty_is_named_and_leads_to_its_field(
    bank: Bank, number: str, code: str, missing: list[str]
) -> None:
    root = tree_of(sent(bank, number, code))
    assert len(alerts(root)) == 1
    assert [link.get("href") for link in one(one(root, "main"), "ul").iter("a")] == [f"#{name}" for name in missing]
    wrong = [field for field in root.iter("input") if field.get("aria-invalid") == "true"]
    assert [field.get("id") for field in wrong] == missing
    by_id = {element.get("id"): element for element in root.iter()}
    for field in wrong:
        describing = [text_of(by_id[name]) for name in (field.get("aria-describedby") or "").split()]
        assert any(text.startswith("Enter the") for text in describing)


def test_an_address_with_number_and_code_fills_the_form_in_and_asks_nothing(
    bank: Bank, paid: store.ReceiptItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given the address that a QR code carries, passed on by an app that adds a word
    address = f"/verify?number={paid.number}&code={paid.code}&from=singlemessage"
    monkeypatch.setattr("chalicelib.site.routes.verify", lambda *_: pytest.fail("verified by a look"))
    told: list[str] = []
    monkeypatch.setattr(log.logger, "info", lambda text, **more: told.append(f"{text} {more}"))
    # when somebody opens it
    reply = opened(bank, address)
    # then the form waits for its button, nothing is kept by anybody, and no log has the code
    root = tree_of(reply)
    assert values(root) == {"number": paid.number, "code": paid.code}
    assert alerts(root) == []
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert told
    assert not any((paid.code or "") in line or paid.number in line for line in told)
    # and neither the form's address nor the other language's has them
    for form in root.iter("form"):
        assert (form.get("method"), form.get("action", "")[:6]) == ("post", "?lang=")
        assert (paid.code or "") not in form.get("action", "")


def test_the_other_language_keeps_what_was_asked(bank: Bank, paid: store.ReceiptItem) -> None:
    root = tree_of(sent(bank, paid.number, paid.code or "", language="en"))
    (form,) = root.iter("form")
    hidden = {field.get("name", ""): field.get("value", "") for field in form.iter("input")}
    again = bank.request("POST", f"/verify{form.get('action')}", raw=urlencode(hidden), media_type=FORM)
    assert text_of(one(tree_of(again), "h1")) == "回单真实"


@pytest.mark.parametrize(
    ("address", "accepts", "tag"),
    [
        ("/verify", "", "zh-CN"),
        ("/verify", "en-GB,en;q=0.9", "en"),
        ("/verify", "zh-CN,en;q=0.5", "zh-CN"),
        ("/verify?lang=en", "zh-CN", "en"),
        ("/verify?lang=zh", "en", "zh-CN"),
        ("/verify?lang=xx", "en", "en"),
    ],
)
def test_the_address_chooses_the_language_and_else_the_browser(
    bank: Bank, address: str, accepts: str, tag: str
) -> None:
    reply = opened(bank, address, **{"accept-language": accepts})
    assert (one(tree_of(reply), "html").get("lang"), reply.headers["Content-Language"]) == (tag, tag)
    assert reply.headers["Vary"] == "Accept-Language"


def test_the_empty_form_may_be_kept_and_nothing_else(bank: Bank, paid: store.ReceiptItem) -> None:
    kept = {name: reply.headers["Cache-Control"] for name, reply in pages_of(bank, paid, "en").items()}
    assert kept.pop("empty") == "public, max-age=300"
    assert set(kept.values()) == {"no-store"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_html_of_its_language_without_anything_active(
    bank: Bank, paid: store.ReceiptItem, language: str
) -> None:
    for name, reply in pages_of(bank, paid, language).items():
        root = tree_of(reply)
        # it is HTML, has one heading of the first rank, one main part, a title, and room for a phone
        assert (one(root, "html").get("lang"), reply.headers["Content-Type"]) == (
            pages.LANGUAGES[language],
            "text/html; charset=utf-8",
        ), name
        assert text_of(one(root, "h1"))
        assert text_of(one(root, "title"))
        assert one(root, "main").get("id") == "main"
        assert "width=device-width" in [meta.get("content", "")[:18] for meta in root.iter("meta")]
        # each field has its label, each button says what it does, each id is one element's
        labels = {label.get("for"): text_of(label) for label in root.iter("label")}
        fields = [field for field in root.iter("input") if field.get("type") != "hidden"]
        assert all(labels[field.get("id")] for field in fields)
        assert all(text_of(button) for button in root.iter("button"))
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        # nothing runs or is loaded, and what is styled is what the policy names
        assert {str(element.tag) for element in root.iter()} <= ALLOWED, name
        attributes = {attribute for element in root.iter() for attribute in element.attrib}
        assert not any(attribute.startswith("on") or attribute in ("style", "src") for attribute in attributes)
        digest = base64.b64encode(hashlib.sha256((one(root, "style").text or "").encode()).digest()).decode()
        assert reply.headers["Content-Security-Policy"].split("; ") == [
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        # and a voice reads Chinese as Chinese
        for said_to_be, text in in_language(root, "none"):
            assert said_to_be == "zh-CN" or not CHINESE.search(text.replace("乡", "")), (name, text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_is_typed_is_text(bank: Bank, attack: str) -> None:
    for reply in (
        opened(bank, f"/verify?lang=en&number={attack}&code={attack}"),
        sent(bank, attack, attack),
        sent(bank, "", attack),
    ):
        root = tree_of(reply)
        assert {str(element.tag) for element in root.iter()} <= ALLOWED
        assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
        assert values(root)["code"] == "".join(filter(str.isprintable, attack))


def test_whatever_is_sent_is_answered_by_a_page(bank: Bank, paid: store.ReceiptItem) -> None:
    genuine = {"number": paid.number, "code": paid.code or ""}
    for name in genuine:
        for value in HOSTILE:
            typed = {**genuine, name: str(value).encode("utf-8", "replace").decode()}
            raw = urlencode(typed)
            reply = bank.request("POST", "/verify", raw=raw, media_type=FORM)
            assert reply.status in (200, 400), (name, value)
            assert (tree_of(reply), "genuine" in reply.body)[1] is False
            asked = "&".join(f"{field}={value}" for field in ("number", "code", "lang"))
            assert opened(bank, f"/verify?{asked}").status in (200, 400)
    bodies = (
        b"",
        b"\xff\xfe",
        b"&&&=",
        b"number",
        b"%",
        b"%ff=%00",
        b"a=1&" * MAX_FORM_FIELDS * 2,
        b"number=1&number=2",
    )
    for body in (*bodies, b"number=" + b"1" * MAX_BODY_BYTES):
        reply = bank.request("POST", "/verify", raw=body, media_type=FORM)
        assert reply.status in (200, 400, 413), body[:40]
        tree_of(reply)


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "multipart/form-data", None])
def test_only_a_form_is_taken(bank: Bank, media_type: str | None) -> None:
    reply = bank.request("POST", "/verify", raw="number=1&code=2", media_type=media_type)
    assert reply.status == 415


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bank_that_cannot_answer_says_so_on_a_page(
    bank: Bank, paid: store.ReceiptItem, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    def silent(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="nowhere")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    for fault, status in ((silent, 503), (broken, 500)):
        monkeypatch.setattr("chalicelib.site.routes.verify", fault)
        reply = sent(bank, paid.number, paid.code or "", language=language)
        root = tree_of(reply)
        assert (reply.status, one(root, "html").get("lang")) == (status, pages.LANGUAGES[language])
        assert len(alerts(root)) == 1
        assert reply.headers["X-Correlation-Id"] in reply.body
        assert ("Retry-After" in reply.headers) == (status == 503)
        assert reply.headers["Cache-Control"] == "no-store"


def test_what_a_qr_code_carries_survives_an_address(bank: Bank, paid: store.ReceiptItem) -> None:
    # given a code as it is printed; its hyphens and spaces are quoted by whoever makes the address
    printed = quote(grouped(paid.code or ""))
    assert values(tree_of(opened(bank, f"/verify?number={paid.number}&code={printed}")))["code"] == grouped(
        paid.code or ""
    )
