"""Refusals of this context."""

from __future__ import annotations

from chalicelib.customers import errors as customer_errors
from chalicelib.factors import errors as factor_errors
from chalicelib.ledger import errors as ledger_errors
from chalicelib.limits import errors as limit_errors
from chalicelib.platform.errors import (
    RANK_FACTOR,
    RANK_INSTRUCTION,
    RANK_MALFORMED,
    RANK_PAYEE,
    Refusal,
)


class TransferNotAwaiting(Refusal):
    code, status, rank = "transfer_not_awaiting", 409, RANK_INSTRUCTION
    zh = "该转账当前状态（{state}）不能确认。"
    en = "The transfer cannot be confirmed in its state ({state})."


class TransferExpired(Refusal):
    code, status, rank = "transfer_expired", 409, RANK_INSTRUCTION
    zh = "该转账已超过有效时限，未执行，请重新发起。"
    en = "The time of this transfer is over and it was not executed; please start anew."


class ValidUntilTooFar(Refusal):
    """A request may not wait longer than that in a phone: who sent it would no longer expect it."""

    code, status, rank = "valid_until_too_far", 400, RANK_MALFORMED
    zh = "valid_until 距现在不得超过 {max_hours} 小时。"
    en = "valid_until may be at most {max_hours} hours ahead."


class TransferTriesExhausted(Refusal):
    code, status, rank = "transfer_tries_exhausted", 409, RANK_INSTRUCTION
    zh = "验证码错误次数过多，该转账已作废，请重新发起。"
    en = "Too many wrong codes: this transfer can no longer be confirmed; please start anew."


class TransferAltered(Refusal):
    """XJ-4.2-wysiwys: what is executed is not, to the byte, what was confirmed."""

    code, status, rank = "transfer_altered", 409, RANK_INSTRUCTION
    zh = "转账内容与确认时不一致，已拒绝执行。"
    en = "The transfer differs from what was confirmed and is refused."


class SpeedNotOffered(Refusal):
    """PBoC notice 261 is about payments to others; between own accounts nobody needs time to think it over."""

    code, status, rank = "speed_not_offered", 422, RANK_PAYEE
    zh = "本人账户之间的转账均为实时到账。"
    en = "Transfers between own accounts always arrive at once."


class TransferNotPending(Refusal):
    """PBoC notice 261: a payer may revoke until the money arrives, and not from then on."""

    code, status, rank = "transfer_not_pending", 409, RANK_INSTRUCTION
    zh = "该转账当前状态（{state}）不能撤销。"
    en = "The transfer cannot be revoked in its state ({state})."


class SamePayerAndPayee(Refusal):
    code, status, rank = "same_payer_and_payee", 422, RANK_PAYEE
    zh = "付款账户与收款账户不能相同。"
    en = "Payer and payee must be different accounts."


class FactorDiffers(Refusal):
    """XJ-4.2-wysiwys: the instruction names the factor that confirms it."""

    code, status, rank = "factor_differs", 409, RANK_INSTRUCTION
    zh = "该转账应使用{factor}确认。"
    en = "This transfer is to be confirmed by {factor}."


class AlreadyGivenBack(Refusal):
    """NB-5.1.6: what a recall asks back goes back once, by a return or by a reversal."""

    code, status, rank = "already_given_back", 409, RANK_INSTRUCTION
    zh = "原转账已冲正或已退回，无需再次退回，资金未变动。"
    en = "The transfer was reversed or returned before; nothing is owed and no money has moved."


class FactorRequired(Refusal):
    """YQ-4.1.3: only transfers between own accounts need no factor."""

    code, status, rank = "factor_required", 422, RANK_FACTOR
    zh = "向他人转账须使用短信验证码、动态令牌或数字证书确认。"
    en = "A transfer to somebody else must be confirmed by SMS code, token or certificate."


# Whatever posting may be refused for is told at creation already.
POSTING_REFUSALS: tuple[type[Refusal], ...] = (
    customer_errors.SessionEnded,
    customer_errors.CustomerNotActive,
    customer_errors.TransfersStopped,
    customer_errors.TransfersSwitchedOff,
    customer_errors.PhoneChanged,
    ledger_errors.AccountQueryOnly,
    ledger_errors.AccountNotActive,
    ledger_errors.PayeeUnavailable,
    ledger_errors.InsufficientFunds,
    factor_errors.FactorNotActive,
    factor_errors.BoundDeviceRequired,
    factor_errors.CodeGuessesExhausted,
    factor_errors.FactorCeilingExceeded,
    limit_errors.SingleLimitExceeded,
    limit_errors.SmallAmountExceeded,
    limit_errors.NoFactorLimitExceeded,
    limit_errors.CustomerDayLimitExceeded,
    limit_errors.NoCertificateLimitExceeded,
    limit_errors.StrictDayLimitExceeded,
    limit_errors.StaticCodeLimitExceeded,
    limit_errors.AccountDayLimitExceeded,
    limit_errors.AccountMonthLimitExceeded,
    limit_errors.AccountYearLimitExceeded,
    limit_errors.AccountCountLimitExceeded,
)
