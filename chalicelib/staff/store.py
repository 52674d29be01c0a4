"""BranchesTable, StaffTable, StaffPeopleTable, StaffFunctionsTable: organisations, people and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import (
    Image,
    Item,
    ItemDelete,
    ItemPut,
    ItemUpdate,
    Rule,
    is_refused,
    n,
    s,
    to_raw,
)
from chalicelib.platform.errors import NotFound
from chalicelib.staff.domain import ACTIVE
from chalicelib.staff.errors import CredentialsNotDue

# A page of the staff table holds a thousand members.
MAX_PAGES = 10


class BranchItem(Item):
    class Meta:
        logical_name = "branches"

    branch_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    address = UnicodeAttribute()
    phone = UnicodeAttribute()
    parent_id = UnicodeAttribute(null=True)


def read_branch(branch_id: str) -> BranchItem | None:
    """One row, or None; a blank id is nobody's, as the engine takes no empty key."""
    try:
        return BranchItem.get(branch_id or "-")
    except DoesNotExist:
        return None


def put_branch(item: BranchItem) -> bool:
    """Write a branch over an older row; False when that one stands elsewhere in the tree: a place is for good."""
    same = BranchItem.parent_id.does_not_exist()
    if item.parent_id is not None:
        same |= BranchItem.parent_id == item.parent_id
    try:
        item.save(BranchItem.branch_id.does_not_exist() | same)
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


class FunctionItem(Item):
    """A function that was switched for a role: `role_function` is role#function."""

    class Meta:
        logical_name = "staff_functions"

    role_function = UnicodeAttribute(hash_key=True)
    is_on = BooleanAttribute()


MAX_FUNCTIONS = 500


def switched() -> dict[tuple[str, str], bool]:
    """What was ever switched: (role, function) -> on or off; one page of short rows."""
    found = {}
    for item in FunctionItem.scan(limit=MAX_FUNCTIONS, consistent_read=True):
        role, _, function = item.role_function.partition("#")
        found[role, function] = bool(item.is_on)
    return found


def is_on_rule(is_on: bool) -> Rule:
    """The switch still is as it was read."""
    return Rule(
        "#is_on = :was_on",
        {":was_on": {"BOOL": is_on}},
        lambda image: bool(image.get("is_on") is is_on),
        None,
    )


def switch_of(role: str, function: str, before: bool | None, after: bool) -> ItemPut | ItemUpdate:
    """Switch a function for a role from what was read; None where it was never switched."""
    table, key = settings.table("staff_functions"), f"{role}#{function}"
    if before is None:
        return ItemPut(table, "role_function", to_raw({"role_function": key, "is_on": after}))
    update = ItemUpdate(table, {"role_function": s(key)}, missing=NotFound).require(is_on_rule(before))
    return update.set("#is_on = :is_on", is_on={"BOOL": after})


@dataclass(frozen=True, slots=True)
class HandOver:
    """Credentials that two people have granted and nobody has taken yet: which of them, by which request, and until
    when (text) who asked for them (`maker`) may take them.
    """

    approval_id: str
    maker: str
    until: str
    with_password: bool
    with_token: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as stored; times in epoch seconds.

    `standing` grows by one with whatever ends all of their sessions. `token_step` is the minute of the last code used.
    """

    staff_id: str
    name: str
    branch_id: str
    role: str
    posts: frozenset[str]
    state: str
    standing: int
    password_hash: str
    password_at: int
    must_change: bool
    past_hashes: tuple[str, ...]
    document_hash: str | None
    seed: bytes | None
    token_serial: str | None
    token_step: int
    hand_over: HandOver | None
    image: Image

    @classmethod
    def from_image(cls, image: Image) -> Member:
        """A member from the stored item."""
        return cls(
            image["staff_id"],
            image["name"],
            image["branch_id"],
            image["role"],
            frozenset(image.get("posts", ())),
            image.get("state", ACTIVE),
            image.get("standing", 0),
            image["password_hash"],
            image.get("password_at", 0),
            image.get("must_change", False),
            tuple(image.get("past_hashes", ())),
            image.get("document_hash"),
            image.get("seed"),
            image.get("token_serial"),
            image.get("token_step", 0),
            HandOver(**image["hand_over"]) if "hand_over" in image else None,
            image,
        )


def read(staff_id: str) -> Member | None:
    """A member of staff as they are now, or None."""
    image = reading.item(settings.table("staff"), {"staff_id": s(staff_id)})
    return Member.from_image(image) if image is not None else None


def all_members() -> list[Member]:
    """Everybody who ever had a number, in order of number; a bank of a county has some hundreds."""
    found = reading.rows(aws.dynamodb().scan, MAX_PAGES, TableName=settings.table("staff"), ConsistentRead=True)
    return sorted(map(Member.from_image, found), key=lambda member: member.staff_id)


def seed_owner(staff_id: str, serial: str) -> dict[str, str]:
    """Whom a token's seed is bound to."""
    return {"staff_id": staff_id, "serial": serial}


def put_of(row: Mapping[str, Any]) -> ItemPut:
    """The put of a new member's row; a number is given once, for good (NB-5.2.4)."""
    return ItemPut(settings.table("staff"), "staff_id", to_raw(row))


def put_new(row: Mapping[str, Any]) -> bool:
    """Write a new member's row by itself; False when the number is taken."""
    try:
        aws.dynamodb().put_item(**put_of(row).parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    return True


def update_of(staff_id: str) -> ItemUpdate:
    """A conditional update of a member's row."""
    return ItemUpdate(settings.table("staff"), {"staff_id": s(staff_id)}, missing=NotFound)


def person_put(document_hash: str, staff_id: str) -> ItemPut:
    """Claim a person for the one number they have (NB-5.2.4)."""
    row = {"document_hash": document_hash, "staff_id": staff_id}
    return ItemPut(settings.table("staff_people"), "document_hash", to_raw(row))


def own_number_rule(staff_id: str) -> Rule:
    """The person's number is this one."""
    return Rule(
        "#staff_id = :number",
        {":number": s(staff_id)},
        lambda image: bool(image.get("staff_id") == staff_id),
        None,
    )


def person_delete(document_hash: str, staff_id: str) -> ItemDelete:
    """Give up the claim: the person may get another number."""
    key = {"document_hash": s(document_hash)}
    delete = ItemDelete(settings.table("staff_people"), key, missing=NotFound)
    delete.require(own_number_rule(staff_id))
    return delete


def number_of(document_hash: str) -> str | None:
    """The number that a person has, or None."""
    image = reading.item(settings.table("staff_people"), {"document_hash": s(document_hash)})
    return None if image is None else str(image["staff_id"])


def active_rule() -> Rule:
    """The member is neither suspended nor gone; rows from before there were states are active."""
    return Rule(
        "attribute_not_exists(#state) OR #state = :active_state",
        {":active_state": s(ACTIVE)},
        lambda image: bool(image.get("state", ACTIVE) == ACTIVE),
        None,
    )


def standing_rule(standing: int) -> Rule:
    """Nothing has ended the member's sessions since."""
    if standing == 0:
        return Rule("attribute_not_exists(#standing)", {}, lambda image: "standing" not in image, None)
    return Rule(
        "#standing = :seen_standing",
        {":seen_standing": n(standing)},
        lambda image: bool(image.get("standing") == standing),
        None,
    )


def password_rule(password_hash: str) -> Rule:
    """The password is still the one that was checked."""
    return Rule(
        "#password_hash = :old_hash",
        {":old_hash": s(password_hash)},
        lambda image: bool(image.get("password_hash") == password_hash),
        None,
    )


def unused_step_rule(serial: str, step: int) -> Rule:
    """The token is still that one and has shown no code of this minute or a later one that was used (RFC 6238, 5.2)."""
    return Rule(
        "#token_serial = :serial AND (attribute_not_exists(#token_step) OR #token_step < :new_step)",
        {":serial": s(serial), ":new_step": n(step)},
        lambda image: bool(image.get("token_serial") == serial and image.get("token_step", -1) < step),
        None,
    )


def used_step(update: ItemUpdate, step: int) -> ItemUpdate:
    """Use up a code and those of the minutes before it."""
    return update.set("#token_step = :used_step", used_step=n(step))


def hand_over_map(due: HandOver) -> dict[str, Any]:
    """The mark of credentials that are due, as a member's row keeps it."""
    return asdict(due)


def hand_over_rule(due: HandOver, now_text: str) -> Rule:
    """The credentials of just this request are still due, to who asked for them, and not for too long (NB-5.2.4)."""
    return Rule(
        "#hand_over.#approval_id = :granted_by AND #hand_over.#until > :now",
        {":granted_by": s(due.approval_id), ":now": s(now_text)},
        lambda image: bool(
            image.get("hand_over", {}).get("approval_id") == due.approval_id and image["hand_over"]["until"] > now_text
        ),
        lambda _: CredentialsNotDue(),
    )


def due_from_now(update: ItemUpdate, due: HandOver) -> ItemUpdate:
    """Credentials are due; an older grant that nobody took is worth nothing any more."""
    return update.set("#hand_over = :hand_over", hand_over={"M": to_raw(hand_over_map(due))})


def with_token(update: ItemUpdate, serial: str, seed: bytes) -> ItemUpdate:
    """The member's token from now on: of the one before no code is worth anything."""
    update.set("#token_serial = :new_serial, #seed = :seed", new_serial=s(serial), seed={"B": seed})
    return update.remove("token_step")


def ended_all(update: ItemUpdate, standing: int) -> ItemUpdate:
    """End every session of the member with this very write."""
    update.require(standing_rule(standing))
    return update.set("#standing = :next_standing", next_standing=n(standing + 1))


def changed_password(
    update: ItemUpdate, new_hash: str, past_hashes: list[str], now_epoch_s: int, *, is_first: bool
) -> ItemUpdate:
    """Exchange the hash, note when and which were in use before; a first one is to be changed at the next log-in."""
    update.set("#password_hash = :new_hash", new_hash=s(new_hash)).set("#password_at = :at", at=n(now_epoch_s))
    update.set("#past_hashes = :past", past={"L": [s(one) for one in past_hashes]})
    return update.set("#must_change = :is_first", is_first={"BOOL": is_first})
