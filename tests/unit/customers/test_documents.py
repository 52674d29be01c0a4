"""Identity documents: GB 11643's check digit, region and birth date; a hash that cannot be tried without its key."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.customers.domain import PASSPORT, RESIDENT_ID, IdentityDocument, hash_of, is_valid_document
from tests.unit.samples import resident_number

TODAY = dt.date(2026, 11, 21)


def is_valid(number: str, birth_date: str, kind: str = RESIDENT_ID) -> bool:
    return is_valid_document(IdentityDocument.of(kind, number), birth_date, TODAY)


@pytest.mark.requirement("XJ-3.4")
@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", " 110105 1949 1231 002x "])
def test_numbers_printed_in_the_standard_check(number: str) -> None:
    birth_date = IdentityDocument.of(RESIDENT_ID, number).number[6:14]
    # the second is of a person born before anybody alive
    assert is_valid(number, birth_date) == (birth_date >= "19000101")


@pytest.mark.requirement("XJ-3.4")
@pytest.mark.parametrize(
    ("number", "birth_date"),
    [
        pytest.param("110105194912310021", "19491231", id="check digit"),
        pytest.param(resident_number(1, region="990101"), "19900307", id="no such region"),
        pytest.param(resident_number(1, "19900230"), "19900230", id="no such day"),
        pytest.param(resident_number(1, "20261122"), "20261122", id="born tomorrow"),
        pytest.param(resident_number(1), "19900308", id="another birth date"),
        pytest.param(resident_number(1)[:-1], "19900307", id="too short"),
        pytest.param("1" + resident_number(1), "19900307", id="too long"),
        pytest.param(resident_number(1).translate(str.maketrans("01", "０１")), "19900307", id="full-width digits"),
        pytest.param("", "19900307", id="empty"),
        pytest.param(resident_number(1), "1990-03-07", id="another form of date"),
    ],
)
def test_what_cannot_be_a_resident_identity_number(number: str, birth_date: str) -> None:
    assert not is_valid(number, birth_date)


@given(place=st.integers(0, 16), added=st.integers(1, 9), serial=st.integers(0, 999))
def test_every_single_wrong_digit_is_seen(place: int, added: int, serial: int) -> None:
    right = resident_number(serial)
    assert is_valid(right, "19900307")
    wrong = right[:place] + str((int(right[place]) + added) % 10) + right[place + 1 :]
    assert not is_valid(wrong, wrong[6:14])


@pytest.mark.parametrize(
    ("number", "good"), [("E12345678", True), ("e1234 5678", True), ("E123", False), ("护照", False)]
)
def test_a_passport_is_judged_by_its_form(number: str, good: bool) -> None:
    assert is_valid(number, "19900307", PASSPORT) == good


def test_another_kind_of_document_is_not_taken() -> None:
    assert not is_valid(resident_number(1), "19900307", "library_card")


def test_a_document_is_hidden_where_it_is_shown_and_its_hash_takes_the_key() -> None:
    document = IdentityDocument.of(RESIDENT_ID, resident_number(7))
    assert document.number not in repr(document)
    one, other = hash_of(b"one key", document), hash_of(b"another key", document)
    assert len({one, other, hash_of(b"one key", IdentityDocument.of(PASSPORT, document.number))}) == 3
    assert document.number not in one + other
