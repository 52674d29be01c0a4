"""The canonical form of a sensitive operation, its words, and which factors would do."""

from __future__ import annotations

import hashlib
import json

import pytest

from chalicelib.entitlements import service as entitlements
from chalicelib.stepup import service
from chalicelib.stepup.domain import (
    OPERATIONS,
    canonical_of,
    digest_of,
)

ID, CUSTOMER = "i" * 20, "c" * 20
ACCOUNT = "9000010000000000017"
UNTIL = "2026-11-21T08:35:30.000Z"


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_the_canonical_form_is_as_published() -> None:
    form = canonical_of(ID, CUSTOMER, "limits.raise", {"day": "60000.00", "account": ACCOUNT}, UNTIL)
    assert form.decode() == (
        '{"challenge_id":"iiiiiiiiiiiiiiiiiiii","customer_id":"cccccccccccccccccccc",'
        '"facts":{"account":"9000010000000000017","day":"60000.00"},'
        '"operation":"limits.raise","valid_until":"2026-11-21T08:35:30.000Z","version":"rural-bank-step-up-2"}'
    )
    digest = digest_of(ID, CUSTOMER, "limits.raise", {"day": "60000.00", "account": ACCOUNT}, UNTIL)
    assert digest == hashlib.sha256(form).digest()


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize(
    "other",
    [
        ("j" * 20, CUSTOMER, "limits.raise", {"day": "1"}),
        (ID, "d" * 20, "limits.raise", {"day": "1"}),
        (ID, CUSTOMER, "limits.rais", {"day": "1"}),
        (ID, CUSTOMER, "limits.raise", {"day": "2"}),
        (ID, CUSTOMER, "limits.raise", {"dax": "1"}),
        (ID, CUSTOMER, "limits.raise", {"day": "1", "month": "1"}),
        (ID, CUSTOMER, "limits.raise", {}),
    ],
)
def test_whatever_differs_has_another_digest(other: tuple[str, str, str, dict[str, str]]) -> None:
    assert digest_of(*other, UNTIL) != digest_of(ID, CUSTOMER, "limits.raise", {"day": "1"}, UNTIL)


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_another_time_has_another_digest() -> None:
    one, other = (digest_of(ID, CUSTOMER, "limits.raise", {"day": "1"}, until) for until in (UNTIL, UNTIL[:-2] + "1Z"))
    assert one != other


# What a confirmation may name, by operation and edition; for the account that the operation is done on.
ANY, STRONG = ["sms", "token", "certificate"], ["token", "certificate"]
KINDS: dict[tuple[str, str], dict[str, list[str]]] = {
    ("limits.raise", "-"): {"professional": STRONG},
    ("limits.raise", "full"): {"professional": STRONG},
    ("limits.raise", "query"): {},
    ("transfers.switch_on", "-"): {"professional": ANY},
    ("device.bind", "-"): {"express": ["sms"], "credit_card": ["sms"], "professional": ["sms"]},
    ("phone.change", "-"): {"professional": STRONG},
    ("phone.prove", "-"): {"professional": ["sms"]},
    ("card.bind", "held"): {"express": ANY, "professional": ANY},
    ("card.bind", "credit_card"): {"credit_card": ANY, "professional": ANY},
    ("email.bind", "-"): {"express": ANY, "credit_card": ANY, "professional": ANY},
    ("email.prove", "-"): {"express": ["sms"], "credit_card": ["sms"], "professional": ["sms"]},
    ("notifications.less", "-"): {"express": ANY, "credit_card": ANY, "professional": ANY},
    ("wechat.bind", "-"): {"express": ANY, "credit_card": ANY, "professional": ANY},
    ("order.create", "full"): {"professional": ANY},
    ("order.change", "full"): {"professional": ANY},
    ("batch.create", "full"): {"professional": ANY},
}
_ORDER = {
    "payer_account": ACCOUNT,
    "payee_account": "9000010000000000025",
    "payee_name": "欧阳小红",
    "amount": "20.00",
    "fee": "0.00",
    "purpose": "请拨打10086",
    "first_date": "2026-11-30",
}
_LINE = {"fee": "0.00", "own": "no", "purpose": "请拨打10086"}
_OWN = {"amount": "900.00", "payee_account": "9000010000000000041", "payee_name": "赵小明", **_LINE, "own": "yes"}
_LESS = {"amount": "99.99", "payee_account": "9000010000000000033", "payee_name": "孙立", **_LINE}
_MOST = {"amount": "100.00", "payee_account": "9000010000000000025", "payee_name": "欧阳小红", **_LINE}
_BATCH = {"payer_account": ACCOUNT, "batch": "b" * 26, "count": "3", "total": "1099.99", "fee": "0.00"}
FACTS: dict[str, list[dict[str, str]]] = {
    "limits.raise": [
        {"account": ACCOUNT, "single": "60000.00", "count": "30"},
        {"day_outward": "300000.00"},
    ],
    "transfers.switch_on": [{}],
    "phone.change": [{"phone": "13900000001"}],
    "phone.prove": [{"phone": "13900000001", "old_phone": "13900000002"}],
    "card.bind": [{"card": ACCOUNT}],
    "email.bind": [{"email": "zhao@example.com"}],
    "email.prove": [{"email": "zhao@example.com"}],
    "wechat.bind": [{}],
    "notifications.less": [{"settings": "x"}],
    "order.create": [
        {**_ORDER, "repeat": "once", "day": "0"},
        {**_ORDER, "repeat": "weekly", "day": "1", "count": "3", "fee": "1.50"},
        {**_ORDER, "repeat": "monthly", "day": "31"},
    ],
    "order.change": [{**_ORDER, "repeat": "monthly", "day": "31", "until": "2027-11-30", "order": "o" * 26}],
    "batch.create": [
        {**_BATCH, "line_01": json.dumps(_OWN), "line_02": json.dumps(_LESS), "line_03": json.dumps(_MOST)},
        {**_BATCH, "line_01": json.dumps(_OWN), "line_02": json.dumps(_OWN), "fee": "1.00"},
        {**_BATCH, "line_01": json.dumps(_LESS), "hint": "day_sum_high"},
    ],
    "device.bind": [{"device": "abcdefghijklm234", "platform": "android", "name": "请拨打10086", "public_key": "k"}],
}
WORDS: dict[str, list[tuple[str, str]]] = {
    "phone.change": [("将预留手机号更换为139****0001", "change the reserved phone to 139****0001")],
    "phone.prove": [("将139****0001设为预留手机号", "make 139****0001 the reserved phone")],
    "card.bind": [
        ("绑定本人尾号0017的卡或账户（仅查询）", "bind your own card or account ending 0017, to look at"),
    ],
    "email.bind": [("将z***@e***.com设为接收消息通知的邮箱", "have messages sent to z***@e***.com")],
    "email.prove": [("将z***@e***.com设为接收消息通知的邮箱", "have messages sent to z***@e***.com")],
    "notifications.less": [
        ("减少消息提醒（关闭渠道、提高起点金额或设置免打扰时段）",
         "be told of less (fewer channels, a higher amount, or quiet hours)"),
    ],
    "wechat.bind": [("将您的微信设为接收消息通知的渠道", "have messages sent to your WeChat")],
    "limits.raise": [
        ("将尾号0017账户的限额设为单笔60000.00、日笔数30",
         "set the limits of account ending 0017: one transfer 60000.00, transfers a day 30"),
        ("将全部账户的限额设为每日对外转账300000.00", "set the limits of all accounts: outward a day 300000.00"),
    ],
    "order.create": [
        ("设立预约转账：2026-11-30，从尾号0017账户向**小红（尾号0025）转账20.00元",
         "order a transfer of 20.00 on 2026-11-30, from account ending 0017 to **小红, account ending 0025"),
        ("设立预约转账：2026-11-30起每周一，共3次，从尾号0017账户向**小红（尾号0025）转账20.00元，每次手续费1.50元",
         "order a transfer of 20.00 each Monday from 2026-11-30, 3 times, from account ending 0017 to **小红, "
         "account ending 0025, fee 1.50 each"),
        ("设立预约转账：2026-11-30起每月31日（无此日则月末），长期有效，从尾号0017账户向**小红（尾号0025）转账20.00元",
         "order a transfer of 20.00 on day 31 (or the last) of each month from 2026-11-30, without end, "
         "from account ending 0017 to **小红, account ending 0025"),
    ],
    "order.change": [
        ("变更预约转账，变更后2026-11-30起每月31日（无此日则月末），至2027-11-30，从尾号0017账户向**小红（尾号0025）转账20.00元",
         "change an order: order a transfer of 20.00 on day 31 (or the last) of each month from 2026-11-30 until "
         "2027-11-30, from account ending 0017 to **小红, account ending 0025"),
    ],
    "batch.create": [
        ("批量转账：从尾号0017账户转账3笔，合计1099.99元，其中向他人2笔，最大一笔为向**小红（尾号0025）转账100.00元",
         "make 3 payments of 1099.99 in all from account ending 0017, 2 of them to others, the largest 100.00 to "
         "**小红, account ending 0025"),
        ("批量转账：从尾号0017账户转账3笔，合计1099.99元，手续费共1.00元，均为本人账户",
         "make 3 payments of 1099.99 in all (fees 1.00) from account ending 0017, all to your own accounts"),
        ("批量转账：从尾号0017账户转账3笔，合计1099.99元，其中向他人1笔，最大一笔为向*立（尾号0033）转账99.99元"
         "；当日向他人转账累计较大，请核实收款人",
         "make 3 payments of 1099.99 in all from account ending 0017, 1 of them to others, the largest 99.99 to *立, "
         "account ending 0033; you pay much to others today, please make sure who they are"),
    ],
    "transfers.switch_on": [("开启网上转账功能", "switch online transfers on")],
    "device.bind": [
        ("登录新设备（android，编号尾号m234）", "log in on a new device (android, number ending m234)"),
    ],
}  # fmt: skip


@pytest.mark.requirement("YQ-4.1.3")
def test_each_operation_takes_these_factors_and_no_other() -> None:
    assert {code for code, _ in KINDS} == OPERATIONS.keys() <= entitlements.TABLE.keys()
    for (code, account), by_edition in KINDS.items():
        for edition in ("express", "credit_card", "professional"):
            taken = service.kinds_for(OPERATIONS[code], edition, account)
            assert taken == by_edition.get(edition, []), (code, account, edition)


@pytest.mark.requirement("XJ-4.2-sms")
@pytest.mark.parametrize("code", sorted(OPERATIONS))
def test_what_will_be_done_is_said_in_words_with_masked_facts(code: str) -> None:
    operation = OPERATIONS[code]
    said = [(operation.zh(facts), operation.en(facts)) for facts in FACTS[code]]
    assert said == WORDS[code]
    assert not any(ACCOUNT in text or "13900000001" in text or "zhao@" in text for pair in said for text in pair)
