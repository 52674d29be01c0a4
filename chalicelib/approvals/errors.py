"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_MALFORMED, RANK_RIGHT, Refusal


class ApprovalRefusal(Refusal):
    """A refusal of the approval itself, not of what it would do: the request stays what it was."""


class ApprovalNotOpen(ApprovalRefusal):
    code, status, rank = "approval_not_open", 409, RANK_INSTRUCTION
    zh = "该申请当前状态（{state}）不能再处理。"
    en = "The request can no longer be decided on in its state ({state})."


class ApprovalAtCounter(Refusal):
    """The counter's own routes look at the customer's document before they ask for it."""

    code, status, rank = "approval_at_counter", 422, RANK_RIGHT
    zh = "该业务须由柜员核验客户证件后在柜面受理，不能直接提交复核申请。"
    en = "A teller asks for this at the counter once the customer's document was shown; it is not asked for directly."


class ApprovalExpired(ApprovalRefusal):
    code, status, rank = "approval_expired", 409, RANK_INSTRUCTION
    zh = "该申请已过有效期，请重新申请。"
    en = "The request has expired; make a new one."


class ApprovalNotExpired(ApprovalRefusal):
    code, status, rank = "approval_not_expired", 409, RANK_INSTRUCTION
    zh = "该申请尚在有效期内。"
    en = "The request has not expired yet."


class ApprovalDigestMismatch(ApprovalRefusal):
    code, status, rank = "approval_digest_mismatch", 409, RANK_INSTRUCTION
    zh = "所确认的内容与申请不一致，请重新查看后再审批。"
    en = "What you confirm is not what was requested; look at the request again."


class ApprovalAltered(ApprovalRefusal):
    """The stored request is not what its digest was made of: somebody changed it past the bank's own code."""

    code, status, rank = "approval_altered", 409, RANK_INSTRUCTION
    zh = "该申请的内容已被改动，不能执行，请立即报告。"
    en = "The stored request was altered and cannot be executed; report it at once."


class MakerIsChecker(ApprovalRefusal):
    """NB-5.1.5: nobody decides on their own request."""

    code, status, rank = "maker_is_checker", 403, RANK_RIGHT
    zh = "经办与复核不能是同一人。"
    en = "Nobody decides on their own request; another person must."


class MakerOnly(ApprovalRefusal):
    code, status, rank = "maker_only", 403, RANK_RIGHT
    zh = "只有经办人本人可以撤回申请。"
    en = "Only who made the request may withdraw it."


class ApprovalOutdated(Refusal):
    """What the request was made on has changed since; the request has failed for good."""

    code, status, rank = "approval_outdated", 409, RANK_INSTRUCTION
    zh = "申请提交后情况已变（{changed}），该申请已失效，请按最新情况重新申请。"
    en = "Things have changed since the request was made ({changed}); it has failed, make a new one."


class ApprovalFailed(Refusal):
    """What was approved could not be done; nothing was done, and the request has failed for good."""

    code, status, rank = "approval_failed", 409, RANK_INSTRUCTION
    zh = "该申请不能执行（{cause}），未做任何变更，申请已失效。"
    en = "The request could not be carried out ({cause}); nothing was done, and it has failed."


class ApprovalChangesNothing(Refusal):
    code, status, rank = "approval_changes_nothing", 422, RANK_MALFORMED
    zh = "申请内容与现状相同，无需变更。"
    en = "Things are already as the request wants them; there is nothing to change."
