"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_PAYER, RANK_RIGHT, RANK_SESSION, RANK_SWITCH, Refusal


class SessionEnded(Refusal):
    code, status, rank = "session_ended", 401, RANK_SESSION
    zh = "登录已失效，请重新登录。"
    en = "The session has ended; please log in again."


class EditionNotEntitled(Refusal):
    """NB-5.4.1-express: an express session never transfers."""

    code, status, rank = "edition_not_entitled", 403, RANK_RIGHT
    zh = "当前版本不支持此业务，请到网点开通专业版。"
    en = "Your edition does not include this; a branch can upgrade you to the professional edition."


class CustomerNotActive(Refusal):
    code, status, rank = "customer_not_active", 422, RANK_PAYER
    zh = "您的网上银行当前不能办理此业务，请联系网点。"
    en = "Your online banking cannot do this at present; please contact a branch."


class TransfersSwitchedOff(Refusal):
    """XJ-4.4-switch."""

    code, status, rank = "transfers_switched_off", 422, RANK_SWITCH
    zh = "网上转账功能已关闭，请先开启。"
    en = "Online transfers are switched off; switch them on first."


class SignUpRefused(Refusal):
    code, status, rank = "sign_up_refused", 422, RANK_RIGHT
    zh = "签约未办理：{reason}。"
    en = "The sign-up was refused: {reason}."
