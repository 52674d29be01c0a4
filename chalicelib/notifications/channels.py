"""By which channels a customer is told of what: their choice by group, from which amount on, and when not. Pure.

The inbox has everything, whatever is chosen here.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.platform import clock

Channel = Literal["sms", "push", "wechat", "email"]
MOVEMENTS, PAYMENTS, BILLS, FACTORS = "movements", "payments", "bills", "factors"
# What is chosen together, and the kinds of inbox rows that belong to it. What no group has is not to be chosen: what is
# about security, and the reminder of a day's sum that the bank owes (PBoC notice 261).
GROUPS: Mapping[str, frozenset[str]] = {
    MOVEMENTS: frozenset({"movement"}),
    PAYMENTS: frozenset({"transfer", "order", "batch", "recall"}),
    BILLS: frozenset({"bill"}),
    FACTORS: frozenset({"factor"}),
}
# Until somebody chooses, and whatever is chosen for what no group has: a thief would switch it off.
USUAL: tuple[Channel, ...] = ("sms", "push")
# Those whose address a customer binds.
BOUND: tuple[Channel, ...] = ("wechat", "email")
# Which channel takes the place of one that has failed: what costs least first.
INSTEAD: tuple[Channel, ...] = ("push", "wechat", "email", "sms")


class ProviderRefused(Exception):
    """The provider will never take this message (bad address): trying again is no use."""


class ProviderSilent(Exception):
    """The provider was reached and did not answer: it may have taken the message, and it may not."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message. `message_id` is the same when the same message is sent again.

    `address` is where the channel reaches the customer: the phone for SMS, the platform's endpoint for push, the open
    id for WeChat. `title` is an e-mail's subject, and with `at` (Shanghai's time) what WeChat shows in place of the
    text.
    """

    message_id: str
    channel: Channel
    phone: str = field(repr=False)
    address: str = field(repr=False)
    text: str = field(repr=False)
    title: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a customer chose: channels by group, from which amount (fen) on a movement is told beside the inbox, and
    between which times of the Shanghai day (`22:00`, `07:00`) nothing but the inbox has it, None being never.
    """

    channels: Mapping[str, tuple[Channel, ...]] = field(default_factory=lambda: dict.fromkeys(GROUPS, USUAL))
    least_fen: int = 0
    quiet: tuple[str, str] | None = None

    @classmethod
    def from_image(cls, image: Mapping[str, Any] | None) -> Settings:
        """What is stored, or where nothing is what is usual."""
        if image is None:
            return cls()
        return cls(
            {group: tuple(image["channels"].get(group, USUAL)) for group in GROUPS},
            image["least_fen"],
            (image["quiet"][0], image["quiet"][1]) if image.get("quiet") else None,
        )

    def to_image(self) -> dict[str, Any]:
        """The same to be stored."""
        channels = {group: list(chosen) for group, chosen in self.channels.items()}
        return {"channels": channels, "least_fen": self.least_fen, "quiet": list(self.quiet or ())}

    def without(self, channel: Channel) -> Settings:
        """The same with that channel chosen for nothing; what it alone was chosen for goes as usual."""
        return dataclasses.replace(
            self, channels={group: _without(chosen, channel) for group, chosen in self.channels.items()}
        )

    def is_quiet(self, now: dt.datetime) -> bool:
        """Whether it is a quiet time: from its first minute on, in its last no more; it may lie around midnight."""
        if self.quiet is None:
            return False
        since, until = self.quiet
        at = now.astimezone(clock.SHANGHAI).strftime("%H:%M")
        return since <= at < until if since < until else at >= since or at < until

    def channels_for(self, kind: str, now: dt.datetime, amount_fen: int | None = None) -> tuple[Channel, ...]:
        """By which channels something of that kind is told at that time, beside the inbox."""
        group = next((name for name, kinds in GROUPS.items() if kind in kinds), None)
        if group is None:
            return USUAL
        is_small = amount_fen is not None and abs(amount_fen) < self.least_fen
        return () if is_small or self.is_quiet(now) else self.channels[group]

    def tells_less_than(self, other: Settings) -> bool:
        """Whether something is told by fewer channels, from a higher amount on, or not at more times."""
        fewer = any(set(other.channels[group]) - set(self.channels[group]) for group in GROUPS)
        return fewer or self.least_fen > other.least_fen or self.quiet not in (None, other.quiet)


def _without(chosen: tuple[Channel, ...], channel: Channel) -> tuple[Channel, ...]:
    return (tuple(one for one in chosen if one != channel) or USUAL) if channel in chosen else chosen
