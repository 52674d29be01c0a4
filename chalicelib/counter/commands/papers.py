"""What people bring to the counter, and how requests carry it: forms, identity documents, a court's paper."""

from __future__ import annotations

import datetime as dt
import hmac
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.counter.court import Document
from chalicelib.counter.errors import DocumentNotShown
from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_edition import MAX_AT_ONCE, Upgrade
from chalicelib.platform import clock, fields, keyed
from chalicelib.platform.http import Body
from chalicelib.platform.money import Money
from chalicelib.platform.texts import printable

Reference = Annotated[
    str,
    Field(pattern="^[!-~]{8,64}$", description="业务参考号，重发不重复办理 / a repeat with it is harmless"),
]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), AfterValidator(printable)
]
LastDate = Annotated[str, Field(pattern="^[0-9]{8}$", description="最后一日 / the last date", examples=["20271120"])]
Place = Annotated[int, Field(ge=1, le=9999, description="该账户的第几笔 / its number among the account's orders")]
_Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]
_Officer = Annotated[str, StringConstraints(min_length=1, max_length=30)]

_LAST_DIGITS = 4
_KINDS = {"resident_id": "居民身份证", "passport": "护照"}


class CourtPaper(Body):
    """What the officers bring."""

    number: Annotated[_Words, Field(description="法律文书号 / number of the document")]
    authority: Annotated[_Words, Field(description="执行机关 / the authority")]
    officers: Annotated[
        list[_Officer],
        Field(min_length=2, max_length=2, description="执行人员证件号 / both officers' cards"),
    ]

    def document(self) -> Document:
        """The same, as use cases take it."""
        return Document(self.number.strip(), self.authority.strip(), (self.officers[0], self.officers[1]))


class ShownDocument(Body):
    """A person's identity document, as the teller sees it."""

    kind: Annotated[str, Field(pattern="^(resident_id|passport)$")]
    number: Annotated[str, StringConstraints(min_length=5, max_length=18)]

    def document(self) -> customers.IdentityDocument:
        """The same, as use cases take it."""
        return customers.IdentityDocument.of(self.kind, self.number)


class EditionForm(Body):
    """What a customer of the professional edition signs for: a factor, the daily limit, and rights of accounts."""

    factor: Annotated[str, Field(pattern="^[a-z_]{1,20}$", description="sms，或已持有的 / or one that is held")]
    limit_outward: fields.AmountText
    rights: Annotated[dict[fields.AccountId, Literal["full", "query"]], Field(min_length=1, max_length=MAX_AT_ONCE)]

    def application(self, customer_id: str) -> Upgrade:
        """The same, as use cases take it."""
        return Upgrade(customer_id, self.factor, Money.parse(self.limit_outward).amount_fen, self.rights)


class SeenDocument(Body):
    """That a teller saw the customer's own document, on a business date; `text` is what of it may be read.

    The counter makes it, and its `seal` says so: nobody asks for it by hand.
    """

    teller: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    text: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    on: Annotated[str, Field(pattern="^[0-9]{8}$")]
    seal: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    def require(self, purpose: str, customer_id: str) -> None:
        """Raise DocumentNotShown unless the counter made this for that purpose and customer."""
        if not hmac.compare_digest(self.seal, _seal(purpose, customer_id, self.teller, self.text, self.on)):
            raise DocumentNotShown()

    @property
    def latest(self) -> dt.datetime:
        """The last moment for which it is good: the end of its business date."""
        return clock.start_of_day(self.on) + dt.timedelta(days=1)


def see(purpose: str, profile: customers.Profile, document: customers.IdentityDocument, teller_id: str) -> SeenDocument:
    """Note that the customer's own document was shown for `purpose`; raises DocumentNotShown for any other.

    The same on a business date is the same note, so that a request may be sent again.
    """
    text = check_shown(profile, document)
    on = clock.business_date(clock.now())
    return SeenDocument(
        teller=teller_id, text=text, on=on, seal=_seal(purpose, profile.customer_id, teller_id, text, on)
    )


def check_shown(profile: customers.Profile | None, document: customers.IdentityDocument | None) -> str:
    """What may be read of a customer's own document; raises DocumentNotShown for none, or another's."""
    if document is None or profile is None or profile.document != document:
        raise DocumentNotShown()
    return f"{_KINDS[document.kind]} *{document.number[-_LAST_DIGITS:]}"


def _seal(purpose: str, *facts: str) -> str:
    return keyed.keyed_hash(f"document shown for {purpose}", *facts).hex()
