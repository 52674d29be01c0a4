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
    zh = "大额取款须核对存款人有效身份证件，证件与留存信息不符或未提供。"
    en = "A large withdrawal needs the holder's identity document; none was shown, or it is not the one on record."


class ReferenceMalformed(Refusal):
    code, status, rank = "reference_malformed", 400, RANK_MALFORMED
    zh = "业务参考号须为 8 至 64 位可见 ASCII 字符。"
    en = "A reference is 8 to 64 visible ASCII characters."
