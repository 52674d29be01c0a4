"""Give a person a staff number: a seat, a first password, and a token (NB-5.2.4)."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from urllib.parse import quote

from chalicelib.customers import service as customers
from chalicelib.customers.errors import DocumentInvalid
from chalicelib.platform import clock, ids, keyed, passwords, totp, vault
from chalicelib.platform.dynamo import ItemPut
from chalicelib.platform.masking import KEPT_DIGITS
from chalicelib.staff import domain, store
from chalicelib.staff.errors import AppointmentRefused, StaffNumberTaken, StaffPersonTaken
from chalicelib.staff.service import branch_of

MAX_SERIAL = 32
_PASSWORD_BYTES = 10  # sixteen characters
_SERIAL_BYTES = 5


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who is to have which seat where; the person is known by a keyed hash of their document alone."""

    staff_id: str
    name: str
    branch_id: str
    role: str
    posts: frozenset[str]
    document_hash: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its row keeps it: the seed is encrypted for this member and serial number alone."""

    serial: str
    seed: bytes


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the member is given once, on paper or screen: a password good for a change only, and the token's seed."""

    password: str = field(repr=False)
    token_uri: str = field(repr=False)


def new_token(staff_id: str, serial: str | None = None, seed: bytes | None = None) -> tuple[Token, str]:
    """A token and the address an authenticator app reads it from.

    `serial` and `seed` are those of a hardware token (SHA-256, 60 s, 6 digits); left out, the token is the app itself.
    Raises AppointmentRefused.
    """
    serial = serial or ids.random_id(_SERIAL_BYTES)
    seed = seed or ids.random_bytes(totp.SEED_BYTES)
    if len(seed) != totp.SEED_BYTES or not serial.isalnum() or not serial.isascii() or len(serial) > MAX_SERIAL:
        raise AppointmentRefused(reason="令牌序列号或种子无效 / serial number or seed")
    secret = base64.b32encode(seed).decode().rstrip("=")
    label = quote(f"Rural Bank:{staff_id}")
    uri = f"otpauth://totp/{label}?secret={secret}&algorithm=SHA256&digits={totp.CODE_DIGITS}&period={totp.STEP_S}"
    return Token(serial, vault.encrypt(seed, **store.seed_owner(staff_id, serial))), uri


def temporary_password() -> str:
    """A password of sixteen random characters, to be changed at the first log-in."""
    return ids.random_id(_PASSWORD_BYTES)


def person_of(identity_number: str, now: dt.datetime) -> str:
    """What a person is known by, from their resident identity number; raises DocumentInvalid (GB 11643)."""
    document = customers.IdentityDocument.of(customers.RESIDENT_ID, identity_number)
    today = now.astimezone(clock.SHANGHAI).date()
    if not customers.is_valid_document(document, document.number[6:14], today):
        raise DocumentInvalid()
    return customers.document_hash(document)


def shown_document(identity_number: str) -> str:
    """What a checker sees of it: enough to compare with the paper."""
    return f"居民身份证 *{identity_number.strip().upper()[-KEPT_DIGITS:]}"


def seal_of(appointment: Appointment, shown: str) -> str:
    """Says that the bank saw the document of just this person for this number: nobody makes one by hand."""
    facts = (appointment.staff_id, appointment.name, appointment.document_hash, shown)
    return keyed.keyed_hash("appointment", *facts).hex()


def require_fit(appointment: Appointment) -> None:
    """Raise AppointmentRefused unless number, seat and organisation can be."""
    if not domain.is_staff_id(appointment.staff_id):
        raise AppointmentRefused(reason="员工号须为一个大写字母加 4 至 9 位数字 / a letter and 4 to 9 digits")
    require_seat(appointment.role, appointment.posts, appointment.branch_id)


def require_seat(role: str, posts: frozenset[str], branch_id: str) -> None:
    """Raise AppointmentRefused unless there is such a seat at that organisation."""
    try:
        level = branch_of(branch_id).level
    except KeyError:
        raise AppointmentRefused(reason="机构不存在 / no such organisation") from None
    if not domain.is_seat(role, posts, level):
        raise AppointmentRefused(reason="该级机构没有此角色或岗位 / no such role or post at this level")


def require_free(appointment: Appointment) -> None:
    """Raise StaffNumberTaken or StaffPersonTaken for who cannot be appointed; the write has the last word."""
    if store.read(appointment.staff_id) is not None:
        raise StaffNumberTaken()
    if store.number_of(appointment.document_hash) is not None:
        raise StaffPersonTaken()


def appointment_writes(
    appointment: Appointment,
    password_hash: str,
    token: Token | None,
    now: dt.datetime,
    *,
    is_first: bool = True,
    due: store.HandOver | None = None,
) -> list[ItemPut]:
    """The rows of a new member: a number never given before, of a person who has none.

    The password is a first one, to be changed at the first log-in, unless its owner chose it. `due` says that
    password and token are yet to be handed over (`hand_over`).
    """
    row = {
        "staff_id": appointment.staff_id,
        "name": appointment.name,
        "branch_id": appointment.branch_id,
        "role": appointment.role,
        "posts": sorted(appointment.posts),
        "state": domain.ACTIVE,
        "document_hash": appointment.document_hash,
        "password_hash": password_hash,
        "password_at": int(now.timestamp()),
        "must_change": is_first,
        "token_serial": token.serial if token else None,
        "seed": token.seed if token else None,
        "hand_over": store.hand_over_map(due) if due else None,
    }
    return [store.put_of(row), store.person_put(appointment.document_hash, appointment.staff_id)]


def nobodys_hash() -> str:
    """The hash of a password that nobody has seen: until one is handed over, none opens."""
    return passwords.hash_password(temporary_password())


def new_credentials(staff_id: str) -> tuple[Credentials, str, Token]:
    """A first password and an app's token: what the member is given, and what the rows keep of both."""
    password = temporary_password()
    token, uri = new_token(staff_id)
    return Credentials(password, uri), passwords.hash_password(password), token
