"""A payee as a customer keeps it, what finds it, and the order of the book. Pure; no I/O, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.payees.errors import PayeeBookFull
from chalicelib.platform.dynamo import Image, Rule, n, s

# The bank code of an account here. Another bank's is its 12-digit CNAPS code (联行号).
THIS_BANK = ""


@dataclass(frozen=True, slots=True)
class Payee:
    """One row of a book; times as text (UTC).

    `verified_at` is when the name was last found to be the holder's; None for another bank's account, whose holder
    this bank cannot know. `last_used_at` is when a transfer to it was last posted.
    """

    customer_id: str
    payee_id: str
    bank_code: str
    account: str
    name: str
    alias: str
    group: str
    added_at: str
    verified_at: str | None = None
    last_used_at: str | None = None

    @classmethod
    def from_image(cls, image: Image) -> Payee:
        """The payee that a stored row holds."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})

    @property
    def place(self) -> str:
        """Where it stands in the book: by what the customer calls it, in ASCII.

        GB 18030 has the common characters in the order of their sound (GB/T 2312 level 1), as a reader expects names.
        Rare ones stand before or after those.
        """
        return f"{(self.alias or self.name).encode('gb18030').hex()}#{self.payee_id}"

    def answers_to(self, words: str) -> bool:
        """Whether a search for these words finds it: a part of name or alias, or the account's last digits."""
        wanted = words.casefold()
        named = any(wanted in text.casefold() for text in (self.name, self.alias))
        return named or (wanted.isdecimal() and self.account.endswith(wanted))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A payee as the customer states it."""

    bank_code: str
    account: str
    name: str
    alias: str = ""
    group: str = ""


def found(payees: Iterable[Payee], words: str | None, group: str | None) -> list[Payee]:
    """Those that a search finds, of one group where one is named (empty: those in none), in the order of the book."""
    return sorted(
        (
            payee
            for payee in payees
            if (words is None or payee.answers_to(words)) and (group is None or payee.group == group)
        ),
        key=lambda payee: payee.place,
    )


def groups_of(payees: Iterable[Payee]) -> list[tuple[str, int]]:
    """Each group with how many payees it has, in order of name; a group is there as long as a payee is in it."""
    counts = Counter(payee.group for payee in payees if payee.group)
    return sorted(counts.items(), key=lambda one: one[0].encode("gb18030"))


def room_rule(most: int) -> Rule:
    """The book has fewer payees than the bank allows."""
    return Rule(
        "#payees < :most_payees",
        {":most_payees": n(most)},
        lambda image: "payees" in image and bool(image["payees"] < most),
        lambda _: PayeeBookFull(most=str(most)),
    )


def later_use_rule(used_at: str) -> Rule:
    """Of two transfers the later one counts, whichever is told last."""
    return Rule(
        "attribute_not_exists(#last_used_at) OR #last_used_at < :used_at",
        {":used_at": s(used_at)},
        lambda image: "last_used_at" not in image or bool(image["last_used_at"] < used_at),
        None,
    )
