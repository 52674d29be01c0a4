"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_PAYEE, Refusal


class PayCodeUnknown(Refusal):
    """One answer for what never was a code, and for one that was deleted long ago."""

    code, status, rank = "receive_code_unknown", 404, RANK_PAYEE
    zh = "收款码无效，请收款人重新出示。"
    en = "This receive code is not valid; please ask the payee to show another."


class PayCodeExpired(Refusal):
    code, status, rank = "receive_code_expired", 422, RANK_PAYEE
    zh = "收款码已过期，请收款人刷新后重新扫码。"
    en = "This receive code has expired; please ask the payee to refresh it and scan again."


class PayCodeUsed(Refusal):
    """A code for one payment was paid by somebody, maybe in this very moment."""

    code, status, rank = "receive_code_used", 409, RANK_PAYEE
    zh = "该收款码已完成收款，资金未再次转出；如需再付，请收款人重新出示。"
    en = "This receive code has been paid and no more money has moved; to pay again ask the payee for another."


class PayCodeWithdrawn(Refusal):
    code, status, rank = "receive_code_withdrawn", 422, RANK_PAYEE
    zh = "收款人已停用该收款码，请收款人重新出示。"
    en = "The payee has withdrawn this receive code; please ask for another."


class PayCodeIsOwn(Refusal):
    code, status, rank = "receive_code_is_own", 422, RANK_PAYEE
    zh = "不能扫本人的收款码付款；本人账户之间请直接转账。"
    en = "This is a receive code of your own; transfer between your own accounts directly."


class PayCodeAmountDiffers(Refusal):
    code, status, rank = "receive_code_amount_differs", 422, RANK_PAYEE
    zh = "收款人要求的金额为 {amount} 元，请按此金额付款。"
    en = "The payee asks for {amount} yuan; please pay just that."


class PayCodeAmountMissing(Refusal):
    code, status, rank = "receive_code_amount_missing", 422, RANK_PAYEE
    zh = "该收款码未设金额，请输入付款金额。"
    en = "This receive code states no amount; please enter one."


class AccountCannotReceive(Refusal):
    code, status, rank = "account_cannot_receive", 422, RANK_PAYEE
    zh = "该账户当前状态（{state}）不能收款，请更换账户或联系网点。"
    en = "The account cannot receive in its state ({state}); choose another or contact a branch."
