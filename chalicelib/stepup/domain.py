"""Operations that need a step-up, a challenge's canonical form and its rules. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib.platform.dynamo import Image, Rule, n, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import account_tail, mask_email, mask_name, mask_phone
from chalicelib.stepup.errors import StepUpExpired, StepUpNotAwaiting, StepUpRequired, StepUpTriesExhausted

CANONICAL_VERSION = "rural-bank-step-up-2"
AWAITING, CONFIRMED, USED, EXPIRED = "awaiting", "confirmed", "used", "expired"
FIRST_ATTEMPT = 1

SMS, TOKEN, CERTIFICATE = "sms", "token", "certificate"

Facts = Mapping[str, str]
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of sensitive operation, and what will be done, in words. Which factors would do says the row of the
    entitlements' table that is called `code` (YQ-4.1.3).

    `zh` and `en` are what the SMS and the screen say: key facts masked, and no text that somebody chose.
    `phone_fact` and `email_fact` name the fact with the number or address that a code goes to, to prove it; without
    them that is the reserved phone.
    """

    code: str
    zh: Callable[[Facts], str]
    en: Callable[[Facts], str]
    phone_fact: str | None = None
    email_fact: str | None = None

    @property
    def proves_address(self) -> bool:
        """Whether its code goes to what it proves, not to the reserved phone."""
        return self.phone_fact is not None or self.email_fact is not None


# Fact -> its words. `account` is absent for the limits over all accounts.
_LIMITS = {
    "single": ("单笔", "one transfer"),
    "day": ("日累计", "a day"),
    "month": ("月累计", "a month"),
    "year": ("年累计", "a year"),
    "count": ("日笔数", "transfers a day"),
    "day_outward": ("每日对外转账", "outward a day"),
    "day_without_certificate": ("未使用证书日累计", "without certificate a day"),
    "day_without_factor": ("小额免密日累计", "without any factor a day"),
    "single_without_factor": ("小额免密单笔", "one payment without any factor"),
}


def _limits_zh(facts: Facts) -> str:
    whose = f"尾号{account_tail(facts['account'])}账户" if "account" in facts else "全部账户"
    return f"将{whose}的限额设为" + "、".join(
        f"{zh}{facts[name]}" for name, (zh, _) in _LIMITS.items() if name in facts
    )


def _limits_en(facts: Facts) -> str:
    whose = f"account ending {account_tail(facts['account'])}" if "account" in facts else "all accounts"
    changes = ", ".join(f"{en} {facts[name]}" for name, (_, en) in _LIMITS.items() if name in facts)
    return f"set the limits of {whose}: {changes}"


RAISE_LIMITS = Operation("limits.raise", _limits_zh, _limits_en)
SWITCH_TRANSFERS_ON = Operation(
    "transfers.switch_on", lambda _: "开启网上转账功能", lambda _: "switch online transfers on"
)
# The device's own name is text that somebody chose: an SMS does not carry it.
BIND_DEVICE = Operation(
    "device.bind",
    lambda facts: f"登录新设备（{facts['platform']}，编号尾号{facts['device'][-4:]}）",
    lambda facts: f"log in on a new device ({facts['platform']}, number ending {facts['device'][-4:]})",
)
CHANGE_PHONE = Operation(
    "phone.change",
    lambda facts: f"将预留手机号更换为{mask_phone(facts['phone'])}",
    lambda facts: f"change the reserved phone to {mask_phone(facts['phone'])}",
)
BIND_CARD = Operation(
    "card.bind",
    lambda facts: f"绑定本人尾号{account_tail(facts['card'])}的卡或账户（仅查询）",
    lambda facts: f"bind your own card or account ending {account_tail(facts['card'])}, to look at",
)
# Asked for by who may change it: that the new number is reachable. Its code goes there.
PROVE_PHONE = Operation(
    "phone.prove",
    lambda facts: f"将{mask_phone(facts['phone'])}设为预留手机号",
    lambda facts: f"make {mask_phone(facts['phone'])} the reserved phone",
    phone_fact="phone",
)
# Where a customer is told of what happens to their money, beside the phone.
BIND_EMAIL = Operation(
    "email.bind",
    lambda facts: f"将{mask_email(facts['email'])}设为接收消息通知的邮箱",
    lambda facts: f"have messages sent to {mask_email(facts['email'])}",
)
PROVE_EMAIL = replace(BIND_EMAIL, code="email.prove", email_fact="email")
TELL_LESS = Operation(
    "notifications.less",
    lambda _: "减少消息提醒（关闭渠道、提高起点金额或设置免打扰时段）",
    lambda _: "be told of less (fewer channels, a higher amount, or quiet hours)",
)
BIND_WECHAT = Operation(
    "wechat.bind", lambda _: "将您的微信设为接收消息通知的渠道", lambda _: "have messages sent to your WeChat"
)

# A payment to somebody else that is confirmed now and made later: whichever factor would do for it today.
_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _when(facts: Facts) -> tuple[str, str]:
    """When an order pays and how often, in Chinese and English."""
    first, day = facts["first_date"], int(facts["day"])
    if facts["repeat"] == "once":
        return first, f"on {first}"
    if facts["repeat"] == "weekly":
        zh, en = f"{first}起每周{_WEEKDAYS[day - 1]}", f"each {_WEEKDAYS_EN[day - 1]} from {first}"
    else:
        zh, en = f"{first}起每月{day}日（无此日则月末）", f"on day {day} (or the last) of each month from {first}"
    if "until" in facts:
        return f"{zh}，至{facts['until']}", f"{en} until {facts['until']}"
    if "count" in facts:
        return f"{zh}，共{facts['count']}次", f"{en}, {facts['count']} times"
    return f"{zh}，长期有效", f"{en}, without end"


def _order_zh(facts: Facts) -> str:
    fee = "" if facts["fee"] == "0.00" else f"，每次手续费{facts['fee']}元"
    return (
        f"设立预约转账：{_when(facts)[0]}，从尾号{account_tail(facts['payer_account'])}账户向"
        f"{mask_name(facts['payee_name'])}（尾号{account_tail(facts['payee_account'])}）转账{facts['amount']}元{fee}"
    )


def _order_en(facts: Facts) -> str:
    fee = "" if facts["fee"] == "0.00" else f", fee {facts['fee']} each"
    return (
        f"order a transfer of {facts['amount']} {_when(facts)[1]}, from account ending "
        f"{account_tail(facts['payer_account'])} to {mask_name(facts['payee_name'])}, account ending "
        f"{account_tail(facts['payee_account'])}{fee}"
    )


CREATE_ORDER = Operation("order.create", _order_zh, _order_en)
CHANGE_ORDER = Operation(
    "order.change",
    lambda facts: "变更预约转账，变更后" + _order_zh(facts).removeprefix("设立预约转账："),
    lambda facts: "change an order: " + _order_en(facts),
)


def _largest_to_others(facts: Facts) -> tuple[int, Mapping[str, str] | None]:
    """How many payments of a batch go to others, and the largest of them: what a thief would hide behind the rest."""
    lines: list[Mapping[str, str]] = [json.loads(facts[name]) for name in sorted(facts) if name.startswith("line_")]
    to_others = [line for line in lines if line["own"] == "no"]
    # The first of the largest; amounts have two decimals, so their length tells first.
    largest = max(to_others, key=lambda line: (len(line["amount"]), line["amount"]), default=None)
    return len(to_others), largest


def _batch_zh(facts: Facts) -> str:
    count, largest = _largest_to_others(facts)
    fee = "" if facts["fee"] == "0.00" else f"，手续费共{facts['fee']}元"
    payees = (
        "，均为本人账户"
        if largest is None
        else (
            f"，其中向他人{count}笔，最大一笔为向{mask_name(largest['payee_name'])}"
            f"（尾号{account_tail(largest['payee_account'])}）转账{largest['amount']}元"
        )
    )
    hint = "；当日向他人转账累计较大，请核实收款人" if "hint" in facts else ""
    return (
        f"批量转账：从尾号{account_tail(facts['payer_account'])}账户转账{facts['count']}笔，合计{facts['total']}元{fee}"
        f"{payees}{hint}"
    )


def _batch_en(facts: Facts) -> str:
    count, largest = _largest_to_others(facts)
    fee = "" if facts["fee"] == "0.00" else f" (fees {facts['fee']})"
    payees = (
        ", all to your own accounts"
        if largest is None
        else (
            f", {count} of them to others, the largest {largest['amount']} to {mask_name(largest['payee_name'])}, "
            f"account ending {account_tail(largest['payee_account'])}"
        )
    )
    hint = "; you pay much to others today, please make sure who they are" if "hint" in facts else ""
    return (
        f"make {facts['count']} payments of {facts['total']} in all{fee} from account ending "
        f"{account_tail(facts['payer_account'])}{payees}{hint}"
    )


CREATE_BATCH = Operation("batch.create", _batch_zh, _batch_en)

OPERATIONS = {
    operation.code: operation
    for operation in (
        RAISE_LIMITS,
        SWITCH_TRANSFERS_ON,
        BIND_DEVICE,
        CHANGE_PHONE,
        PROVE_PHONE,
        BIND_CARD,
        BIND_EMAIL,
        PROVE_EMAIL,
        BIND_WECHAT,
        TELL_LESS,
        CREATE_ORDER,
        CHANGE_ORDER,
        CREATE_BATCH,
    )
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as stored. `holder` is the session that may confirm and use it; `factors` are the methods by which,
    of those that the customer held; `rests_on` is the id of the factor that confirmed it, `proof` its signature or the
    seal of the code, and `confirmed_at` when; empty before.
    """

    challenge_id: str
    customer_id: str
    holder: str
    operation: str
    facts: dict[str, str]
    factors: list[str]
    digest: bytes
    state: str
    tries: int
    attempt: int
    created_at: str
    valid_until: str
    correlation_id: str
    rests_on: str = ""
    proof: bytes = b""
    confirmed_at: str = ""

    @classmethod
    def from_image(cls, image: Image) -> Challenge:
        """The challenge a stored item holds; one of an older release says nothing of what it rests on."""
        stored = [name for name in cls.__dataclass_fields__ if name in image or name not in _SAID_LATER]
        return cls(**{name: image[name] for name in stored})

    @property
    def kind(self) -> Operation:
        """What is to be done."""
        return OPERATIONS[self.operation]

    @property
    def counts_guesses(self) -> bool:
        """Whether wrong codes are the customer's of the day, and too many of them end it: a code to the reserved phone.

        One to a number or address that is to be proved says nothing of who asks, which a strong factor or a teller has
        said; and whoever's phone is stolen, and was guessed at, must be able to name another one.
        """
        return not self.kind.proves_address

    def canonical(self) -> bytes:
        """The bytes that the digest is of, and that a certificate signs."""
        return canonical_of(self.challenge_id, self.customer_id, self.operation, self.facts, self.valid_until)

    def is_true(self) -> bool:
        """Whether what is stored still is what the digest was made for."""
        return hashlib.sha256(self.canonical()).digest() == self.digest

    def state_at(self, now_text: str) -> str:
        """The state as a reader sees it: one that waited too long reads `expired`."""
        return EXPIRED if self.state in (AWAITING, CONFIRMED) and self.valid_until <= now_text else self.state


_SAID_LATER = ("rests_on", "proof", "confirmed_at")


def canonical_of(challenge_id: str, customer_id: str, operation: str, facts: Facts, valid_until: str) -> bytes:
    """The canonical form: JSON with sorted keys, no spaces, UTF-8, all values text; facts are a map of their own.

    Any language can build it; any changed byte gives another digest. It says until when it can be confirmed, so what
    signs it signs the time, too.
    """
    return _encoder.encode(
        {
            "version": CANONICAL_VERSION,
            "challenge_id": challenge_id,
            "customer_id": customer_id,
            "operation": operation,
            "facts": dict(facts),
            "valid_until": valid_until,
        }
    ).encode()


def digest_of(challenge_id: str, customer_id: str, operation: str, facts: Facts, valid_until: str) -> bytes:
    """SHA-256 of the canonical form: what a factor confirms, and what is asked for again when it is done."""
    return hashlib.sha256(canonical_of(challenge_id, customer_id, operation, facts, valid_until)).digest()


def holder_rule(customer_id: str, holder: str) -> Rule:
    """Only the customer and session that asked; anybody else's looks like none."""
    return Rule(
        "#customer_id = :customer AND #holder = :holder",
        {":customer": s(customer_id), ":holder": s(holder)},
        lambda image: image.get("customer_id") == customer_id and image.get("holder") == holder,
        lambda _: NotFound(),
    )


def awaiting_rule() -> Rule:
    """Only what awaits confirmation can be confirmed."""
    return Rule(
        "#state = :awaiting",
        {":awaiting": s(AWAITING)},
        lambda image: bool(image.get("state") == AWAITING),
        lambda image: StepUpNotAwaiting(state=str(image.get("state"))),
    )


def proved_rule() -> Rule:
    """What was proved is used once."""
    return Rule(
        "#state = :proved",
        {":proved": s(CONFIRMED)},
        lambda image: bool(image.get("state") == CONFIRMED),
        lambda image: StepUpNotAwaiting(state=str(image.get("state"))),
    )


def in_time_rule(now_text: str) -> Rule:
    """A challenge is confirmed in minutes or not at all."""
    return Rule(
        "#valid_until > :now",
        {":now": s(now_text)},
        lambda image: bool(image.get("valid_until", "") > now_text),
        lambda _: StepUpExpired(),
    )


def tries_rule(max_tries: int) -> Rule:
    """A try is left."""
    return Rule(
        "#tries < :max_tries",
        {":max_tries": n(max_tries)},
        lambda image: bool(image.get("tries", max_tries) < max_tries),
        lambda _: StepUpTriesExhausted(),
    )


def attempt_rule(attempt: int) -> Rule:
    """No code was sent since the challenge was read; a breach is told as having asked too soon."""
    return Rule(
        "#attempt = :attempt",
        {":attempt": n(attempt)},
        lambda image: bool(image.get("attempt") == attempt),
        None,
    )


def usable_rule(customer_id: str, holder: str, digest: bytes, rests_on: str, now_text: str) -> Rule:
    """Confirmed by that factor, in time, by this customer in this session, for just this; a breach asks for another
    challenge.
    """
    wanted = {
        "customer_id": customer_id,
        "holder": holder,
        "digest": digest,
        "rests_on": rests_on,
        "state": CONFIRMED,
    }
    return Rule(
        "#customer_id = :customer AND #holder = :holder AND #digest = :digest AND #rests_on = :rests_on"
        " AND #state = :confirmed AND #valid_until > :now",
        {
            ":customer": s(customer_id),
            ":holder": s(holder),
            ":digest": {"B": digest},
            ":rests_on": s(rests_on),
            ":confirmed": s(CONFIRMED),
            ":now": s(now_text),
        },
        lambda image: (
            all(image.get(name) == value for name, value in wanted.items()) and image.get("valid_until", "") > now_text
        ),
        lambda _: StepUpRequired(),
    )
