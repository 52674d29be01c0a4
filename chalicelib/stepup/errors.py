"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_INSTRUCTION, Refusal


class StepUpRequired(Refusal):
    """Facts: `step_up` (the challenge's id), `digest`, `valid_until`, `factors` (those that would do, by comma)."""

    code, status, rank = "step_up_required", 403, RANK_FACTOR
    zh = "此操作须先确认身份：请完成确认后，携带 Step-Up 请求头原样重发本请求。"
    en = "This must be confirmed first: confirm it, then send this very request again with the header Step-Up."


class StrongFactorRequired(Refusal):
    """XJ-5.3-limit, NB-5.3.7-2: the customer holds no factor that is strong enough; a branch can do it."""

    code, status, rank = "strong_factor_required", 403, RANK_FACTOR
    zh = "此操作须使用 {factors} 确认，您尚未开通，请到网点办理。"
    en = "This needs one of: {factors}. You hold none of them; please visit a branch."


class StepUpLimitReached(Refusal):
    code, status, rank = "step_up_limit_reached", 429, RANK_FACTOR
    zh = "今日身份确认次数过多，请明日再试或到网点办理。"
    en = "Too many confirmations were asked for today; try tomorrow or visit a branch."


class StepUpNotAwaiting(Refusal):
    code, status, rank = "step_up_not_awaiting", 409, RANK_INSTRUCTION
    zh = "该确认当前状态（{state}）不能再确认。"
    en = "This cannot be confirmed in its state ({state})."


class StepUpExpired(Refusal):
    code, status, rank = "step_up_expired", 409, RANK_INSTRUCTION
    zh = "确认时限已过，请重新提交该操作。"
    en = "The time to confirm is over; please ask for the operation again."


class StepUpTriesExhausted(Refusal):
    code, status, rank = "step_up_tries_exhausted", 409, RANK_INSTRUCTION
    zh = "错误次数过多，该确认已作废，请重新提交该操作。"
    en = "Too many wrong tries: this is void; please ask for the operation again."


class StepUpAltered(Refusal):
    """XJ-4.2-wysiwys: what is stored is not, to the byte, what the code was made for."""

    code, status, rank = "step_up_altered", 409, RANK_INSTRUCTION
    zh = "确认内容与提交时不一致，已拒绝执行。"
    en = "What is to be confirmed differs from what was asked for and is refused."


class FactorNotAccepted(Refusal):
    code, status, rank = "factor_not_accepted", 422, RANK_FACTOR
    zh = "此操作不接受该确认方式，可用：{factors}。"
    en = "This factor does not do for the operation; these would: {factors}."


class CodeTooSoon(Refusal):
    """`seconds`: how long to wait before a code can be sent again."""

    code, status, rank = "code_too_soon", 429, RANK_FACTOR
    zh = "验证码已发送，请 {seconds} 秒后再试。"
    en = "A code was just sent; try again in {seconds} seconds."


class CodeSendsExhausted(Refusal):
    code, status, rank = "code_sends_exhausted", 409, RANK_FACTOR
    zh = "验证码发送次数已达上限，请重新提交该操作。"
    en = "The code was sent as often as it may be; please ask for the operation anew."
