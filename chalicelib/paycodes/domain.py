"""What a receive code is and when it can be paid. Pure; no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.paycodes.errors import (
    PayCodeAmountDiffers,
    PayCodeAmountMissing,
    PayCodeExpired,
    PayCodeIsOwn,
    PayCodeUsed,
    PayCodeWithdrawn,
)
from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.errors import NotFound, Refusal, TryAgain
from chalicelib.platform.money import decimal_text

# For one payment within moments; or printed, for any number of small ones.
SINGLE, STATIC = "single", "static"
OPEN, USED, WITHDRAWN = "open", "used", "withdrawn"
# What the QR picture says: which application reads it, which form it has, the code.
PAYLOAD = "rural-bank:receive:1:{code}"


@dataclass(frozen=True, slots=True)
class PayCode:
    """A receive code as stored: by the hash of what the picture says, never that itself.

    `amount_fen` is what the payee asks for, None where the payer enters it. `valid_until` (UTC text) is None for a
    static code.
    """

    code_id: str
    kind: str
    state: str
    customer_id: str
    account_id: str
    holder: str
    created_at: str
    amount_fen: int | None = None
    valid_until: str | None = None
    used_by: str | None = None

    @classmethod
    def from_image(cls, image: Image) -> PayCode:
        """The code that an item holds."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})

    def require_payable(self, payer_customer: str, now_text: str) -> None:
        """Raise PayCodeIsOwn, PayCodeUsed, PayCodeWithdrawn or PayCodeExpired where the customer cannot pay by it."""
        if self.customer_id == payer_customer:
            raise PayCodeIsOwn()
        if self.state != OPEN:
            raise _closed({"state": self.state})
        if self.valid_until is not None and self.valid_until <= now_text:
            raise PayCodeExpired()

    def amount_to_pay(self, entered_fen: int | None) -> int:
        """The amount in fen. Raises PayCodeAmountDiffers, PayCodeAmountMissing."""
        if self.amount_fen is None:
            if entered_fen is None:
                raise PayCodeAmountMissing()
            return entered_fen
        if entered_fen not in (None, self.amount_fen):
            raise PayCodeAmountDiffers(amount=decimal_text(self.amount_fen))
        return self.amount_fen


def _closed(image: Image) -> Refusal:
    return PayCodeUsed() if image["state"] == USED else PayCodeWithdrawn()


def open_rule() -> Rule:
    """The code can still be paid: a condition of the money's own write, so that one for one payment is paid once."""
    return Rule("#state = :open", {":open": s(OPEN)}, lambda image: bool(image["state"] == OPEN), _closed)


def owner_rule(customer_id: str) -> Rule:
    """The code is this customer's; another's looks unknown."""
    return Rule(
        "#customer_id = :owner",
        {":owner": s(customer_id)},
        lambda image: bool(image["customer_id"] == customer_id),
        lambda _: NotFound(),
    )


def not_used_rule() -> Rule:
    """What was paid stays paid."""
    return Rule(
        "#state <> :used", {":used": s(USED)}, lambda image: bool(image["state"] != USED), lambda _: PayCodeUsed()
    )


def named_rule(code_id: str) -> Rule:
    """The account's static code still is the one that was read: of two who change it at once one comes again."""
    return Rule(
        "#names = :old", {":old": s(code_id)}, lambda image: bool(image["names"] == code_id), lambda _: TryAgain()
    )
