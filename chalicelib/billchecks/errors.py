"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_INSTRUCTION, RANK_PAYER, Refusal


class BillCheckOvertaken(Refusal):
    """Somebody changed the check since it was read: read and judge it again."""

    code, status, rank, retry_after_s = "bill_check_overtaken", 503, RANK_INSTRUCTION, 1
    zh = "该账单的对账状态刚刚发生变化，请刷新后重试。"
    en = "The check of this bill has just changed; please look again and retry."


class BillCheckAnswered(Refusal):
    """Answered otherwise before: the first answer stands."""

    code, status, rank = "bill_check_answered", 409, RANK_INSTRUCTION
    zh = "该账单已对账（{state}），不能更改；如有疑问请联系网点。"
    en = "This bill was answered before ({state}) and that stands; a branch helps with questions."


class BillBalanceDiffers(Refusal):
    """What the customer was shown is not what the bill says: nobody confirms that."""

    code, status, rank = "bill_balance_differs", 409, RANK_INSTRUCTION
    zh = "您确认的余额与账单期末余额不一致，请刷新账单后重新核对。"
    en = "The balance that you confirm is not the bill's closing balance; open the bill again and compare."


class BillLineUnknown(Refusal):
    code, status, rank = "bill_line_unknown", 422, RANK_INSTRUCTION
    zh = "账单中没有序号为 {line} 的明细，请核对后重试。"
    en = "The bill has no line {line}; please check the line numbers."


class BillAccountClosed(Refusal):
    code, status, rank = "bill_account_closed", 409, RANK_PAYER
    zh = "该账户已销户，不能在网上对账，请联系网点。"
    en = "The account is closed and its bills are no longer answered online; please contact a branch."


class DisputeStepRefused(Refusal):
    """A step that the ticket does not have as it stands."""

    code, status, rank = "dispute_step_refused", 409, RANK_INSTRUCTION
    zh = "该异议当前状态（{state}）不能进行此操作，请刷新后查看。"
    en = "The dispute does not take this step in its state ({state}); look at it again."


class DisputeOfAnother(Refusal):
    """Somebody else has it: who takes it over says from whom."""

    code, status, rank = "dispute_of_another", 409, RANK_INSTRUCTION
    zh = "该异议由其他员工处理；如需接手，请注明原处理人。"
    en = "Another member of staff handles this dispute; to take it over, state from whom."
