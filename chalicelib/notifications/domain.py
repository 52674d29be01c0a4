"""What the words are filled with. Pure; no I/O, no clock. Only masked facts (XJ-4.2-sms): a lock screen shows these.

The words are parameters: `texts` is one in Chinese and in English, as the row of the kind and occasion admits it. Each
function answers it filled in, in both; SMS and push are in Chinese. `contact` is how to reach the bank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from chalicelib.platform.clock import to_local_text
from chalicelib.platform.masking import account_tail, mask_name, mask_phone
from chalicelib.platform.money import grouped_text

Texts = Mapping[str, str]
Both = tuple[str, str]


def _filled(texts: Texts, **facts: str | Both) -> Both:
    """A text in Chinese and English with its facts, those that differ given in both; a fact is never looked at for
    placeholders.
    """
    zh, en = (
        {name: fact if isinstance(fact, str) else fact[place] for name, fact in facts.items()} for place in (0, 1)
    )
    return texts["zh"].format_map(zh), texts["en"].format_map(en)


def code_texts(
    texts: Texts,
    *,
    code: str,
    payer_account: str,
    payee_account: str,
    payee_name: str,
    payee_bank: str = "",
    amount_fen: int,
    valid_s: int,
    contact: Both,
) -> Both:
    """The SMS with a confirmation code: account, payee, another bank and amount travel with it (XJ-4.2-sms)."""
    return _filled(
        texts,
        code=code,
        account=account_tail(payer_account),
        counterparty=mask_name(payee_name),
        counterparty_bank=(payee_bank, f" at {payee_bank}" if payee_bank else ""),
        counterparty_account=account_tail(payee_account),
        amount=grouped_text(amount_fen),
        valid_for=_duration(valid_s),
        contact=contact,
    )


def step_up_texts(texts: Texts, *, code: str, what: Both, valid_s: int, contact: Both) -> Both:
    """The SMS with the code of a sensitive operation: what it would do travels with it, masked."""
    return _filled(texts, code=code, operation=what, valid_for=_duration(valid_s), contact=contact)


def phone_changed_texts(texts: Texts, *, new_phone: str, contact: Both) -> Both:
    """What the old number is told when the reserved phone changed."""
    return _filled(texts, new_phone=mask_phone(new_phone), contact=contact)


_CERTIFICATES = {
    "phone": ("手机盾数字证书", "certificate in your phone"),
    "cloud": ("云证书数字证书", "certificate in the cloud"),
    "usb_key": ("USBKey数字证书", "certificate on your USB key"),
}
_TOKEN = ("动态令牌", "token")


def factor_occasion(method: str, *, has_ended: bool) -> str:
    """Which text reminds the owner of a factor of that method."""
    return f"{'token' if method == 'token' else 'certificate'}_{'ended' if has_ended else 'due'}"


def factor_due_texts(texts: Texts, *, method: str, tail: str, valid_until: dt.datetime) -> Both:
    """What the owner of a token or certificate is reminded of (NB-5.3.4); `tail` ends its number, empty for none."""
    zh, en = _TOKEN if method == "token" else _CERTIFICATES[method]
    tool = (f"{zh}（尾号{tail}）", f"{en} (ending in {tail})") if tail else (zh, en)
    return _filled(texts, tool=tool, ends_at=to_local_text(valid_until))


def download_texts(texts: Texts, *, method: str, code: str, contact: Both) -> Both:
    """The SMS with the code that downloads a certificate (NB-5.3.3-dl)."""
    return _filled(texts, code=code, certificate=_CERTIFICATES[method], contact=contact)


def password_texts(texts: Texts, *, code: str, account_id: str, valid_s: int, contact: Both) -> Both:
    """The SMS with the code of an application for the query password; the account travels with it, masked."""
    return _filled(texts, code=code, account=account_tail(account_id), valid_for=_duration(valid_s), contact=contact)


def _duration(seconds: int) -> Both:
    minutes, rest = divmod(seconds, 60)
    return (f"{seconds}秒", f"{seconds} seconds") if rest else (f"{minutes}分钟", f"{minutes} min")


def _day(date: str) -> str:
    """A date of the form YYYYMMDD as people read it; empty stays empty."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else ""


def movement_occasion(payee: str) -> str:
    """Which text tells of a movement: a fee, or cash, has no other side."""
    return "with_counterparty" if payee else "alone"


def movement_texts(
    texts: Texts,
    *,
    account_id: str,
    amount_fen: int,
    balance_fen: int,
    verb: Both,
    posted_at: dt.datetime,
    payee: str,
) -> Both:
    """A balance-change alert (YQ-4.2.2-alert): amount, balance after, masked account, time, reason."""
    return _filled(
        texts,
        account=account_tail(account_id),
        at=to_local_text(posted_at),
        movement=verb,
        amount=grouped_text(abs(amount_fen)),
        balance=grouped_text(balance_fen),
        counterparty=mask_name(payee),
    )


def security_texts(texts: Texts, *, what: Both, at: dt.datetime, contact: Both) -> Both:
    """What happened to a customer's access, and what to do if it was somebody else."""
    return _filled(texts, at=to_local_text(at), event=what, contact=contact)


def recall_texts(
    texts: Texts,
    *,
    account_id: str,
    counterparty: str,
    amount_fen: int,
    transferred_at: dt.datetime,
    expires_at: dt.datetime,
) -> Both:
    """What became of a recall, for the side that did not act; who it is stays masked."""
    return _filled(
        texts,
        account=account_tail(account_id),
        counterparty=mask_name(counterparty),
        amount=grouped_text(amount_fen),
        at=to_local_text(transferred_at),
        answer_by=to_local_text(expires_at),
    )


def day_sum_texts(texts: Texts, *, business_date: str, mark_fen: int, contact: Both) -> Both:
    """That what was paid to others on a day is more than the bank's mark."""
    return _filled(texts, date=_day(business_date), amount=grouped_text(mark_fen), contact=contact)


def returned_texts(
    texts: Texts,
    *,
    payer_account: str,
    payee_account: str,
    payee_name: str,
    amount_fen: int,
    confirmed_at: dt.datetime,
    reason: Both,
) -> Both:
    """That a transfer which was to arrive later was given back, and why."""
    return _filled(
        texts,
        at=to_local_text(confirmed_at),
        account=account_tail(payer_account),
        counterparty=mask_name(payee_name),
        counterparty_account=account_tail(payee_account),
        amount=grouped_text(amount_fen),
        reason=reason,
    )


def batch_texts(
    texts: Texts,
    *,
    payer_account: str,
    created_at: dt.datetime,
    paid: tuple[int, int],
    refused: tuple[int, int],
    first: tuple[int, str, str],
) -> Both:
    """That some of a batch was not paid; `paid` and `refused` are number and sum in fen, and `first` is the first which
    was not: its place in the batch, and why.
    """
    number, *reason = first
    return _filled(
        texts,
        at=to_local_text(created_at),
        account=account_tail(payer_account),
        paid_count=str(paid[0]),
        paid=grouped_text(paid[1]),
        refused_count=str(refused[0]),
        refused=grouped_text(refused[1]),
        number=str(number),
        reason=(reason[0], reason[1]),
    )


def bill_due_texts(texts: Texts, *, account_id: str, month: str, answer_by: dt.datetime) -> Both:
    """That a bill waits for an answer."""
    return _filled(texts, account=account_tail(account_id), month=month, answer_by=to_local_text(answer_by))


def bill_closed_texts(texts: Texts, *, account_id: str, month: str, outcome: Both) -> Both:
    """What became of a dispute about a bill."""
    return _filled(texts, account=account_tail(account_id), month=month, outcome=outcome)


def order_texts(
    texts: Texts,
    *,
    payer_account: str,
    payee_name: str,
    payee_account: str,
    amount_fen: int,
    due_date: str,
    next_due: str,
    reason: Both,
) -> Both:
    """That a standing order was not paid on its date (YYYYMMDD), why, and what comes next."""
    following = _day(next_due)
    next_date = (
        (f"下一日期为{following}。", f"The next date is {following}.")
        if following
        else ("此后不再执行。", "No other date follows.")
    )
    return _filled(
        texts,
        account=account_tail(payer_account),
        counterparty=mask_name(payee_name),
        counterparty_account=account_tail(payee_account),
        amount=grouped_text(amount_fen),
        date=_day(due_date),
        reason=reason,
        next_date=next_date,
    )


def notice_texts(
    texts: Texts,
    *,
    title: Both,
    text: Both,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    is_change: bool,
) -> Both:
    """What customers are told of a notice; nothing of it is about them."""
    return _filled(
        texts,
        heading=("公告变更", "Changed notice") if is_change else ("公告", "Notice"),
        notice=title,
        notice_text=text,
        starts_at=to_local_text(starts_at),
        ends_at=to_local_text(ends_at),
    )
