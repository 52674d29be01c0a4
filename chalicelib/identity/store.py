"""LoginNamesTable, CredentialsTable."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform import settings, transactions
from chalicelib.platform.dynamo import Item, ItemDelete, ItemPut, ItemUpdate, Rule, is_refused, s, to_raw
from chalicelib.platform.errors import NotFound, TryAgain


class LoginNameItem(Item):
    class Meta:
        logical_name = "login_names"

    login_name = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()


class CredentialItem(Item):
    class Meta:
        logical_name = "credentials"

    customer_id = UnicodeAttribute(hash_key=True)
    password_hash = UnicodeAttribute()
    login_name = UnicodeAttribute(null=True)


def customer_by_login_name(login_name: str) -> str | None:
    """Whose log-in name or account number this is."""
    try:
        return LoginNameItem.get(login_name, consistent_read=True).customer_id
    except DoesNotExist:
        return None


def password_hash_of(key: str) -> str | None:
    """The customer's stored hash of the query password; the same read for a key that is nobody's."""
    try:
        return CredentialItem.get(key, consistent_read=True).password_hash
    except DoesNotExist:
        return None


def put_log_in(customer_id: str, login_names: Sequence[str], password_hash: str, chosen: str | None) -> bool:
    """Write a new customer's query password and all names together; False, and nothing, when one is taken.

    `chosen` is which of the names the customer chose, None when all are account numbers. Raises TryAgain,
    OutcomeUnknown.
    """
    credential = {"customer_id": customer_id, "password_hash": password_hash, "login_name": chosen}
    puts = [ItemPut(settings.table("credentials"), "customer_id", to_raw(credential))]
    for name in login_names:
        row = {"login_name": name, "customer_id": customer_id}
        puts.append(ItemPut(settings.table("login_names"), "login_name", to_raw(row)))
    return transactions.commit(puts)


def put_login_name(login_name: str, customer_id: str) -> bool:
    """Make an account number a log-in name; False when it is somebody else's."""
    item = LoginNameItem(login_name, customer_id=customer_id)
    try:
        item.save(LoginNameItem.login_name.does_not_exist() | (LoginNameItem.customer_id == customer_id))
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


def login_name_of(customer_id: str) -> str | None:
    """The log-in name the customer chose; account numbers are none."""
    try:
        return CredentialItem.get(customer_id, consistent_read=True).login_name
    except DoesNotExist:
        return None


def password_rule(password_hash: str) -> Rule:
    """The query password is still the one that was checked."""
    return Rule(
        "#password_hash = :old_hash",
        {":old_hash": s(password_hash)},
        lambda image: bool(image.get("password_hash") == password_hash),
        lambda _: TryAgain(),
    )


def unchanged_password(customer_id: str, password_hash: str) -> ItemUpdate:
    """A mere check, as a part of another write, that the query password still is the one that was checked."""
    update = ItemUpdate(settings.table("credentials"), {"customer_id": s(customer_id)}, missing=NotFound)
    return update.require(password_rule(password_hash))


def change_password(customer_id: str, old_hash: str, new_hash: str) -> ItemUpdate:
    """Exchange the hash, as a part of another write; TryAgain when the old one is not in force any more."""
    update = ItemUpdate(settings.table("credentials"), {"customer_id": s(customer_id)}, missing=NotFound)
    return update.require(password_rule(old_hash)).set("#password_hash = :new_hash", new_hash=s(new_hash))


def login_name_rule(login_name: str | None) -> Rule:
    """The customer's log-in name is still the one that was read."""
    if login_name is None:
        return Rule("attribute_not_exists(#login_name)", {}, lambda image: "login_name" not in image, None)
    return Rule(
        "#login_name = :old_name",
        {":old_name": s(login_name)},
        lambda image: bool(image.get("login_name") == login_name),
        None,
    )


def owner_rule(customer_id: str) -> Rule:
    """The name is this customer's: what is somebody else's is never released."""
    return Rule(
        "#customer_id = :owner",
        {":owner": s(customer_id)},
        lambda image: bool(image.get("customer_id") == customer_id),
        None,
    )


def change_login_name(customer_id: str, old: str | None, new: str, noted: ItemPut) -> bool:
    """Take the new name, release the old one, note it: one write. False when the new one is taken meanwhile."""
    names = settings.table("login_names")
    update = ItemUpdate(settings.table("credentials"), {"customer_id": s(customer_id)}, missing=NotFound)
    update.require(login_name_rule(old)).set("#login_name = :new_name", new_name=s(new))
    taken = ItemPut(names, "login_name", to_raw({"login_name": new, "customer_id": customer_id}))
    writes: list[ItemPut | ItemUpdate] = [update, taken, noted]
    if old is not None:
        writes.append(ItemDelete(names, {"login_name": s(old)}, missing=NotFound).require(owner_rule(customer_id)))
    return transactions.commit(writes)
