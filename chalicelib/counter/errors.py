"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import (
    RANK_FACTOR,
    RANK_FUNDS,
    RANK_INSTRUCTION,
    RANK_MALFORMED,
    RANK_PAYER,
    RANK_RIGHT,
    Refusal,
)


class TillNotOpen(Refusal):
    """No till of this teller is open at this branch on this business date."""

    code, status, rank = "till_not_open", 409, RANK_PAYER
    zh = "该柜员当日尾箱未开启、已清点或已交回，不能办理现金业务。"
    en = "This teller has no open till at this branch today: not opened, counted, or handed back."


class TillOpenedBefore(Refusal):
    code, status, rank = "till_opened_before", 409, RANK_INSTRUCTION
    zh = "该柜员当日已领用过尾箱，一个营业日只能领用一次。"
    en = "This teller has had a till today; there is one a business date."


class TillShort(Refusal):
    code, status, rank = "till_short", 409, RANK_FUNDS + 1  # after the account's own funds
    zh = "尾箱现金不足，请先向库房调款或由其他柜员办理。"
    en = "The till does not hold that much cash."


class VaultShort(Refusal):
    code, status, rank = "vault_short", 409, RANK_FUNDS
    zh = "库房现金不足。"
    en = "The vault does not hold that much cash."


class TillNotCounted(Refusal):
    code, status, rank = "till_not_counted", 409, RANK_INSTRUCTION
    zh = "该尾箱没有待处理的长短款：未清点或已交回。"
    en = "No difference waits at this till: it was not counted, or is closed."


class TillCountChanged(Refusal):
    """Cash moved while it was counted, or it was counted again since somebody looked."""

    code, status, rank = "till_count_changed", 409, RANK_INSTRUCTION
    zh = "清点期间尾箱有现金收付，或已重新清点，请以最新情况为准。"
    en = "Cash moved while the till was counted, or it was counted again; look at it as it is now."


class SecondPersonRequired(Refusal):
    """NB-5.1.5: what needs two people was asked for by one."""

    code, status, rank = "second_person_required", 403, RANK_RIGHT
    zh = "该业务须由另一名柜员复核授权，经办与复核不能为同一人。"
    en = "This needs a second member of staff; maker and checker are two people."


class DocumentNotShown(Refusal):
    code, status, rank = "document_not_shown", 422, RANK_FACTOR
    zh = "该业务须核对客户本人有效身份证件，证件与留存信息不符或未提供，请核对后重新办理。"
    en = "This takes the customer's own identity document: none was shown, or not the one on record; check it."


class ReferenceMalformed(Refusal):
    code, status, rank = "reference_malformed", 400, RANK_MALFORMED
    zh = "业务参考号须为 8 至 64 位可见 ASCII 字符。"
    en = "A reference is 8 to 64 visible ASCII characters."


class CourtDocumentMalformed(Refusal):
    code, status, rank = "court_document_malformed", 400, RANK_MALFORMED
    zh = "法律文书要素不全：须有文号、机关名称和两名执行人员的证件号。"
    en = "A document of an authority has a number, the authority's name, and the numbers of two different officers."


class CourtTermInvalid(Refusal):
    code, status, rank = "court_term_invalid", 422, RANK_MALFORMED
    zh = "冻结期限无效：止期须在今日之后、不超过规定的最长期限，续冻须晚于原止期。"
    en = "The last date is not valid: today or later, within the longest term, and later than before when renewed."


class CourtPeriodInvalid(Refusal):
    code, status, rank = "court_period_invalid", 422, RANK_MALFORMED
    zh = "查询期间无效：起止日期有误、超过一年，或明细过多，请分段查询。"
    en = "The period is not valid: not two dates in order within a year, or too many lines; ask in parts."


class CourtOrderEnded(Refusal):
    code, status, rank = "court_order_ended", 409, RANK_INSTRUCTION
    zh = "该冻结当前状态（{state}）不能续冻或解除。"
    en = "The order can no longer be renewed or lifted in its state ({state})."


class TooManyCourtOrders(Refusal):
    code, status, rank = "too_many_court_orders", 409, RANK_PAYER
    zh = "该账户在冻结和轮候冻结已达 {most} 笔。"
    en = "The account has {most} orders in force and waiting, which is the most."


class AccountNotFreezable(Refusal):
    code, status, rank = "account_not_freezable", 409, RANK_PAYER
    zh = "该账户已销户，不能冻结。"
    en = "The account is closed and cannot be frozen."


class CourtAmountExceeded(Refusal):
    code, status, rank = "court_amount_exceeded", 422, RANK_FUNDS
    zh = "扣划金额超过该笔冻结所冻结的金额 {held} 元，请核对法律文书。"
    en = "More than the order holds, {held}; compare it with the document."


class CashCorrectionRefused(Refusal):
    """Notes that changed hands are corrected on the day, by whose till it is."""

    code, status, rank = "cash_correction_refused", 409, RANK_INSTRUCTION
    zh = "该凭证不能冲账：{reason}。"
    en = "This voucher cannot be corrected: {reason}."
