"""A document's picture read and a face compared over HTTP, on the local provider's good and bad days (XJ-3.4)."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest

from chalicelib.customers import providers, specimens
from chalicelib.customers.picture_routes import MAX_BODY_BYTES
from chalicelib.customers.pictures import MAX_PICTURE_BYTES
from chalicelib.customers.providers import FAILS, MALFORMED, REFUSES, SILENT, SLOW, WRONG, LocalProvider
from chalicelib.customers.specimens import Specimen
from chalicelib.platform import aws, clock
from infra.local import specimens as drawn
from tests.chain.bank import Bank, Reply
from tests.chain.counter import account, document, enter, log_in, sign_up
from tests.chain.probe import unchanged
from tests.chain.searched import Secret, found, listening

NAME = "赵小明"
READ, FACE = "/v1/identity-verifications/document", "/v1/identity-verifications/face"


@pytest.fixture
def token(bank: Bank) -> str:
    """A session of customer 1, whom the provider knows."""
    person = enter(bank, 1)
    LocalProvider.register(NAME, document(1))
    return log_in(bank, sign_up(bank, person, account(bank, person)))


def text_of(jpeg: bytes) -> str:
    return base64.b64encode(jpeg).decode()


def card(number: int = 1, name: str = NAME, person: str = "") -> str:
    """The picture of a document, with the portrait of its holder or of somebody else."""
    return text_of(drawn.jpeg(drawn.document(Specimen("resident_id", document(number).number, name), person)))


def face(number: int = 1) -> str:
    return text_of(drawn.jpeg(drawn.face(document(number).number)))


def read(bank: Bank, token: str, picture: str | None = None) -> Reply:
    return bank.request("POST", READ, {"picture": picture or card()}, token=token)


def compare(bank: Bank, token: str, document_picture: str | None = None, face_picture: str | None = None) -> Reply:
    body = {"document": document_picture or card(), "face": face_picture or face()}
    return bank.request("POST", FACE, body, token=token)


def verify(bank: Bank, token: str) -> Reply:
    body = {"name": NAME, "document_kind": "resident_id", "document_number": document(1).number}
    return bank.request("POST", "/v1/identity-verifications", body, token=token)


def noted(bank: Bank) -> list[str]:
    rows = aws.dynamodb().scan(TableName=bank.references["SecurityEventsTable"])["Items"]
    return sorted(row["kind"]["S"] for row in rows if row["kind"]["S"].startswith(("document_", "face_")))


@pytest.mark.requirement("XJ-3.4")
@pytest.mark.requirement("YQ-4.2.2-set")
def test_a_document_is_read_the_identity_verified_and_the_face_compared(bank: Bank, token: str) -> None:
    # given the picture, the app fills the form in
    text = read(bank, token)
    assert text.status == 200, text
    assert text.body == {"name": NAME, "document_kind": "resident_id", "document_number": document(1).number}
    # when its holder has looked it over, it is verified, and then the face
    assert compare(bank, token).code == "identity_unverified"
    verified = bank.request("POST", "/v1/identity-verifications", text.body, token=token)
    assert (verified.status, verified.body["face_at"]) == (200, None)
    matched = compare(bank, token)
    assert (matched.status, matched.body["provider"]) == (200, "local")
    # then the profile says so, and the own log who asked for what
    profile = bank.request("GET", "/v1/profile", token=token).body
    assert (profile["identity"]["state"], profile["identity"]["face_at"]) == ("verified", matched.body["at"])
    assert noted(bank) == ["document_read", "face_matched"]


@pytest.mark.requirement("XJ-3.4")
def test_another_face_and_another_document_are_no_match(bank: Bank, token: str) -> None:
    verify(bank, token)
    wrong = [
        compare(bank, token, face_picture=face(2)),
        # a document of somebody else, whose own face fits
        compare(bank, token, card(2, "钱红"), face(2)),
        # somebody else's portrait on the own document
        compare(bank, token, card(person=document(2).number)),
        # a name that is not on file
        compare(bank, token, card(name="赵大明")),
    ]
    assert [reply.code for reply in wrong] == ["face_not_matched"] * 4
    assert [reply.body["facts"]["tries_left"] for reply in wrong] == ["3", "2", "1", "0"]
    assert compare(bank, token).code == "identity_tries_exhausted"
    assert noted(bank) == ["face_refused"] * 4
    assert bank.request("GET", "/v1/profile", token=token).body["identity"]["face_at"] is None


@pytest.mark.requirement("XJ-3.4")
def test_every_way_to_ask_takes_a_try_of_the_same_five(bank: Bank, token: str) -> None:
    assert verify(bank, token).status == 200
    assert read(bank, token).status == 200
    unreadable = read(bank, token, face())
    assert (unreadable.code, unreadable.body["facts"]["tries_left"]) == ("document_unreadable", "2")
    assert compare(bank, token, document_picture=face()).code == "document_unreadable"
    assert compare(bank, token).status == 200
    for reply in (read(bank, token), compare(bank, token)):
        assert (reply.status, reply.code) == (429, "identity_tries_exhausted")
    bank.clock.set(bank.clock.now().replace(day=22))
    (row,) = aws.dynamodb().scan(TableName=bank.references["CredentialsTable"])["Items"]
    assert read(bank, log_in(bank, "c" + row["customer_id"]["S"][:10])).status == 200
    assert noted(bank) == ["document_read"] * 2 + ["document_unreadable"] * 2 + ["face_matched"]


@pytest.mark.requirement("XJ-3.4")
@pytest.mark.parametrize("ask", [read, compare])
def test_the_provider_on_its_bad_days(bank: Bank, token: str, ask: Any) -> None:
    verify(bank, token)  # takes one
    # not reached: the try is given back
    LocalProvider.behave(document(1), FAILS)
    for _ in range(7):
        reply = ask(bank, token)
        assert (reply.status, reply.code) == (503, "identity_provider_unavailable")
    # silent, slow, or answering what is no answer: nobody knows, and the try is taken
    began = clock.monotonic()
    for behaviour in (SILENT, SLOW, MALFORMED):
        LocalProvider.behave(document(1), behaviour)
        assert ask(bank, token).code == "identity_provider_unavailable"
    assert clock.monotonic() - began >= providers.PICTURE_TIMEOUT_S
    LocalProvider.behave(document(1), REFUSES)
    assert ask(bank, token).code == "document_unreadable"
    assert ask(bank, token).code == "identity_tries_exhausted"
    assert "face_matched" not in noted(bank)


@pytest.mark.requirement("XJ-3.4")
def test_a_provider_that_is_wrong_is_looked_over_and_never_a_match(bank: Bank, token: str) -> None:
    verify(bank, token)
    LocalProvider.behave(document(1), WRONG)
    # what it misreads is shown to the holder, and does not verify anybody
    assert read(bank, token).body["name"] == "别人"
    assert compare(bank, token).code == "face_not_matched"


@pytest.mark.requirement("XJ-3.4")
def test_a_wrong_check_of_names_is_a_refusal_too(bank: Bank, token: str) -> None:
    LocalProvider.behave(document(1), WRONG)
    assert verify(bank, token).code == "identity_not_verified"
    for behaviour in (SLOW, MALFORMED):
        LocalProvider.behave(document(1), behaviour)
        assert verify(bank, token).code == "identity_provider_unavailable"


def test_a_picture_that_will_not_do_takes_no_try_and_asks_nobody(
    bank: Bank, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalProvider, "read_document", None)
    with unchanged(bank):
        for picture in ("*", text_of(b"GIF89a"), text_of(bytes(MAX_PICTURE_BYTES))):
            assert read(bank, token, picture).code == "picture_unfit", picture[:9]
            assert compare(bank, token, face_picture=picture).code == "picture_unfit"
        for body in ({}, {"picture": 7}, {"picture": ""}, {"picture": "A" * 1_400_000}, {"picture": card(), "x": "y"}):
            assert bank.request("POST", READ, body, token=token).code == "malformed_request"


def test_a_body_is_bounded_here_too_and_no_wider_elsewhere(bank: Bank, token: str) -> None:
    reply = read(bank, token, "A" * MAX_BODY_BYTES)
    assert (reply.status, reply.code) == (413, "body_too_large")
    assert reply.body["facts"] == {"max_bytes": str(MAX_BODY_BYTES)}
    body = {"name": "A" * 20_000, "document_kind": "resident_id", "document_number": "1"}
    other = bank.request("POST", "/v1/identity-verifications", body, token=token)
    assert (other.status, other.body["facts"]) == (413, {"max_bytes": "16384"})


@pytest.mark.requirement("YQ-4.1.2")
def test_nothing_of_a_picture_is_stored_or_logged(bank: Bank, token: str, logged: io.StringIO) -> None:
    sought = []
    for name, text in (("document", card()), ("face", face())):
        raw = base64.b64decode(text)
        # pieces from the middle, as a whole picture need not be kept to be kept
        sought += [Secret(f"{name}, at {i}", raw[i : i + 24]) for i in range(700, len(raw) - 24, len(raw) // 8)]
        sought += [Secret(f"{name} in base64, at {i}", text[i : i + 48]) for i in range(1000, 4000, 900)]
    with listening(bank, logged) as heard:
        verify(bank, token)
        read(bank, token)
        compare(bank, token)
        for behaviour in (MALFORMED, SILENT):
            LocalProvider.behave(document(1), behaviour)
            compare(bank, token)
        bank.settle()
    places = heard.places(bank)
    assert found(sought, places) == []
    assert "face_matched" in places["writes"]
    # nor what the document says, in any log
    assert document(1).number not in logged.getvalue()
    assert NAME not in logged.getvalue()


def test_the_specimens_of_this_page_are_what_they_seem() -> None:
    assert specimens.read(base64.b64decode(card())) == Specimen("resident_id", document(1).number, NAME)
