"""The words customers get: what they must know, and nothing a lock screen must not show."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.accounts.service import words_of
from chalicelib.notifications.domain import batch_texts, code_texts, movement_occasion, movement_texts, order_texts
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.unit.samples import PAYEE, PAYER

AT = dt.datetime(2026, 11, 21, 23, 59, 59, tzinfo=clock.SHANGHAI)


@pytest.mark.requirement("XJ-4.2-sms")
def test_the_code_travels_with_account_payee_and_amount() -> None:
    text, _ = code_texts(
        parameters.CODE_TEXTS["transfer"].default,
        code="042137",
        payer_account=PAYER,
        payee_account=PAYEE,
        payee_name="欧阳小明",
        amount_fen=123_456_789,
        valid_s=180,
        contact=("致电0990-0000000", "call 0990-0000000"),
    )
    assert text == (
        "【乡村银行】验证码042137，您正从尾号0017账户向**小明（尾号0025）转账1,234,567.89元，"
        "3分钟内有效。如非本人操作请勿泄露，立即致电0990-0000000。"
    )
    # masked: neither account nor name in full
    assert not any(secret in text for secret in (PAYER, PAYEE, "欧阳"))


@pytest.mark.requirement("YQ-4.2.2-alert")
@pytest.mark.parametrize(
    ("kind", "amount_fen", "payee", "text"),
    [
        ("principal", -123_456, "钱红", "转出人民币1,234.56元，对方*红，余额98,765.43元。"),
        ("principal", 123_456, "赵小明", "转入人民币1,234.56元，对方*小明，余额98,765.43元。"),
        ("fee", -200, "", "手续费人民币2.00元，余额98,765.43元。"),
        ("fee", 200, "", "手续费退回人民币2.00元，余额98,765.43元。"),
        ("cash", 5, "", "现金存入人民币0.05元，余额98,765.43元。"),
        ("cash", -100, "", "现金支取人民币1.00元，余额98,765.43元。"),
    ],
)
def test_an_alert_tells_what_how_much_when_and_what_is_left(kind: str, amount_fen: int, payee: str, text: str) -> None:
    found, _ = movement_texts(
        parameters.MOVEMENT_TEXTS[movement_occasion(payee)].default,
        account_id=PAYER,
        amount_fen=amount_fen,
        balance_fen=9_876_543,
        verb=words_of(kind, amount_fen),
        posted_at=AT,
        payee=payee,
    )
    assert found == "【乡村银行】您尾号0017账户2026-11-21 23:59:59" + text
    assert PAYER not in found
    assert not payee or payee not in found


@pytest.mark.requirement("YQ-4.2.2-sched")
@pytest.mark.parametrize(
    ("kind", "next_due", "zh", "en"),
    [
        (
            "retrying",
            "20261130",
            "暂未执行：账户可用余额不足。今日将再次尝试。",
            "has not been made yet. Not enough. It is tried again today.",
        ),
        (
            "failed",
            "20261231",
            "未执行：账户可用余额不足。下一日期为2026-12-31。",
            "was not made. Not enough. The next date is 2026-12-31.",
        ),
        ("failed", "", "未执行：账户可用余额不足。此后不再执行。", "was not made. Not enough. No other date follows."),
        (
            "missed",
            "20261231",
            "未执行：因系统原因未能按日执行，且已到下一日期。下一日期为2026-12-31。",
            "was not made. It was missed through a fault of ours, and the next date has come. "
            "The next date is 2026-12-31.",
        ),
    ],
)
def test_an_order_that_was_not_paid_is_told_with_masked_facts(kind: str, next_due: str, zh: str, en: str) -> None:
    found = order_texts(
        parameters.ORDER_TEXTS[kind].default,
        payer_account="9000010000000000017",
        payee_name="欧阳小红",
        payee_account="9000010000000000025",
        amount_fen=1_234_56,
        due_date="20261130",
        next_due=next_due,
        reason=("账户可用余额不足。", "Not enough."),
    )
    what = "【乡村银行】您从尾号0017账户向**小红（尾号0025）的预约转账1,234.56元（2026-11-30）"
    assert found == (what + zh, f"The transfer of 1,234.56 to account ending 0025, due on 2026-11-30, {en}")


def test_what_of_a_batch_was_not_paid_is_told_in_numbers_and_sums() -> None:
    found = batch_texts(
        parameters.BATCH_TEXT.default,
        payer_account="9000010000000000017",
        created_at=dt.datetime(2026, 11, 27, 16, 30, tzinfo=dt.UTC),
        paid=(2, 1_234_56),
        refused=(1, 600_00),
        first=(3, "账户可用余额不足。", "Not enough."),
    )
    assert found == (
        "【乡村银行】您2026-11-28 00:30:00从尾号0017账户发起的批量转账已处理："
        "成功2笔共1,234.56元；未转账1笔共600.00元，该部分款项未扣。"
        "第3笔未转账原因：账户可用余额不足。各笔结果请在手机银行查看。",
        "Your batch of 2026-11-28 00:30:00 from account ending 0017 has ended: 2 payments of 1,234.56 in all were "
        "made; 1 of 600.00 in all were not, and that money is still yours. Payment 3 was not made: Not enough. Each "
        "result is in the app.",
    )
