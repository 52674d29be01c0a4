"""AccountSecretsTable and PasswordApplicationsTable: passwords of accounts, and who applies for a query password."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, UpdateError

from chalicelib.identity.errors import ApplicationRefused
from chalicelib.platform import clock, reading, settings, updates
from chalicelib.platform.dynamo import Image, Item, ItemPut, ItemUpdate, Rule, is_refused, n, s, to_raw
from chalicelib.platform.errors import NotFound, TryAgain

AWAITING, USED = "awaiting", "used"
FIRST_ATTEMPT = 1
KEPT_S = 86_400


class DayItem(Item):
    """How many applications there were on a business date for a customer, or untrue ones for an account."""

    class Meta:
        logical_name = "password_applications"

    application_id = UnicodeAttribute(hash_key=True)
    made = NumberAttribute()
    expires_at = NumberAttribute()


class AccountSecretItem(Item):
    class Meta:
        logical_name = "account_secrets"

    account_id = UnicodeAttribute(hash_key=True)
    withdrawal_hash = UnicodeAttribute(null=True)
    payment_hash = UnicodeAttribute(null=True)


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody applies for a query password; `customer_id` is empty where what was stated is not true."""

    application_id: str
    customer_id: str
    account_id: str
    created_at: str
    valid_until: str

    def digest(self) -> bytes:
        """What the code by SMS is derived from: SHA-256 over every stated fact."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def put_withdrawal_hash(account_id: str, withdrawal_hash: str) -> None:
    """Set an account's withdrawal password."""
    AccountSecretItem(account_id).update(actions=[AccountSecretItem.withdrawal_hash.set(withdrawal_hash)])


def withdrawal_hash_of(account_id: str) -> str | None:
    """The stored hash, or None."""
    row = _secrets_of(account_id)
    return row.withdrawal_hash if row is not None else None


def payment_hash_write(account_id: str, payment_hash: str) -> ItemPut | ItemUpdate:
    """Set an account's electronic payment password, as a part of another write."""
    table = settings.table("account_secrets")
    if _secrets_of(account_id) is None:
        return ItemPut(table, "account_id", to_raw({"account_id": account_id, "payment_hash": payment_hash}))
    update = ItemUpdate(table, {"account_id": s(account_id)}, missing=TryAgain)
    return update.set("#payment_hash = :payment_hash", payment_hash=s(payment_hash))


def payment_hash_of(account_id: str) -> str | None:
    """The stored hash, or None."""
    row = _secrets_of(account_id)
    return row.payment_hash if row is not None else None


def _secrets_of(account_id: str) -> AccountSecretItem | None:
    try:
        return AccountSecretItem.get(account_id, consistent_read=True)
    except DoesNotExist:
        return None


def put(application: Application, expires_at: int) -> None:
    """Store an application that awaits its code; the row dies a day later.

    A put that was not answered is sent again, and may find its own. Raises TryAgain (nothing was done), OutcomeUnknown.
    """
    facts = {name: getattr(application, name) for name in application.__dataclass_fields__}
    row = {**facts, "state": AWAITING, "tries": 0, "expires_at": expires_at + KEPT_S}
    updates.put(ItemPut(settings.table("password_applications"), "application_id", to_raw(row)))


def count_one(whose: str, now: dt.datetime, most: int) -> bool:
    """Count one more application of the day; False when there were `most` already."""
    expires_at = int(now.timestamp()) + 2 * KEPT_S
    try:
        DayItem(f"day#{whose}#{clock.business_date(now)}").update(
            actions=[DayItem.made.add(1), DayItem.expires_at.set(expires_at)],
            condition=DayItem.made.does_not_exist() | (DayItem.made < most),
        )
    except UpdateError as error:
        if is_refused(error):
            return False
        raise
    return True


def read(application_id: str) -> tuple[Application, str] | None:
    """An application and its state."""
    image = reading.item(settings.table("password_applications"), {"application_id": s(application_id)})
    if image is None:
        return None
    return _application(image), str(image["state"])


def open_rule(now_text: str, max_tries: int) -> Rule:
    """The application waits, is in time, and has tries left; all breaches look alike."""
    return Rule(
        "#state = :awaiting AND #valid_until > :now AND #tries < :max_tries",
        {":awaiting": s(AWAITING), ":now": s(now_text), ":max_tries": n(max_tries)},
        lambda image: (
            image.get("state") == AWAITING
            and image.get("valid_until", "") > now_text
            and image.get("tries", max_tries) < max_tries
        ),
        None,
    )


def unused_rule() -> Rule:
    """An application gives one password."""
    return Rule(
        "#state = :unused",
        {":unused": s(AWAITING)},
        lambda image: bool(image.get("state") == AWAITING),
        lambda _: ApplicationRefused(),
    )


def claim(application_id: str, now_text: str, max_tries: int) -> Application | None:
    """Take a try before the code is looked at; None when there is nothing to try."""
    update = _update(application_id).require(open_rule(now_text, max_tries))
    done, image = updates.run(update.set("#tries = #tries + :one_try", one_try=n(1)))
    return _application(image) if done and image is not None else None


def set_password(application: Application, password_hash: str, has_one: bool) -> list[ItemPut | ItemUpdate]:
    """Use the application up and set the query password, as parts of one write; ApplicationRefused when it was used."""
    used = _update(application.application_id).require(unused_rule()).set("#state = :used", used=s(USED))
    table, key = settings.table("credentials"), application.customer_id
    credential: ItemPut | ItemUpdate
    if has_one:
        update = ItemUpdate(table, {"customer_id": s(key)}, missing=NotFound)
        credential = update.set("#password_hash = :given_hash", given_hash=s(password_hash))
    else:
        credential = ItemPut(table, "customer_id", to_raw({"customer_id": key, "password_hash": password_hash}))
    return [used, credential]


def _update(application_id: str) -> ItemUpdate:
    table = settings.table("password_applications")
    return ItemUpdate(table, {"application_id": s(application_id)}, missing=NotFound)


def _application(image: Image) -> Application:
    return Application(**{name: image[name] for name in Application.__dataclass_fields__})
