"""Every text that customers are sent: its words as they are until two people change them, and that all which may stand
in it is filled in, so that a missing one fails here and not at night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import pytest

from chalicelib.billchecks.service import OUTCOMES
from chalicelib.maintenance.domain import OCCASIONS
from chalicelib.notifications import domain
from chalicelib.notifications.channels import GROUPS
from chalicelib.notifications.domain import Both, Texts
from chalicelib.orders.domain import FAILED, MISSED, RETRYING
from chalicelib.parameters import service as parameters
from chalicelib.parameters import texts as rows
from chalicelib.recalls.domain import EXPIRED, STATES
from tests.unit.samples import PAYEE, PAYER

AT = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(hours=2)
CONTACT = ("联系我行", "contact the bank")
REASON = ("余额不足。", "Not enough.")


def transfer_code(texts: Texts) -> Both:
    return domain.code_texts(
        texts,
        code="042137",
        payer_account=PAYER,
        payee_account=PAYEE,
        payee_name="欧阳小明",
        payee_bank="示范银行",
        amount_fen=1_234_56,
        valid_s=180,
        contact=CONTACT,
    )


def step_up_code(texts: Texts) -> Both:
    what = ("开启网上转账功能", "switch online transfers on")
    return domain.step_up_texts(texts, code="042137", what=what, valid_s=90, contact=CONTACT)


def movement(texts: Texts) -> Both:
    return domain.movement_texts(
        texts,
        account_id=PAYER,
        amount_fen=-1_234_56,
        balance_fen=98_765_43,
        verb=("转出", "transfer out"),
        posted_at=AT,
        payee="钱红",
    )


def factor(method: str, tail: str) -> Callable[[Texts], Both]:
    return lambda texts: domain.factor_due_texts(texts, method=method, tail=tail, valid_until=AT)


def recall(texts: Texts) -> Both:
    return domain.recall_texts(
        texts, account_id=PAYER, counterparty="赵小明", amount_fen=100_00, transferred_at=AT, expires_at=LATER
    )


def returned(texts: Texts) -> Both:
    return domain.returned_texts(
        texts,
        payer_account=PAYER,
        payee_account=PAYEE,
        payee_name="钱红",
        amount_fen=100_00,
        confirmed_at=AT,
        reason=REASON,
    )


def order(next_due: str) -> Callable[[Texts], Both]:
    return lambda texts: domain.order_texts(
        texts,
        payer_account=PAYER,
        payee_name="钱红",
        payee_account=PAYEE,
        amount_fen=100_00,
        due_date="20261130",
        next_due=next_due,
        reason=REASON,
    )


def batch(texts: Texts) -> Both:
    return domain.batch_texts(
        texts, payer_account=PAYER, created_at=AT, paid=(2, 300_00), refused=(1, 50_00), first=(3, *REASON)
    )


def notice(texts: Texts) -> Both:
    return domain.notice_texts(
        texts,
        title=("系统升级", "Upgrade"),
        text=("暂停转账。", "Transfers pause."),
        starts_at=AT,
        ends_at=LATER,
        is_change=False,
    )


# How each row is filled, and what comes of its default.
FILLED: Mapping[str, tuple[Callable[[Texts], Both], Both]] = {
    "message.code.transfer": (
        transfer_code,
        (
            "【乡村银行】验证码042137，您正从尾号0017账户向**小明（示范银行尾号0025）转账1,234.56元，3分钟内有效。"
            "如非本人操作请勿泄露，立即联系我行。",
            "Code 042137: you are paying 1,234.56 CNY from your account ending in 0017 to **小明 (account ending in "
            "0025 at 示范银行); valid for 3 min. If it is not you, tell it nobody and contact the bank at once.",
        ),
    ),
    "message.code.step_up": (
        step_up_code,
        (
            "【乡村银行】验证码042137，您正在开启网上转账功能，90秒内有效。如非本人操作请勿泄露，立即联系我行。",
            "Code 042137, to switch online transfers on; valid for 90 seconds. If it is not you, tell it nobody and "
            "contact the bank at once.",
        ),
    ),
    "message.code.password": (
        lambda texts: domain.password_texts(texts, code="042137", account_id=PAYER, valid_s=300, contact=CONTACT),
        (
            "【乡村银行】验证码042137，您正在为尾号0017账户申请或重置查询密码，5分钟内有效。"
            "如非本人操作请勿泄露，立即联系我行。",
            "Code 042137, to apply for the query password of the account ending in 0017 or to set it anew; valid for "
            "5 min. If it is not you, tell it nobody and contact the bank at once.",
        ),
    ),
    "message.code.download": (
        lambda texts: domain.download_texts(texts, method="cloud", code="042137", contact=CONTACT),
        (
            "【乡村银行】下载码042137，用于下载您在网点申请的云证书数字证书，仅可使用一次。"
            "如非本人申请请勿泄露，立即联系我行。",
            "Code 042137, to download the certificate in the cloud that you applied for at a branch; it is good once. "
            "If it was not you, tell it nobody and contact the bank at once.",
        ),
    ),
    "message.phone_changed": (
        lambda texts: domain.phone_changed_texts(texts, new_phone="13900000002", contact=CONTACT),
        (
            "【乡村银行】您的预留手机号已由本号码更换为139****0002，验证码不再发往本号码。如非本人操作请立即联系我行。",
            "Your reserved phone was changed from this number to 139****0002; codes no longer come here. If it was "
            "not you, contact the bank at once.",
        ),
    ),
    "message.movement.with_counterparty": (
        movement,
        (
            "【乡村银行】您尾号0017账户2026-11-21 10:00:00转出人民币1,234.56元，对方*红，余额98,765.43元。",
            "Your account ending in 0017, 2026-11-21 10:00:00 (Shanghai): transfer out, 1,234.56 CNY, *红; balance "
            "98,765.43 CNY.",
        ),
    ),
    "message.movement.alone": (
        movement,
        (
            "【乡村银行】您尾号0017账户2026-11-21 10:00:00转出人民币1,234.56元，余额98,765.43元。",
            "Your account ending in 0017, 2026-11-21 10:00:00 (Shanghai): transfer out, 1,234.56 CNY; balance "
            "98,765.43 CNY.",
        ),
    ),
    "message.security": (
        lambda texts: domain.security_texts(texts, what=("调高限额", "limits raised"), at=AT, contact=CONTACT),
        (
            "【乡村银行】安全提醒：2026-11-21 10:00:00，调高限额。如非本人操作，请立即联系我行。",
            "Security notice, 2026-11-21 10:00:00 (Shanghai): limits raised. If it was not you, contact the bank at "
            "once.",
        ),
    ),
    "message.factor.token_due": (
        factor("token", "1234"),
        (
            "【乡村银行】您的动态令牌（尾号1234）将于2026-11-21 10:00:00到期，到期后不能再用于确认交易。"
            "请携带有效身份证件到网点更换令牌。",
            "Your token (ending in 1234) expires at 2026-11-21 10:00:00 (Shanghai) and confirms nothing after that. A "
            "branch gives you a new one.",
        ),
    ),
    "message.factor.token_ended": (
        factor("token", ""),
        (
            "【乡村银行】您的动态令牌已于2026-11-21 10:00:00到期，不能再用于确认交易。"
            "如需继续使用，请携带有效身份证件到网点更换令牌。",
            "Your token expired at 2026-11-21 10:00:00 (Shanghai) and confirms nothing any more. A branch gives you a "
            "new one.",
        ),
    ),
    "message.factor.certificate_due": (
        factor("usb_key", "1234"),
        (
            "【乡村银行】您的USBKey数字证书（尾号1234）将于2026-11-21 10:00:00到期，现可在手机银行在线更新；"
            "到期后须携带有效身份证件到网点重新申请。",
            "Your certificate on your USB key (ending in 1234) expires at 2026-11-21 10:00:00 (Shanghai). Renew it "
            "online now; after that only a branch issues a new one.",
        ),
    ),
    "message.factor.certificate_ended": (
        factor("phone", ""),
        (
            "【乡村银行】您的手机盾数字证书已于2026-11-21 10:00:00到期，不能再用于确认交易。"
            "如需继续使用，请携带有效身份证件到网点重新申请。",
            "Your certificate in your phone expired at 2026-11-21 10:00:00 (Shanghai) and confirms nothing any more. "
            "A branch issues a new one.",
        ),
    ),
    "message.recall.asked": (
        recall,
        (
            "【乡村银行】对方请求退回*小明于2026-11-21 10:00:00转入您尾号0017账户的100.00元。是否退回由您决定，"
            "请于2026-11-21 12:00:00前在手机银行“退回请求”中答复。"
            "本行不会自行划扣，工作人员不会索要验证码，也不会要求您转账到其他账户。",
            "The payer asks you to return 100.00 CNY that came to your account ending in 0017 at 2026-11-21 10:00:00 "
            "(Shanghai). You decide: answer under recall requests before 2026-11-21 12:00:00. The bank takes nothing "
            "by itself; its staff never ask for a code, nor that you pay to another account.",
        ),
    ),
    "message.recall.withdrawn": (
        recall,
        (
            "【乡村银行】对方已撤回退回请求：*小明于2026-11-21 10:00:00转入您尾号0017账户的100.00元，您无需再答复。",
            "The payer no longer asks for 100.00 CNY that came to your account ending in 0017 at 2026-11-21 10:00:00 "
            "(Shanghai); you need not answer.",
        ),
    ),
    "message.recall.agreed": (
        recall,
        (
            "【乡村银行】收款人已同意退回您于2026-11-21 10:00:00从尾号0017账户转给*小明的100.00元，"
            "款项到账后另行通知。",
            "The payee agreed to return 100.00 CNY that you paid from your account ending in 0017 at 2026-11-21 "
            "10:00:00 (Shanghai); you are told when the money is there.",
        ),
    ),
    "message.recall.refused": (
        recall,
        (
            "【乡村银行】收款人未同意退回您于2026-11-21 10:00:00从尾号0017账户转给*小明的100.00元，"
            "原因请见手机银行“退回请求”。如有争议请联系网点。",
            "The payee does not return 100.00 CNY that you paid from your account ending in 0017 at 2026-11-21 "
            "10:00:00 (Shanghai); see recall requests for the reason. A branch helps you further.",
        ),
    ),
    "message.recall.returned": (
        recall,
        (
            "【乡村银行】收款人已退回您于2026-11-21 10:00:00从尾号0017账户转给*小明的100.00元。",
            "The payee returned 100.00 CNY that you paid from your account ending in 0017 at 2026-11-21 10:00:00 "
            "(Shanghai).",
        ),
    ),
    "message.day_sum": (
        lambda texts: domain.day_sum_texts(texts, business_date="20261121", mark_fen=300_000_00, contact=CONTACT),
        (
            "【乡村银行】您2026-11-21向他人转账累计已超过300,000.00元，请核实收款人，谨防诈骗。"
            "如非本人操作请立即联系我行。",
            "You have paid more than 300,000.00 to others on 2026-11-21. Make sure whom you pay; if it was not you, "
            "contact the bank at once.",
        ),
    ),
    "message.returned": (
        returned,
        (
            "【乡村银行】您2026-11-21 10:00:00从尾号0017账户向*红（尾号0025）的转账100.00元未能到账，"
            "款项及手续费已退回原账户。原因：余额不足。",
            "Your transfer of 100.00 to account ending 0025, confirmed on 2026-11-21 10:00:00, was not executed; the "
            "money and the fee are in your account again. Reason: Not enough.",
        ),
    ),
    "message.order.retrying": (
        order("20261231"),
        (
            "【乡村银行】您从尾号0017账户向*红（尾号0025）的预约转账100.00元（2026-11-30）暂未执行：余额不足。"
            "今日将再次尝试。",
            "The transfer of 100.00 to account ending 0025, due on 2026-11-30, has not been made yet. Not enough. It "
            "is tried again today.",
        ),
    ),
    "message.order.failed": (
        order(""),
        (
            "【乡村银行】您从尾号0017账户向*红（尾号0025）的预约转账100.00元（2026-11-30）未执行：余额不足。此后不再执行。",
            "The transfer of 100.00 to account ending 0025, due on 2026-11-30, was not made. Not enough. No other "
            "date follows.",
        ),
    ),
    "message.order.missed": (
        order("20261231"),
        (
            "【乡村银行】您从尾号0017账户向*红（尾号0025）的预约转账100.00元（2026-11-30）未执行："
            "因系统原因未能按日执行，且已到下一日期。下一日期为2026-12-31。",
            "The transfer of 100.00 to account ending 0025, due on 2026-11-30, was not made. It was missed through a "
            "fault of ours, and the next date has come. The next date is 2026-12-31.",
        ),
    ),
    "message.batch": (
        batch,
        (
            "【乡村银行】您2026-11-21 10:00:00从尾号0017账户发起的批量转账已处理：成功2笔共300.00元；"
            "未转账1笔共50.00元，该部分款项未扣。第3笔未转账原因：余额不足。各笔结果请在手机银行查看。",
            "Your batch of 2026-11-21 10:00:00 from account ending 0017 has ended: 2 payments of 300.00 in all were "
            "made; 1 of 50.00 in all were not, and that money is still yours. Payment 3 was not made: Not enough. "
            "Each result is in the app.",
        ),
    ),
    "message.bill_check.due": (
        lambda texts: domain.bill_due_texts(texts, account_id=PAYER, month="2026-10", answer_by=AT),
        (
            "【乡村银行】您尾号0017账户2026-10账单已出，请于2026-11-21 10:00:00前在手机银行“网上对账”中核对并确认，"
            "不符请提出异议。",
            "The bill of 2026-10 for account ending 0017 is ready. Compare it in the app before 2026-11-21 10:00:00 "
            "(Shanghai), and confirm it or dispute it.",
        ),
    ),
    "message.bill_check.closed": (
        lambda texts: domain.bill_closed_texts(
            texts, account_id=PAYER, month="2026-10", outcome=OUTCOMES["bill_stands"]
        ),
        (
            "【乡村银行】您对尾号0017账户2026-10账单的异议已办结：经核实账单无误。"
            "答复详情请在手机银行“网上对账”中查看。",
            "Your dispute about the bill of 2026-10 for account ending 0017 is closed: the bill was found to be "
            "right. The reply is in the app, under bills to confirm.",
        ),
    ),
    "message.notice.published": (
        notice,
        (
            "【乡村银行】公告：系统升级。时间：2026-11-21 10:00:00至2026-11-21 12:00:00。暂停转账。",
            "Notice: Upgrade. From 2026-11-21 10:00:00 to 2026-11-21 12:00:00 (Shanghai). Transfers pause.",
        ),
    ),
    "message.notice.day_before": (
        notice,
        (
            "【乡村银行】提醒：系统升级将于2026-11-21 10:00:00开始，预计2026-11-21 12:00:00结束。暂停转账。",
            "Reminder: Upgrade begins at 2026-11-21 10:00:00 and ends at 2026-11-21 12:00:00 (Shanghai). Transfers "
            "pause.",
        ),
    ),
    "message.notice.started": (
        notice,
        (
            "【乡村银行】系统升级现已开始，预计2026-11-21 12:00:00结束。暂停转账。",
            "Upgrade has begun and ends at 2026-11-21 12:00:00 (Shanghai). Transfers pause.",
        ),
    ),
    "message.notice.ended": (
        notice,
        (
            "【乡村银行】系统升级已于2026-11-21 12:00:00结束，服务已恢复。",
            "Upgrade ended at 2026-11-21 12:00:00 (Shanghai); service is restored.",
        ),
    ),
    "message.notice.withdrawn": (
        notice,
        (
            "【乡村银行】原定2026-11-21 10:00:00开始的“系统升级”已取消。",
            "Upgrade, announced for 2026-11-21 10:00:00 (Shanghai), has been cancelled.",
        ),
    ),
}
MESSAGES = {one.name: one for one in rows.MESSAGES if isinstance(one, parameters.MessageText)}


def test_every_text_is_looked_at_here() -> None:
    assert FILLED.keys() == MESSAGES.keys()


@pytest.mark.parametrize("name", sorted(FILLED))
def test_the_words_are_these_until_they_are_changed(name: str) -> None:
    fill, expected = FILLED[name]
    assert fill(MESSAGES[name].default) == expected


@pytest.mark.parametrize("name", sorted(FILLED))
def test_whatever_may_stand_in_a_text_is_filled_in(name: str) -> None:
    fill, _ = FILLED[name]
    text = "".join(f"{{{one}}}" for one in MESSAGES[name].variables)
    assert not {"{", "}"} & set("".join(fill({"zh": text, "en": text})))


def test_what_is_filled_in_is_no_text_itself() -> None:
    row = parameters.CODE_TEXTS["step_up"]
    hostile = ("{code} {0.__class__} {contact!r}",) * 2
    zh, en = domain.step_up_texts(row.default, code="042137", what=hostile, valid_s=90, contact=CONTACT)
    assert hostile[0] in zh
    assert hostile[0] in en


def test_each_state_kind_and_occasion_has_its_text() -> None:
    assert parameters.RECALL_TEXTS.keys() == {*STATES} - {EXPIRED}
    assert parameters.ORDER_TEXTS.keys() == {RETRYING, FAILED, MISSED}
    assert parameters.NOTICE_TEXTS.keys() == {*OCCASIONS}
    occasions = {
        domain.factor_occasion(method, has_ended=over) for method in ("token", "usb_key") for over in (False, True)
    }
    assert parameters.FACTOR_TEXTS.keys() == occasions
    assert parameters.MOVEMENT_TEXTS.keys() == {domain.movement_occasion("钱红"), domain.movement_occasion("")}
    grouped = {kind for kinds in GROUPS.values() for kind in kinds}
    assert parameters.TITLE_TEXTS.keys() == {*grouped, "reminder", "security", "notice"}
