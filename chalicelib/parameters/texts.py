"""The texts that customers are sent: a row for each kind and occasion, and what a channel shows in place of a text.

What may stand in them is masked where it is about people and accounts (XJ-4.2-sms): a lock screen shows it.
"""

from __future__ import annotations

from chalicelib.parameters.shapes import MessageText, Text

# What is filled in, by name: the same in every text.
TEXT_VARIABLES: dict[str, tuple[str, str]] = {
    "account": ("客户账户尾号", "the end of the customer's account number"),
    "amount": ("金额（元）", "the amount, in yuan"),
    "answer_by": ("答复截止时间", "until when it can be answered"),
    "at": ("发生时间", "when it was"),
    "balance": ("变动后余额（元）", "the balance after it, in yuan"),
    "certificate": ("数字证书种类", "which kind of certificate"),
    "code": ("验证码或下载码", "the code"),
    "contact": ("联系方式，见 text.contact", "how to reach the bank, as text.contact says it"),
    "counterparty": ("对方户名（隐去姓氏）", "the other side's name, masked"),
    "counterparty_account": ("对方账户尾号", "the end of the other side's account number"),
    "counterparty_bank": ("对方银行；本行为空", "the other side's bank; nothing for this one"),
    "date": ("日期", "the date"),
    "ends_at": ("结束或到期时间", "when it ends or ended"),
    "event": ("安全事件", "what happened"),
    "heading": ("“公告”或“公告变更”", "whether the notice is new or changed"),
    "month": ("账单月份", "the month of the bill"),
    "movement": ("变动种类，如转入、手续费", "what moved the balance: transfer in, fee …"),
    "new_phone": ("新预留手机号（脱敏）", "the new reserved phone, masked"),
    "next_date": ("下一日期；没有则说明此后不再执行", "a sentence that says the next date, or that none follows"),
    "notice": ("公告标题", "the title of the notice"),
    "notice_text": ("公告正文", "the text of the notice"),
    "number": ("首个未转账的序号", "the place of the first payment that was not made"),
    "operation": ("正在确认的操作", "what the code confirms"),
    "outcome": ("异议处理结果", "what became of the dispute"),
    "paid": ("成功金额合计（元）", "the sum of what was paid, in yuan"),
    "paid_count": ("成功笔数", "how many payments were made"),
    "reason": ("原因", "why: a sentence"),
    "refused": ("未转账金额合计（元）", "the sum of what was not paid, in yuan"),
    "refused_count": ("未转账笔数", "how many payments were not made"),
    "starts_at": ("开始时间", "when it begins"),
    "tool": ("认证工具及其尾号", "the token or certificate, and the end of its number"),
    "valid_for": ("有效时长", "how long it is valid"),
}


def _message(name: str, zh: str, en: str, source: str, *, must: str, may: str = "") -> MessageText:
    """A row; `must` and `may` are names of TEXT_VARIABLES."""
    required = must.split()
    variables = {one: TEXT_VARIABLES[one] for one in (*required, *may.split())}
    return MessageText(f"message.{name}", {"zh": f"【乡村银行】{zh}", "en": en}, variables, frozenset(required), source)


# With each code travels what it confirms; SMS is in Chinese.
CODE_TEXTS = {
    "transfer": _message(
        "code.transfer",
        "验证码{code}，您正从尾号{account}账户向{counterparty}（{counterparty_bank}尾号{counterparty_account}）"
        "转账{amount}元，{valid_for}内有效。如非本人操作请勿泄露，立即{contact}。",
        "Code {code}: you are paying {amount} CNY from your account ending in {account} to {counterparty} (account "
        "ending in {counterparty_account}{counterparty_bank}); valid for {valid_for}. If it is not you, tell it nobody "
        "and {contact} at once.",
        "XJ-4.2-sms",
        must="code account counterparty counterparty_account counterparty_bank amount",
        may="valid_for contact",
    ),
    "step_up": _message(
        "code.step_up",
        "验证码{code}，您正在{operation}，{valid_for}内有效。如非本人操作请勿泄露，立即{contact}。",
        "Code {code}, to {operation}; valid for {valid_for}. If it is not you, tell it nobody and {contact} at once.",
        "XJ-4.2-sms",
        must="code operation",
        may="valid_for contact",
    ),
    "password": _message(
        "code.password",
        "验证码{code}，您正在为尾号{account}账户申请或重置查询密码，{valid_for}内有效。如非本人操作请勿泄露，立即{contact}。",
        "Code {code}, to apply for the query password of the account ending in {account} or to set it anew; valid for "
        "{valid_for}. If it is not you, tell it nobody and {contact} at once.",
        "XJ-4.2-sms",
        must="code account",
        may="valid_for contact",
    ),
    "download": _message(
        "code.download",
        "下载码{code}，用于下载您在网点申请的{certificate}，仅可使用一次。如非本人申请请勿泄露，立即{contact}。",
        "Code {code}, to download the {certificate} that you applied for at a branch; it is good once. If it was not "
        "you, tell it nobody and {contact} at once.",
        "NB-5.3.3-dl",
        must="code certificate",
        may="contact",
    ),
}
PHONE_CHANGED_TEXT = _message(
    "phone_changed",
    "您的预留手机号已由本号码更换为{new_phone}，验证码不再发往本号码。如非本人操作请立即{contact}。",
    "Your reserved phone was changed from this number to {new_phone}; codes no longer come here. If it was not you, "
    "{contact} at once.",
    "NB-5.3.7-2",
    must="new_phone",
    may="contact",
)
_MOVED = "account at movement amount balance"
MOVEMENT_TEXTS = {
    "with_counterparty": _message(
        "movement.with_counterparty",
        "您尾号{account}账户{at}{movement}人民币{amount}元，对方{counterparty}，余额{balance}元。",
        "Your account ending in {account}, {at} (Shanghai): {movement}, {amount} CNY, {counterparty}; balance "
        "{balance} CNY.",
        "YQ-4.2.2-alert",
        must=_MOVED,
        may="counterparty",
    ),
    "alone": _message(
        "movement.alone",
        "您尾号{account}账户{at}{movement}人民币{amount}元，余额{balance}元。",
        "Your account ending in {account}, {at} (Shanghai): {movement}, {amount} CNY; balance {balance} CNY.",
        "YQ-4.2.2-alert",
        must=_MOVED,
    ),
}
SECURITY_TEXT = _message(
    "security",
    "安全提醒：{at}，{event}。如非本人操作，请立即{contact}。",
    "Security notice, {at} (Shanghai): {event}. If it was not you, {contact} at once.",
    "NB-5.3.7-2",
    must="at event",
    may="contact",
)
# What can be done about it differs: a certificate is renewed online until it ends, a token only at a branch.
FACTOR_TEXTS = {
    "token_due": _message(
        "factor.token_due",
        "您的{tool}将于{ends_at}到期，到期后不能再用于确认交易。请携带有效身份证件到网点更换令牌。",
        "Your {tool} expires at {ends_at} (Shanghai) and confirms nothing after that. A branch gives you a new one.",
        "NB-5.3.4",
        must="tool ends_at",
    ),
    "token_ended": _message(
        "factor.token_ended",
        "您的{tool}已于{ends_at}到期，不能再用于确认交易。如需继续使用，请携带有效身份证件到网点更换令牌。",
        "Your {tool} expired at {ends_at} (Shanghai) and confirms nothing any more. A branch gives you a new one.",
        "NB-5.3.4",
        must="tool ends_at",
    ),
    "certificate_due": _message(
        "factor.certificate_due",
        "您的{tool}将于{ends_at}到期，现可在手机银行在线更新；到期后须携带有效身份证件到网点重新申请。",
        "Your {tool} expires at {ends_at} (Shanghai). Renew it online now; after that only a branch issues a new one.",
        "NB-5.3.4",
        must="tool ends_at",
    ),
    "certificate_ended": _message(
        "factor.certificate_ended",
        "您的{tool}已于{ends_at}到期，不能再用于确认交易。如需继续使用，请携带有效身份证件到网点重新申请。",
        "Your {tool} expired at {ends_at} (Shanghai) and confirms nothing any more. A branch issues a new one.",
        "NB-5.3.4",
        must="tool ends_at",
    ),
}
_CAME = "{counterparty}于{at}转入您尾号{account}账户的{amount}元"
_CAME_EN = "{amount} CNY that came to your account ending in {account} at {at} (Shanghai)"
_WENT = "您于{at}从尾号{account}账户转给{counterparty}的{amount}元"
_WENT_EN = "{amount} CNY that you paid from your account ending in {account} at {at} (Shanghai)"
# By the recall's state, for the side that did not act. The payee who is asked is also told what no recall ever does: it
# is a pretext that frauds use.
RECALL_TEXTS = {
    "asked": _message(
        "recall.asked",
        f"对方请求退回{_CAME}。是否退回由您决定，请于{{answer_by}}前在手机银行“退回请求”中答复。"
        "本行不会自行划扣，工作人员不会索要验证码，也不会要求您转账到其他账户。",
        f"The payer asks you to return {_CAME_EN}. You decide: answer under recall requests before {{answer_by}}. "
        "The bank takes nothing by itself; its staff never ask for a code, nor that you pay to another account.",
        "YQ-4.2.2-xfer",
        must="account amount answer_by",
        may="counterparty at",
    ),
    "withdrawn": _message(
        "recall.withdrawn",
        f"对方已撤回退回请求：{_CAME}，您无需再答复。",
        f"The payer no longer asks for {_CAME_EN}; you need not answer.",
        "YQ-4.2.2-xfer",
        must="account amount",
        may="counterparty at",
    ),
    "agreed": _message(
        "recall.agreed",
        f"收款人已同意退回{_WENT}，款项到账后另行通知。",
        f"The payee agreed to return {_WENT_EN}; you are told when the money is there.",
        "YQ-4.2.2-xfer",
        must="account amount",
        may="counterparty at",
    ),
    "refused": _message(
        "recall.refused",
        f"收款人未同意退回{_WENT}，原因请见手机银行“退回请求”。如有争议请联系网点。",
        f"The payee does not return {_WENT_EN}; see recall requests for the reason. A branch helps you further.",
        "YQ-4.2.2-xfer",
        must="account amount",
        may="counterparty at",
    ),
    "returned": _message(
        "recall.returned",
        f"收款人已退回{_WENT}。",
        f"The payee returned {_WENT_EN}.",
        "YQ-4.2.2-xfer",
        must="account amount",
        may="counterparty at",
    ),
}
DAY_SUM_TEXT = _message(
    "day_sum",
    "您{date}向他人转账累计已超过{amount}元，请核实收款人，谨防诈骗。如非本人操作请立即{contact}。",
    "You have paid more than {amount} to others on {date}. Make sure whom you pay; if it was not you, {contact} at "
    "once.",
    "PBoC notice 261",
    must="date amount",
    may="contact",
)
RETURNED_TEXT = _message(
    "returned",
    "您{at}从尾号{account}账户向{counterparty}（尾号{counterparty_account}）的转账{amount}元未能到账，"
    "款项及手续费已退回原账户。原因：{reason}",
    "Your transfer of {amount} to account ending {counterparty_account}, confirmed on {at}, was not executed; the "
    "money and the fee are in your account again. Reason: {reason}",
    "YQ-4.2.2-xfer",
    must="counterparty_account amount reason",
    may="at account counterparty",
)
_ORDER = "您从尾号{account}账户向{counterparty}（尾号{counterparty_account}）的预约转账{amount}元（{date}）"
_ORDER_EN = "The transfer of {amount} to account ending {counterparty_account}, due on {date},"
# What became of a date of a standing order that was not paid.
ORDER_TEXTS = {
    "retrying": _message(
        "order.retrying",
        f"{_ORDER}暂未执行：{{reason}}今日将再次尝试。",
        f"{_ORDER_EN} has not been made yet. {{reason}} It is tried again today.",
        "YQ-4.2.2-sched",
        must="counterparty_account amount date reason",
        may="account counterparty",
    ),
    "failed": _message(
        "order.failed",
        f"{_ORDER}未执行：{{reason}}{{next_date}}",
        f"{_ORDER_EN} was not made. {{reason}} {{next_date}}",
        "YQ-4.2.2-sched",
        must="counterparty_account amount date reason next_date",
        may="account counterparty",
    ),
    "missed": _message(
        "order.missed",
        f"{_ORDER}未执行：因系统原因未能按日执行，且已到下一日期。{{next_date}}",
        f"{_ORDER_EN} was not made. It was missed through a fault of ours, and the next date has come. {{next_date}}",
        "YQ-4.2.2-sched",
        must="counterparty_account amount date next_date",
        may="account counterparty",
    ),
}
BATCH_TEXT = _message(
    "batch",
    "您{at}从尾号{account}账户发起的批量转账已处理：成功{paid_count}笔共{paid}元；未转账{refused_count}笔共{refused}元，"
    "该部分款项未扣。第{number}笔未转账原因：{reason}各笔结果请在手机银行查看。",
    "Your batch of {at} from account ending {account} has ended: {paid_count} payments of {paid} in all were made; "
    "{refused_count} of {refused} in all were not, and that money is still yours. Payment {number} was not made: "
    "{reason} Each result is in the app.",
    "XJ-5.3-batch",
    must="account paid_count paid refused_count refused",
    may="at number reason",
)
# Nobody is asked to look at a bill by a link: only in the app that they know.
BILL_CHECK_TEXTS = {
    "due": _message(
        "bill_check.due",
        "您尾号{account}账户{month}账单已出，请于{answer_by}前在手机银行“网上对账”中核对并确认，不符请提出异议。",
        "The bill of {month} for account ending {account} is ready. Compare it in the app before {answer_by} "
        "(Shanghai), and confirm it or dispute it.",
        "XJ-5.3-recon",
        must="account month answer_by",
    ),
    "closed": _message(
        "bill_check.closed",
        "您对尾号{account}账户{month}账单的异议已办结：{outcome}。答复详情请在手机银行“网上对账”中查看。",
        "Your dispute about the bill of {month} for account ending {account} is closed: {outcome}. The reply is in the "
        "app, under bills to confirm.",
        "XJ-5.3-recon",
        must="account month outcome",
    ),
}
# By the occasion on which customers are told of a notice; nothing of it is about them.
NOTICE_TEXTS = {
    "published": _message(
        "notice.published",
        "{heading}：{notice}。时间：{starts_at}至{ends_at}。{notice_text}",
        "{heading}: {notice}. From {starts_at} to {ends_at} (Shanghai). {notice_text}",
        "NB-5.1.8-5",
        must="heading notice starts_at ends_at notice_text",
    ),
    "day_before": _message(
        "notice.day_before",
        "提醒：{notice}将于{starts_at}开始，预计{ends_at}结束。{notice_text}",
        "Reminder: {notice} begins at {starts_at} and ends at {ends_at} (Shanghai). {notice_text}",
        "NB-5.1.8-5",
        must="notice starts_at ends_at",
        may="notice_text",
    ),
    "started": _message(
        "notice.started",
        "{notice}现已开始，预计{ends_at}结束。{notice_text}",
        "{notice} has begun and ends at {ends_at} (Shanghai). {notice_text}",
        "NB-5.1.8-5",
        must="notice ends_at",
        may="notice_text",
    ),
    "ended": _message(
        "notice.ended",
        "{notice}已于{ends_at}结束，服务已恢复。",
        "{notice} ended at {ends_at} (Shanghai); service is restored.",
        "NB-5.1.8-5",
        must="notice",
        may="ends_at",
    ),
    "withdrawn": _message(
        "notice.withdrawn",
        "原定{starts_at}开始的“{notice}”已取消。",
        "{notice}, announced for {starts_at} (Shanghai), has been cancelled.",
        "NB-5.1.8-5",
        must="notice starts_at",
    ),
}
# What an inbox row is about, by its kind, for a channel that carries no text: WeChat takes so many characters.
_TITLE_LONGEST = 20
TITLE_TEXTS = {
    kind: Text(f"wechat.title.{kind}", {"zh": zh, "en": en}, "YQ-4.2.2-alert", longest=_TITLE_LONGEST)
    for kind, (zh, en) in {
        "movement": ("账户动账提醒", "Balance change"),
        "transfer": ("转账提醒", "Transfer"),
        "reminder": ("转账累计提醒", "Sum of a day"),
        "order": ("预约转账提醒", "Standing order"),
        "batch": ("批量转账提醒", "Batch of transfers"),
        "recall": ("退回请求提醒", "Recall request"),
        "bill": ("账单提醒", "Bill"),
        "factor": ("认证工具到期提醒", "Token, certificate"),
        "security": ("安全提醒", "Security"),
        "notice": ("服务公告", "Service notice"),
    }.items()
}
# Above every e-mail, whatever is in it: lists of mail are seen by others.
SUBJECT_TEXT = Text(
    "email.subject", {"zh": "乡村银行通知", "en": "A notice of Rural Bank"}, "YQ-4.2.2-alert", longest=60
)

MESSAGES: tuple[MessageText | Text, ...] = (
    *CODE_TEXTS.values(),
    PHONE_CHANGED_TEXT,
    *MOVEMENT_TEXTS.values(),
    SECURITY_TEXT,
    *FACTOR_TEXTS.values(),
    *RECALL_TEXTS.values(),
    DAY_SUM_TEXT,
    RETURNED_TEXT,
    *ORDER_TEXTS.values(),
    BATCH_TEXT,
    *BILL_CHECK_TEXTS.values(),
    *NOTICE_TEXTS.values(),
    *TITLE_TEXTS.values(),
    SUBJECT_TEXT,
)
