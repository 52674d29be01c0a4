"""LoginNamesTable, CredentialsTable."""

from __future__ import annotations

from collections.abc import Iterable

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


def find_credential(customer_id: str) -> CredentialItem | None:
    """The customer's query password and log-in name."""
    try:
        return CredentialItem.get(customer_id, consistent_read=True)
    except DoesNotExist:
        return None


def log_in_writes(
    new: CredentialItem, old: CredentialItem | None, taken: Iterable[str], released: Iterable[str]
) -> list[ItemPut | ItemUpdate]:
    """The writes that give a customer a query password and names, in the place of `old` if that still is so."""
    names = settings.table("login_names")
    credential: ItemPut | ItemUpdate
    if old is None:
        values = {"customer_id": new.customer_id, "password_hash": new.password_hash, "login_name": new.login_name}
        credential = ItemPut(settings.table("credentials"), "customer_id", to_raw(values))
    else:
        credential = change_password(new.customer_id, old.password_hash, new.password_hash)
        credential.require(login_name_rule(old.login_name))
        if new.login_name is not None:
            credential.set("#login_name = :new_name", new_name=s(new.login_name))
    puts = [
        ItemPut(names, "login_name", to_raw({"login_name": name, "customer_id": new.customer_id})) for name in taken
    ]
    return [credential, *puts, *(_release(name, new.customer_id) for name in released)]


def _release(login_name: str, customer_id: str) -> ItemDelete:
    """Give up a name, as a part of another write; what is somebody else's stays."""
    delete = ItemDelete(settings.table("login_names"), {"login_name": s(login_name)}, missing=NotFound)
    delete.require(owner_rule(customer_id))
    return delete


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
        writes.append(_release(old, customer_id))
    return transactions.commit(writes)
