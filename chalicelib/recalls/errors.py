"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, Refusal


class RecallNotOpen(Refusal):
    """A step that the recall's state machine does not have."""

    code, status, rank = "recall_not_open", 409, RANK_INSTRUCTION
    zh = "该退回请求当前状态（{state}）不能进行此操作。"
    en = "The recall request does not take this step in its state ({state})."


class RecallNotPossible(Refusal):
    code, status, rank = "recall_not_possible", 422, RANK_INSTRUCTION
    zh = "只有已入账、转给本行其他客户且未被冲正或退回的转账可以请求退回；其他情况请联系网点。"
    en = (
        "Only a posted transfer to another customer of this bank that was neither reversed nor is a return itself "
        "can be asked back; for anything else contact a branch."
    )


class RecallTooLate(Refusal):
    code, status, rank = "recall_too_late", 422, RANK_INSTRUCTION
    zh = "转账已超过 {days} 天，不能再请求退回，请联系网点。"
    en = "The transfer is more than {days} days old and can no longer be asked back; please contact a branch."


class RecallKnown(Refusal):
    """A transfer is asked back once: another reason does not ask anew."""

    code, status, rank = "recall_known", 409, RANK_INSTRUCTION
    zh = "该转账已请求过退回，每笔转账只能请求一次。"
    en = "This transfer was asked back before; each transfer can be asked back once."


class ReturnUnderWay(Refusal):
    """A return that was begun may still be executed: a second one beside it could return the money twice."""

    code, status, rank, retry_after_s = "return_under_way", 409, RANK_INSTRUCTION, 30
    zh = "上一笔退回转账可能仍在处理，请先用原方式确认该笔，或待其失效后稍等片刻重试。"
    en = "A return begun before may still be executed; confirm that one by its own factor, or try again after it ended."
