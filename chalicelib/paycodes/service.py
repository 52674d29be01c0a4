"""Show, look up and withdraw receive codes; paying by one is a command (decision 0032)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from chalicelib.ledger import service as ledger
from chalicelib.ledger.errors import AccountQueryOnly
from chalicelib.parameters import service as parameters
from chalicelib.paycodes import domain, store
from chalicelib.paycodes.domain import OPEN, PAYLOAD, SINGLE, STATIC, USED, WITHDRAWN, PayCode
from chalicelib.paycodes.errors import AccountCannotReceive, PayCodeUnknown
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import AmountOutOfRange, NotFound

__all__ = [
    "SINGLE",
    "STATIC",
    "PayCode",
    "Shown",
    "look_up",
    "paid_update",
    "scanned",
    "show",
    "static_code",
    "withdraw",
]

_RANDOM_BYTES = 20
_PAYLOAD = re.compile(PAYLOAD.format(code="([a-z2-7]{32})"))
_ID = re.compile(r"[a-z2-7]{26}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A new code, and the text of its picture: told this once, and kept nowhere."""

    code: PayCode
    payload: str


def show(caller: Caller, account_id: str, kind: str, amount_fen: int | None, now: dt.datetime) -> Shown:
    """Make a code for the caller's account: for one payment within `paycodes.valid_s`, or a static one.

    An account has one static code: another takes its place, and what hangs on the wall is void in the same write.
    Raises NotFound for an account that is not the caller's, AccountQueryOnly, AccountCannotReceive, AmountOutOfRange;
    TryAgain, OutcomeUnknown.
    """
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None or account.customer_id != caller.customer_id:
        raise NotFound()
    if account.right != ledger.RIGHT_FULL:
        raise AccountQueryOnly()
    if not ledger.can_receive(account):
        raise AccountCannotReceive(state=account.state)
    if amount_fen is not None and amount_fen <= 0:
        raise AmountOutOfRange()
    code = ids.random_id(_RANDOM_BYTES)
    valid_until = (
        now + dt.timedelta(seconds=parameters.value(parameters.PAYCODE_VALID_S, now)) if kind == SINGLE else None
    )
    made = PayCode(
        code_id=store.id_of(code),
        kind=kind,
        state=OPEN,
        customer_id=caller.customer_id,
        account_id=account_id,
        holder=account.holder,
        created_at=clock.to_text(now),
        amount_fen=amount_fen,
        valid_until=clock.to_text(valid_until) if valid_until else None,
    )
    put = store.put_of(made, valid_until)
    updates.together([put] if kind == SINGLE else [put, *_placed(made)])
    return Shown(made, PAYLOAD.format(code=code))


def _placed(made: PayCode) -> list[ItemPut | ItemUpdate]:
    """What makes a static code its account's one; the one before it is withdrawn."""
    place = store.read(store.place_of(made.account_id))
    if place is None:
        return [store.place_put(made.account_id, made.code_id)]
    old_id = place["names"]
    return [
        store.place_update(made.account_id, made.code_id).require(domain.named_rule(old_id)),
        store.update_of(old_id).set("#state = :withdrawn", withdrawn=s(WITHDRAWN)),
    ]


def static_code(caller: Caller, account_id: str) -> PayCode:
    """The static code of the caller's account as it stands. Raises NotFound where there is none."""
    place = store.read(store.place_of(account_id))
    code = PayCode.from_image(store.read(place["names"]) or {}) if place is not None else None
    if code is None or code.customer_id != caller.customer_id:
        raise NotFound()
    return code


def withdraw(caller: Caller, code_id: str) -> PayCode:
    """Nobody pays by it from now on; done twice it is done once.

    Raises NotFound (also for another's), PayCodeUsed; TryAgain, OutcomeUnknown.
    """
    if not _ID.fullmatch(code_id):
        raise NotFound()
    update = store.update_of(code_id).require(domain.owner_rule(caller.customer_id), domain.not_used_rule())
    return PayCode.from_image(updates.insist(update.set("#state = :withdrawn", withdrawn=s(WITHDRAWN))))


def scanned(payload: str) -> PayCode:
    """The code that a picture says, whatever became of it. Raises PayCodeUnknown."""
    found = _PAYLOAD.fullmatch(payload)
    image = store.read(store.id_of(found[1])) if found else None
    if image is None:
        raise PayCodeUnknown()
    return PayCode.from_image(image)


def look_up(caller: Caller, payload: str, now: dt.datetime) -> PayCode:
    """The code, if the caller can pay by it now.

    Raises PayCodeUnknown, PayCodeIsOwn, PayCodeUsed, PayCodeWithdrawn, PayCodeExpired.
    """
    code = scanned(payload)
    code.require_payable(caller.customer_id, clock.to_text(now))
    return code


def paid_update(code_id: str, kind: str, entry_id: str, posted_at: str) -> ItemUpdate:
    """The code as a part of the payment's own write: it is open, and one for one payment is used by it."""
    update = store.update_of(code_id).require(domain.open_rule())
    if kind == SINGLE:
        update.set(
            "#state = :used, #used_by = :entry, #used_at = :at", used=s(USED), entry=s(entry_id), at=s(posted_at)
        )
    return update
