"""What a customer's record must satisfy. Pure; no I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.customers.errors import (
    CustomerNotActive,
    EditionNotEntitled,
    SessionEnded,
    TransfersSwitchedOff,
)
from chalicelib.platform.dynamo import Image, Rule, s

ACTIVE = "active"
EXPRESS = "express"
PROFESSIONAL = "professional"
EDITIONS = (EXPRESS, "credit_card", PROFESSIONAL)

_PHONE = re.compile(r"1[3-9][0-9]{9}")
_LOGIN_NAME = re.compile(r"[a-z][a-z0-9_.]{3,31}")


def is_phone(text: str) -> bool:
    """Whether `text` is a mainland mobile number."""
    return _PHONE.fullmatch(text) is not None


def is_login_name(text: str) -> bool:
    """4 to 32 of a-z, 0-9, dot and underscore, a letter first: never mistaken for an account number."""
    return _LOGIN_NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Customer:
    """The record a payment's condition reads; `limit_outward_fen` is the daily limit set at sign-up."""

    customer_id: str
    state: str
    edition: str
    transfers_on: bool
    revoked: dict[str, int]
    image: Image

    @classmethod
    def from_image(cls, image: Image) -> Customer:
        """A customer from the stored item."""
        return cls(
            image["customer_id"],
            image["state"],
            image["edition"],
            image["transfers_on"],
            dict(image["revoked"]),
            image,
        )


def session_rule(session_id: str) -> Rule:
    """The session has not been ended: rides in the money's own write, so that ending one stops it at once.

    `revoked` is a map from session id to when its last access token dies; ids are letters and digits.
    """
    return Rule(
        f"attribute_not_exists(#revoked.#{session_id})",
        {},
        lambda image: session_id not in image["revoked"],
        lambda _: SessionEnded(),
    )


def paying_rules(session_id: str) -> list[Rule]:
    """What the payer's customer record must satisfy for money to leave."""
    return [
        session_rule(session_id),
        Rule(
            "#edition = :professional",
            {":professional": s(PROFESSIONAL)},
            lambda image: bool(image["edition"] == PROFESSIONAL),
            lambda _: EditionNotEntitled(),
        ),
        Rule(
            "#state = :active",
            {":active": s(ACTIVE)},
            lambda image: bool(image["state"] == ACTIVE),
            lambda _: CustomerNotActive(),
        ),
    ]


def switch_rule() -> Rule:
    """Online transfers are switched on (XJ-4.4-switch): asked of every outward path."""
    return Rule(
        "#transfers_on = :on",
        {":on": {"BOOL": True}},
        lambda image: bool(image["transfers_on"]),
        lambda _: TransfersSwitchedOff(),
    )
