"""The words. Pure; no I/O, no clock. Only masked facts (XJ-4.2-sms): a lock screen shows these.

`contact` is how to reach the bank, as the parameter of that name says it.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.platform.clock import to_local_text
from chalicelib.platform.masking import account_tail, mask_name, mask_phone
from chalicelib.platform.money import grouped_text

BANK = "【乡村银行】"
# What an inbox row is about, by its kind, for channels that carry no text.
TITLES = {
    "movement": "账户动账提醒",
    "transfer": "转账提醒",
    "reminder": "转账累计提醒",
    "order": "预约转账提醒",
    "batch": "批量转账提醒",
    "recall": "退回请求提醒",
    "bill": "账单提醒",
    "factor": "认证工具到期提醒",
    "security": "安全提醒",
    "notice": "服务公告",
}


def code_text(
    *,
    code: str,
    payer_account: str,
    payee_account: str,
    payee_name: str,
    payee_bank: str = "",
    amount_fen: int,
    valid_s: int,
    contact: str,
) -> str:
    """The SMS with a confirmation code: account, payee, another bank and amount travel with it (XJ-4.2-sms)."""
    return (
        f"{BANK}验证码{code}，您正从尾号{account_tail(payer_account)}账户向{mask_name(payee_name)}"
        f"（{payee_bank}尾号{account_tail(payee_account)}）转账{grouped_text(amount_fen)}元，"
        f"{_duration(valid_s)}内有效。如非本人操作请勿泄露，立即{contact}。"
    )


def step_up_text(*, code: str, what: str, valid_s: int, contact: str) -> str:
    """The SMS with the code of a sensitive operation: what it would do travels with it, masked."""
    return f"{BANK}验证码{code}，您正在{what}，{_duration(valid_s)}内有效。如非本人操作请勿泄露，立即{contact}。"


def phone_changed_text(new_phone: str, *, contact: str) -> str:
    """What the old number is told when the reserved phone changed."""
    return (
        f"{BANK}您的预留手机号已由本号码更换为{mask_phone(new_phone)}，验证码不再发往本号码。"
        f"如非本人操作请立即{contact}。"
    )


_CARRIERS = {"phone": "手机盾", "cloud": "云证书", "usb_key": "USBKey"}
_CARRIERS_EN = {"phone": "in your phone", "cloud": "in the cloud", "usb_key": "on your USB key"}


def factor_due_texts(*, method: str, has_ended: bool, tail: str, valid_until: dt.datetime) -> tuple[str, str]:
    """What the owner of a token or certificate is reminded of, in Chinese and English (NB-5.3.4)."""
    is_token = method == "token"
    name = "动态令牌" if is_token else f"{_CARRIERS[method]}数字证书"
    name_en = "token" if is_token else f"certificate {_CARRIERS_EN[method]}"
    if tail:
        name, name_en = f"{name}（尾号{tail}）", f"{name_en} (ending in {tail})"
    at = to_local_text(valid_until)
    if has_ended:
        does, does_en = ("更换令牌", "gives you a new one") if is_token else ("重新申请", "issues a new one")
        return (
            f"{BANK}您的{name}已于{at}到期，不能再用于确认交易。如需继续使用，请携带有效身份证件到网点{does}。",
            f"Your {name_en} expired at {at} (Shanghai) and confirms nothing any more. A branch {does_en}.",
        )
    if is_token:
        return (
            f"{BANK}您的{name}将于{at}到期，到期后不能再用于确认交易。请携带有效身份证件到网点更换令牌。",
            f"Your {name_en} expires at {at} (Shanghai) and confirms nothing after that. A branch gives you a new one.",
        )
    return (
        f"{BANK}您的{name}将于{at}到期，现可在手机银行在线更新；到期后须携带有效身份证件到网点重新申请。",
        f"Your {name_en} expires at {at} (Shanghai). Renew it online now; after that only a branch issues a new one.",
    )


def download_text(*, method: str, code: str, contact: str) -> str:
    """The SMS with the code that downloads a certificate (NB-5.3.3-dl)."""
    return (
        f"{BANK}下载码{code}，用于下载您在网点申请的{_CARRIERS[method]}数字证书，仅可使用一次。"
        f"如非本人申请请勿泄露，立即{contact}。"
    )


def password_text(*, code: str, account_id: str, valid_s: int, contact: str) -> str:
    """The SMS with the code of an application for the query password; the account travels with it, masked."""
    return (
        f"{BANK}验证码{code}，您正在为尾号{account_tail(account_id)}账户申请或重置查询密码，"
        f"{_duration(valid_s)}内有效。如非本人操作请勿泄露，立即{contact}。"
    )


def _duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{seconds}秒" if rest else f"{minutes}分钟"


def movement_text(
    *, account_id: str, amount_fen: int, balance_fen: int, verb: str, posted_at: dt.datetime, payee: str
) -> str:
    """A balance-change alert (YQ-4.2.2-alert): amount, balance after, masked account, time, reason."""
    counterparty = f"，对方{mask_name(payee)}" if payee else ""
    return (
        f"{BANK}您尾号{account_tail(account_id)}账户{to_local_text(posted_at)}{verb}"
        f"人民币{grouped_text(abs(amount_fen))}元{counterparty}，余额{grouped_text(balance_fen)}元。"
    )


def security_text(what: str, at: dt.datetime, *, contact: str) -> str:
    """What happened to a customer's access, and what to do if it was somebody else."""
    return f"{BANK}安全提醒：{to_local_text(at)}，{what}。如非本人操作，请立即{contact}。"


def recall_texts(
    *,
    state: str,
    account_id: str,
    counterparty: str,
    amount_fen: int,
    transferred_at: dt.datetime,
    expires_at: dt.datetime,
) -> tuple[str, str]:
    """What became of a recall, in Chinese and English, for the side that did not act; who it is stays masked.

    The payee who is asked is also told what no recall ever does: it is a pretext that frauds use.
    """
    tail, name, yuan = account_tail(account_id), mask_name(counterparty), grouped_text(amount_fen)
    when, until = to_local_text(transferred_at), to_local_text(expires_at)
    came = f"{name}于{when}转入您尾号{tail}账户的{yuan}元"
    went = f"您于{when}从尾号{tail}账户转给{name}的{yuan}元"
    came_en = f"{yuan} CNY that came to your account ending in {tail} at {when} (Shanghai)"
    went_en = f"{yuan} CNY that you paid from your account ending in {tail} at {when} (Shanghai)"
    texts = {
        "asked": (
            f"对方请求退回{came}。是否退回由您决定，请于{until}前在手机银行“退回请求”中答复。"
            "本行不会自行划扣，工作人员不会索要验证码，也不会要求您转账到其他账户。",
            f"The payer asks you to return {came_en}. You decide: answer under recall requests before {until}. "
            "The bank takes nothing by itself; its staff never ask for a code, nor that you pay to another account.",
        ),
        "withdrawn": (
            f"对方已撤回退回请求：{came}，您无需再答复。",
            f"The payer no longer asks for {came_en}; you need not answer.",
        ),
        "agreed": (
            f"收款人已同意退回{went}，款项到账后另行通知。",
            f"The payee agreed to return {went_en}; you are told when the money is there.",
        ),
        "refused": (
            f"收款人未同意退回{went}，原因请见手机银行“退回请求”。如有争议请联系网点。",
            f"The payee does not return {went_en}; see recall requests for the reason. A branch helps you further.",
        ),
        "returned": (
            f"收款人已退回{went}。",
            f"The payee returned {went_en}.",
        ),
    }
    zh, en = texts[state]
    return f"{BANK}{zh}", en


def day_sum_texts(*, business_date: str, mark_fen: int, contact: str) -> tuple[str, str]:
    """That what was paid to others on a day is more than the bank's mark: in Chinese and English."""
    day = f"{business_date[:4]}-{business_date[4:6]}-{business_date[6:]}"
    return (
        f"{BANK}您{day}向他人转账累计已超过{grouped_text(mark_fen)}元，请核实收款人，谨防诈骗。如非本人操作请立即{contact}。",
        f"You have paid more than {grouped_text(mark_fen)} to others on {day}. Make sure whom you pay; if it was "
        "not you, contact the bank at once.",
    )


def returned_texts(
    *,
    payer_account: str,
    payee_account: str,
    payee_name: str,
    amount_fen: int,
    confirmed_at: dt.datetime,
    reason: tuple[str, str],
) -> tuple[str, str]:
    """That a transfer which was to arrive later was given back, and why: in Chinese and English."""
    zh, en = reason
    at, tail = to_local_text(confirmed_at), account_tail(payee_account)
    return (
        f"{BANK}您{at}从尾号{account_tail(payer_account)}账户向{mask_name(payee_name)}（尾号{tail}）的转账"
        f"{grouped_text(amount_fen)}元未能到账，款项及手续费已退回原账户。原因：{zh}",
        f"Your transfer of {grouped_text(amount_fen)} to account ending {tail}, confirmed on {at}, was not executed; "
        f"the money and the fee are in your account again. Reason: {en}",
    )


def batch_texts(
    *,
    payer_account: str,
    created_at: dt.datetime,
    paid: tuple[int, int],
    refused: tuple[int, int],
    first: tuple[int, str, str],
) -> tuple[str, str]:
    """That some of a batch was not paid, in Chinese and English; `paid` and `refused` are number and sum in fen, and
    `first` is the first which was not: its place in the batch, and why.
    """
    number, zh, en = first
    at, tail = to_local_text(created_at), account_tail(payer_account)
    made, left = grouped_text(paid[1]), grouped_text(refused[1])
    return (
        f"{BANK}您{at}从尾号{tail}账户发起的批量转账已处理：成功{paid[0]}笔共{made}元；未转账{refused[0]}笔共{left}元，"
        f"该部分款项未扣。第{number}笔未转账原因：{zh}各笔结果请在手机银行查看。",
        f"Your batch of {at} from account ending {tail} has ended: {paid[0]} payments of {made} in all were made; "
        f"{refused[0]} of {left} in all were not, and that money is still yours. Payment {number} was not made: {en} "
        "Each result is in the app.",
    )


def bill_check_texts(
    *, account_id: str, month: str, answer_by: dt.datetime, outcome: tuple[str, str] | None
) -> tuple[str, str]:
    """That a bill waits for an answer, or with `outcome` what became of a dispute: in Chinese and English.

    Nobody is asked to do so by a link: only in the app that they know.
    """
    tail = account_tail(account_id)
    if outcome is not None:
        return (
            f"{BANK}您对尾号{tail}账户{month}账单的异议已办结：{outcome[0]}。答复详情请在手机银行“网上对账”中查看。",
            f"Your dispute about the bill of {month} for account ending {tail} is closed: {outcome[1]}. "
            "The reply is in the app, under bills to confirm.",
        )
    until = to_local_text(answer_by)
    return (
        f"{BANK}您尾号{tail}账户{month}账单已出，请于{until}前在手机银行“网上对账”中核对并确认，不符请提出异议。",
        f"The bill of {month} for account ending {tail} is ready. Compare it in the app before {until} (Shanghai), and "
        "confirm it or dispute it.",
    )


def order_texts(
    *,
    payer_account: str,
    payee_name: str,
    payee_account: str,
    amount_fen: int,
    due_date: str,
    next_due: str,
    kind: str,
    reason: tuple[str, str],
) -> tuple[str, str]:
    """That a standing order was not paid on its date (YYYYMMDD), why, and what comes next: in Chinese and English."""
    due, following = (f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else "" for day in (due_date, next_due))
    what = (
        f"{BANK}您从尾号{account_tail(payer_account)}账户向{mask_name(payee_name)}（尾号{account_tail(payee_account)}）"
        f"的预约转账{grouped_text(amount_fen)}元（{due}）"
    )
    what_en = (
        f"The transfer of {grouped_text(amount_fen)} to account ending {account_tail(payee_account)}, due on {due},"
    )
    zh, en = reason
    if kind == "retrying":
        return (
            f"{what}暂未执行：{zh}今日将再次尝试。",
            f"{what_en} has not been made yet. {en} It is tried again today.",
        )
    if kind == "missed":
        zh, en = (
            "因系统原因未能按日执行，且已到下一日期。",
            "It was missed through a fault of ours, and the next date has come.",
        )
    then = f"下一日期为{following}。" if following else "此后不再执行。"
    then_en = f"The next date is {following}." if following else "No other date follows."
    return f"{what}未执行：{zh}{then}", f"{what_en} was not made. {en} {then_en}"


def notice_texts(
    *,
    occasion: str,
    title: tuple[str, str],
    text: tuple[str, str],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    is_change: bool,
) -> tuple[str, str]:
    """What customers are told of a notice, in Chinese and English, by occasion; nothing of it is about them."""
    kind, kind_en = ("公告变更", "Changed notice") if is_change else ("公告", "Notice")
    starts, ends = to_local_text(starts_at), to_local_text(ends_at)
    (zh, en), (text_zh, text_en) = title, text
    texts = {
        "published": (
            f"{kind}：{zh}。时间：{starts}至{ends}。{text_zh}",
            f"{kind_en}: {en}. From {starts} to {ends} (Shanghai). {text_en}",
        ),
        "day_before": (
            f"提醒：{zh}将于{starts}开始，预计{ends}结束。{text_zh}",
            f"Reminder: {en} begins at {starts} and ends at {ends} (Shanghai). {text_en}",
        ),
        "started": (
            f"{zh}现已开始，预计{ends}结束。{text_zh}",
            f"{en} has begun and ends at {ends} (Shanghai). {text_en}",
        ),
        "ended": (f"{zh}已于{ends}结束，服务已恢复。", f"{en} ended at {ends} (Shanghai); service is restored."),
        "withdrawn": (
            f"原定{starts}开始的“{zh}”已取消。",
            f"{en}, announced for {starts} (Shanghai), has been cancelled.",
        ),
    }
    told_zh, told_en = texts[occasion]
    return f"{BANK}{told_zh}", told_en
