"""What a customer's record must satisfy. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import hmac
import re
from dataclasses import dataclass, field

from chalicelib.customers.errors import (
    AccountNotInGoodStanding,
    ContractedAtCounter,
    CustomerNotActive,
    PhoneChanged,
    SessionEnded,
    TooManyAccounts,
    TransfersStopped,
    TransfersSwitchedOff,
    TransferStopUnchanged,
)
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s, to_raw
from chalicelib.platform.errors import NotFound, Refusal

ACTIVE = "active"
EXPRESS = "express"
PROFESSIONAL = "professional"
EDITIONS = (EXPRESS, "credit_card", PROFESSIONAL)
CREDIT_CARD = "credit_card"
# A customer of the counter who has not signed up: no log-in is served.
OFFLINE, NO_EDITION = "offline", "none"
# One whose online banking was ended: no session of theirs is served any more.
CLOSED = "closed"

# What became of asking whether name and number belong together.
VERIFIED, REFUSED = "verified", "refused"

SETTLEMENT_KINDS = ("savings", "current", "merchant")

RESIDENT_ID, PASSPORT = "resident_id", "passport"
DOCUMENT_KINDS = (RESIDENT_ID, PASSPORT)
EARLIEST_BIRTH = dt.date(1900, 1, 1)

_PHONE = re.compile(r"1[3-9][0-9]{9}")
_RESIDENT_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_PASSPORT = re.compile(r"[A-Z0-9]{5,17}")
_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_LOGIN_NAME = re.compile(r"[a-z][a-z0-9_.]{3,31}")


def is_phone(text: str) -> bool:
    """Whether `text` is a mainland mobile number."""
    return _PHONE.fullmatch(text) is not None


def is_login_name(text: str) -> bool:
    """4 to 32 of a-z, 0-9, dot and underscore, a letter first: never mistaken for an account number."""
    return _LOGIN_NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Customer:
    """The record a payment's condition reads: `revoked` are ended sessions, `devices` the bound devices' ids."""

    customer_id: str
    state: str
    edition: str
    transfers_on: bool
    revoked: dict[str, int]
    devices: dict[str, int]
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
            dict(image["devices"]),
            image,
        )

    def has_ended(self, session_id: str) -> bool:
        """Whether a session of this customer was ended, by itself or with all that began before another one."""
        return session_id in self.revoked or session_id < self.ended_before

    @property
    def stopped_since(self) -> str:
        """Since when the bank has stopped online transfers; empty while it has not (XJ-4.4-switch)."""
        return str(self.image.get("transfers_stopped", ""))

    @property
    def ended_before(self) -> str:
        """The session before which all were ended together; empty while that has not happened."""
        return str(self.image.get("since", ""))


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


def device_rules(device_id: str | None) -> list[Rule]:
    """The session's device still is bound: rides in the money's own write too. None for a session without one."""
    return [] if device_id is None else [device_rule(device_id)]


def device_rule(device_id: str) -> Rule:
    """The device has not been revoked or reported lost; a session that it had has ended with it."""
    return Rule(
        f"attribute_exists(#devices.#{device_id})",
        {},
        lambda image: device_id in image["devices"],
        lambda _: SessionEnded(),
    )


def since_rule(session_id: str) -> Rule:
    """The session is none of those that were ended together, as all that began before the session in `since`."""
    return Rule(
        "attribute_not_exists(#since) OR #since <= :session",
        {":session": s(session_id)},
        lambda image: image.get("since", "") <= session_id,
        lambda _: SessionEnded(),
    )


def later_rule(since: str) -> Rule:
    """`since` only grows; a breach means that somebody ended more sessions meanwhile."""
    return Rule(
        "attribute_not_exists(#since) OR #since <= :since",
        {":since": s(since)},
        lambda image: image.get("since", "") <= since,
        None,
    )


def paying_rules(session_id: str, device_id: str | None = None) -> list[Rule]:
    """What the payer's customer record must satisfy for money to leave."""
    return [session_rule(session_id), since_rule(session_id), *device_rules(device_id), *standing_rules()]


def standing_rules() -> list[Rule]:
    """The same without the session: for what is executed while nobody is logged in."""
    return [
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


def outward_rules() -> list[Rule]:
    """What every outward path asks beside that (XJ-4.4-switch): neither bank nor customer has stopped transfers."""
    return [not_stopped_rule(), switch_rule()]


def not_stopped_rule(refusal: type[Refusal] = TransfersStopped) -> Rule:
    """The bank has not stopped online transfers; the customer's own switch does not start them again."""
    return Rule(
        "attribute_not_exists(#transfers_stopped)",
        {},
        lambda image: "transfers_stopped" not in image,
        lambda _: refusal(),
    )


def stopped_rule(since: str) -> Rule:
    """The bank's stop still is the one that was read."""
    return Rule(
        "#transfers_stopped = :stopped_since",
        {":stopped_since": s(since)},
        lambda image: image.get("transfers_stopped") == since,
        lambda _: TransferStopUnchanged(),
    )


def switch_rule() -> Rule:
    """The customer has online transfers switched on."""
    return Rule(
        "#transfers_on = :on",
        {":on": {"BOOL": True}},
        lambda image: bool(image["transfers_on"]),
        lambda _: TransfersSwitchedOff(),
    )


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """An identity document (C2: never logged, hence not shown): kind and number, upper case without blanks."""

    kind: str
    number: str = field(repr=False)

    @classmethod
    def of(cls, kind: str, number: str) -> IdentityDocument:
        """The document as a person would write it; whether it holds is `is_valid_document`'s to say."""
        return cls(kind, "".join(number.split()).upper())


def is_valid_document(document: IdentityDocument, birth_date: str, today: dt.date) -> bool:
    """Whether kind, number and birth date (`19900307`) can belong together.

    A resident identity number (GB 11643) must check, name a region that existed in that year and hold the
    birth date; of a passport only the form can be judged.
    """
    born = _date(birth_date)
    if born is None or not EARLIEST_BIRTH <= born <= today:
        return False
    if document.kind == PASSPORT:
        return _PASSPORT.fullmatch(document.number) is not None
    if document.kind != RESIDENT_ID or not _RESIDENT_NUMBER.fullmatch(document.number):
        return False
    from stdnum.cn import ric  # noqa: PLC0415  # who opens no account does without its table of places

    return ric.is_valid(document.number) and document.number[6:14] == birth_date


def _date(text: str) -> dt.date | None:
    if not _EIGHT_DIGITS.fullmatch(text):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def hash_of(secret: bytes, document: IdentityDocument) -> str:
    """The key under which a document is known: without the secret, numbers cannot be tried against it."""
    return hmac.new(secret, f"{document.kind}:{document.number}".encode(), "sha256").hexdigest()


def is_settlement(kind: str) -> bool:
    """Whether an account of this kind is a settlement account; a credit card alone is none (XJ-3.3)."""
    return kind in SETTLEMENT_KINDS


def room_rule(counter: str, most: int, more: int = 1) -> Rule:
    """There is room for `more` of what `counter` counts."""
    room = most - more
    return Rule(
        f"attribute_not_exists(#{counter}) OR #{counter} <= :room_{counter}",
        {f":room_{counter}": n(room)},
        lambda image: bool(counter not in image or image[counter] <= room),
        lambda _: TooManyAccounts(most=str(most)),
    )


def count_more(update: ItemUpdate, counter: str, most: int, more: int = 1) -> ItemUpdate:
    """Make a profile's update count `more` (at most `most`), where there is room."""
    update.require(room_rule(counter, most, more))
    return update.set(f"#{counter} = if_not_exists(#{counter}, :none) + :more", none=n(0), more=n(more))


def standing_rule(state: str, edition: str) -> Rule:
    """The customer's record still is as it was read."""
    return Rule(
        "#state = :old_state AND #edition = :old_edition",
        {":old_state": s(state), ":old_edition": s(edition)},
        lambda image: bool(image["state"] == state and image["edition"] == edition),
        lambda _: CustomerNotActive(),
    )


def owned_rule(customer_id: str) -> Rule:
    """The account is this customer's and in good standing: only such a one is contracted (XJ-3.3)."""
    return Rule(
        "#customer_id = :holder AND #state = :open",
        {":holder": s(customer_id), ":open": s("open")},
        lambda image: bool(image["customer_id"] == customer_id and image["state"] == "open"),
        lambda image: (
            AccountNotInGoodStanding(state=image["state"]) if image["customer_id"] == customer_id else NotFound()
        ),
    )


def verified_rule() -> Rule:
    """The identity is verified by name and number."""
    return Rule(
        "#verification = :verified",
        {":verified": s(VERIFIED)},
        lambda image: bool(image.get("verification") == VERIFIED),
        None,
    )


def unverified_rule() -> Rule:
    """The identity is not verified yet: a later question changes nothing of what is."""
    return Rule(
        "attribute_not_exists(#verification) OR #verification <> :verified",
        {":verified": s(VERIFIED)},
        lambda image: image.get("verification") != VERIFIED,
        None,
    )


def query_rule() -> Rule:
    """The contract only lets look: such a one its owner may end online."""
    return Rule(
        "#right = :query",
        {":query": s("query")},
        lambda image: bool(image["right"] == "query"),
        lambda _: ContractedAtCounter(),
    )


def note_edition(profile: ItemUpdate, before: str, after: str, by: str, at: dt.datetime) -> ItemUpdate:
    """Make a profile's update add a change of edition to its history (NB-5.4.1-up)."""
    change = {"at": clock.to_text(at), "from": before, "to": after, "by": by}
    return profile.set(
        "#editions = list_append(if_not_exists(#editions, :no_changes), :change)",
        no_changes={"L": []},
        change={"L": [{"M": to_raw(change)}]},
    )


def phone_rule(code_asked_at: dt.datetime) -> Rule:
    """The reserved phone is the one that the code was asked for: codes under way to an older number are void.

    `phone_at` is when the number last changed or was reported lost, in milliseconds since 1970; absent while it
    never was.
    """
    asked_at_ms = epoch_ms(code_asked_at)
    return Rule(
        "attribute_not_exists(#phone_at) OR #phone_at < :code_asked_at",
        {":code_asked_at": n(asked_at_ms)},
        lambda image: "phone_at" not in image or image["phone_at"] < asked_at_ms,
        lambda _: PhoneChanged(),
    )


def same_phone_rule(phone: str) -> Rule:
    """The reserved phone still is the one that was read."""
    return Rule(
        "#phone = :old_phone",
        {":old_phone": s(phone)},
        lambda image: bool(image.get("phone") == phone),
        lambda _: PhoneChanged(),
    )


def epoch_ms(moment: dt.datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
