"""Keys that sign one kind of thing, one after the other (RFC 7517): one signs, all that are not retired verify.

Which they are is decided by rows and the time alone, so that a rotation is one write, made well before the new key
signs: every function instance has seen the new key, at most 30 s after the write, before it meets what it signed.
The rows of all rings are TokenKeysTable; each ring knows its own by what they sign.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.platform import aws, jws
from chalicelib.platform.dynamo import Item
from chalicelib.platform.jws import PublicKey

MAX_STALENESS_S = 30
# From the write of a new key's row until it signs. KMS says that a new key's tags, by which functions may use it,
# can take five minutes to count; copies of the JWK set live as long.
LEAD_S = 600
JWKS_MAX_AGE_S = 300
# One row a rotation: half a century of quarters, of each ring.
MAX_KEYS = 400
# What the rows sign that do not say it: they were there before any other ring.
TOKENS = "tokens"


class NoKeyInForce(RuntimeError):
    """Every key has been withdrawn: an operator has to make one."""


class KeyItem(Item):
    class Meta:
        logical_name = "token_keys"

    key_id = UnicodeAttribute(hash_key=True)
    signs_from = NumberAttribute()
    is_withdrawn = BooleanAttribute(default=False)
    signs = UnicodeAttribute(null=True)
    certificates = UnicodeAttribute(null=True)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A KMS key's id, and the epoch second from which it signs; never trusted again once withdrawn.

    `certificates`: the key's own and those above it, PEM, where somebody beyond the bank vouches for the key.
    """

    key_id: str
    signs_from: int
    is_withdrawn: bool = False
    certificates: str | None = None


class KeyRing:
    """The keys that sign `signs`; the template's, whose id `first` answers, is the first of them.

    A key verifies until `overlap_s` after its successor began to sign; None: for good.
    """

    def __init__(self, signs: str, first: Callable[[], str], overlap_s: int | None) -> None:
        self.signs = signs
        self._first = first
        self._overlap_s = overlap_s
        self._cached: list[KeyRow] = []
        self._cached_at_s: int | None = None

    def signing(self, now_epoch_s: int) -> PublicKey:
        """The key that signs now; raises NoKeyInForce."""
        begun = [row for row in self._in_force(now_epoch_s) if row.signs_from <= now_epoch_s]
        if not begun:
            raise NoKeyInForce(f"no key of {self.signs} is in force")
        return jws.public_half(begun[-1].key_id)

    def verifying(self, now_epoch_s: int) -> Mapping[str, PublicKey]:
        """The keys that are good now, by kid; the next key is among them before it signs."""
        keys = [jws.public_half(row.key_id) for row in self._in_force(now_epoch_s)]
        return {key.kid: key for key in keys}

    def rows(self, now_epoch_s: int) -> list[KeyRow]:
        """Every key there ever was, in the order in which they sign, at most 30 s old."""
        if self._cached_at_s is None or not 0 <= now_epoch_s - self._cached_at_s < MAX_STALENESS_S:
            self._cached, self._cached_at_s = self.stored(), now_epoch_s
        first = self._first()
        known = [*self._cached]
        if first not in {row.key_id for row in known}:
            known.append(KeyRow(first, 0))
        return sorted(known, key=lambda row: (row.signs_from, row.key_id))

    def retires_at(self, all_rows: list[KeyRow]) -> dict[str, int | None]:
        """Key id -> epoch second from which what it signed is refused; None where it is not, as things are."""
        usable = [row for row in all_rows if not row.is_withdrawn]
        ends: dict[str, int | None] = {row.key_id: 0 for row in all_rows if row.is_withdrawn}
        if self._overlap_s is not None:
            ends |= {row.key_id: after.signs_from + self._overlap_s for row, after in itertools.pairwise(usable)}
        return {row.key_id: ends.get(row.key_id) for row in all_rows}

    def stored(self) -> list[KeyRow]:
        """The ring's rows of the table, as they are now."""
        rows = KeyItem.scan(limit=MAX_KEYS, consistent_read=True)
        return [
            KeyRow(row.key_id, int(row.signs_from), bool(row.is_withdrawn), row.certificates)
            for row in rows
            if (row.signs or TOKENS) == self.signs
        ]

    def put(self, row: KeyRow) -> None:
        """Write a row; a rotation is one such write."""
        signs = self.signs if self.signs != TOKENS else None
        KeyItem(
            row.key_id,
            signs_from=row.signs_from,
            is_withdrawn=row.is_withdrawn,
            signs=signs,
            certificates=row.certificates,
        ).save()

    def forget(self) -> None:
        """Drop what is cached, so that the next use is fresh."""
        self._cached_at_s = None

    def rotate(self, now_epoch_s: int) -> tuple[str, int]:
        """Make the next key; its kid, and the epoch second from which it signs. For an operator, never a route.

        Raises ValueError while the key before has not begun to sign.
        """
        self.forget()
        if any(row.signs_from > now_epoch_s for row in self.rows(now_epoch_s) if not row.is_withdrawn):
            raise ValueError("a rotation is under way: the next key does not sign yet")
        return self._begin(now_epoch_s + LEAD_S)

    def withdraw(self, kid: str, now_epoch_s: int) -> None:
        """A key is in wrong hands: within 30 s nothing that it signed is good any more. For an operator.

        When it is the one that signs, a new one signs at once. Raises ValueError when no key has this kid.
        """
        self.forget()
        known = self.rows(now_epoch_s)
        found = [row for row in known if jws.public_half(row.key_id).kid == kid]
        if not found:
            raise ValueError("no key has this kid")
        others = [row for row in known if row not in found and not row.is_withdrawn and row.signs_from <= now_epoch_s]
        if not others or others[-1].signs_from < found[0].signs_from <= now_epoch_s:
            self._begin(now_epoch_s)
        self.put(replace(found[0], is_withdrawn=True))
        self.forget()

    def _in_force(self, now_epoch_s: int) -> list[KeyRow]:
        known = self.rows(now_epoch_s)
        ends = self.retires_at(known)
        return [row for row in known if (end := ends[row.key_id]) is None or end > now_epoch_s]

    def _begin(self, signs_from: int) -> tuple[str, int]:
        kms = aws.kms()
        # The template's key has the tag by which functions may use a key.
        tags = kms.list_resource_tags(KeyId=self._first())["Tags"]
        made = kms.create_key(
            KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description=f"Signs {self.signs} (ES256)", Tags=tags
        )
        key_id = made["KeyMetadata"]["KeyId"]
        kid = jws.public_half(key_id).kid
        self.put(KeyRow(key_id, signs_from))
        self.forget()
        return kid, signs_from
