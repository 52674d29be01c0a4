"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_MALFORMED, RANK_PAYEE, Refusal


class BatchTooLong(Refusal):
    code, status, rank = "batch_too_long", 400, RANK_MALFORMED
    zh = "一次批量转账最多 {most} 笔，请分批办理。"
    en = "A batch has at most {most} payments; please make several of it."


class BatchLinesRepeat(Refusal):
    """The same payment twice is a slip more often than a wish; what is meant twice differs in its purpose."""

    code, status, rank = "batch_lines_repeat", 400, RANK_MALFORMED
    zh = "第 {line} 笔与第 {earlier} 笔的收款账户、金额和附言完全相同；如确需重复付款，请填写不同的附言。"
    en = (
        "Payment {line} has the payee, amount and purpose of payment {earlier}; if both are meant, give them "
        "different purposes."
    )


class BatchLineRefused(Refusal):
    """One payment could not be made by itself; nothing of the batch was stored. The fact `reason` is the code of what
    refuses it, and its sentence follows.
    """

    code, status, rank = "batch_line_refused", 422, RANK_PAYEE
    zh = "第 {line} 笔不能转账。"
    en = "Payment {line} cannot be made."

    def __init__(self, because: Refusal | None = None, **facts: str) -> None:
        super().__init__(**facts)
        self._because = because

    def text(self, language: str) -> str:
        """The sentence, and that of what refuses the payment."""
        own, because = super().text(language), self._because
        if because is None:
            return own
        return f"{own} {because.text(language)}" if language == "en" else own + because.text(language)


class BatchCeilingExceeded(Refusal):
    """XJ-4.2-limit: one confirmation is held to its factor's ceiling, however many payments it is for."""

    code, status, rank = "batch_ceiling_exceeded", 422, RANK_FACTOR
    zh = (
        "本批向他人转账合计 {amount} 元，超过{method}的单笔上限 {ceiling} 元；"
        "请分批办理，或使用：{factors}（您已开通：{yours}）。"
    )
    en = (
        "The batch pays {amount} to others, and what is confirmed by {method} is at most {ceiling}: please make "
        "several of it, or use: {factors} (you hold: {yours})."
    )


class BatchLineEnded(Refusal):
    """Another worker was quicker. No caller sees this."""

    code, status = "batch_line_ended", 409
    zh = "该笔已处理。"
    en = "The payment has been dealt with."


class BatchFactorLost(Refusal):
    """NB-5.3.6: what a lost factor confirmed is not executed from the report on."""

    code, status, rank = "batch_factor_lost", 422, RANK_FACTOR
    zh = (
        "确认该批转账所用的认证工具已挂失或锁定，未执行的各笔不再执行；"
        "请使用其他认证工具重新发起。如非本人操作，请立即联系本行。"
    )
    en = (
        "The factor that confirmed the batch was reported lost or is locked; payments not made yet are not made. "
        "Please start anew with another factor; if it was not you, contact the bank at once."
    )
