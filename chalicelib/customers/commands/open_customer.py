"""Enter a person as a customer at the counter, without online banking (XJ-3.3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.customers.domain import IdentityDocument, is_valid_document
from chalicelib.customers.errors import DocumentInvalid, SignUpRefused
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.staff import service as staff


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes to the counter; `birth_date` as `19900307`. The phone is where the bank reaches the person."""

    name: str
    phone: str
    branch_id: str
    document: IdentityDocument
    birth_date: str


def open_customer(person: Person, *, teller_id: str, at: dt.datetime) -> str:
    """Enter a person with an identity document; the new customer's id.

    Raises StaffNotEntitled unless the teller belongs to the branch, DocumentInvalid (GB 11643), DocumentTaken
    when the document is a customer's already, SignUpRefused for a phone that is none.
    """
    staff.require_teller(teller_id, person.branch_id)
    today = at.astimezone(clock.SHANGHAI).date()
    if not is_valid_document(person.document, person.birth_date, today):
        raise DocumentInvalid()
    profile = customers.Profile(
        ids.random_id(), person.name, person.phone, person.branch_id, None, person.document, person.birth_date
    )
    return enter(profile, at)


def enter(profile: customers.Profile, at: dt.datetime) -> str:
    """Write a customer whose document was looked at, or (None) was never kept here; the customer's id.

    Raises DocumentTaken; SignUpRefused for a phone that is none.
    """
    if not customers.is_phone(profile.phone):
        raise SignUpRefused(reason="预留手机号无效 / the reserved phone number is not valid")
    # The bank's offer of the day; from here on the limits are the customer's own.
    customers.add_person(
        profile,
        parameters.value(parameters.NO_CERTIFICATE_DAY_FEN, at),
        parameters.value(parameters.NO_FACTOR_DAY_FEN, at),
    )
    return profile.customer_id
