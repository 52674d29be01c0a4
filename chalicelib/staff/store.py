"""BranchesTable and StaffTable."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.platform.dynamo import Item


class BranchItem(Item):
    class Meta:
        logical_name = "branches"

    branch_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    address = UnicodeAttribute()
    phone = UnicodeAttribute()


class StaffItem(Item):
    class Meta:
        logical_name = "staff"

    staff_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    branch_id = UnicodeAttribute()
    role = UnicodeAttribute()
    password_hash = UnicodeAttribute()
