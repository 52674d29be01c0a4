"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_SESSION, Refusal


class AppOutdated(Refusal):
    """Told before anybody is asked who they are. 403 and not 426: that one asks for another protocol, which it has to
    name in a header that HTTP/2 does not carry (RFC 9110 section 15.5.22).
    """

    code, status, rank = "app_outdated", 403, RANK_SESSION
    zh = "您的手机银行版本（{yours}）过低，请到 {address} 更新到 {minimum} 或以上版本。"
    en = "This version of the app ({yours}) is too old; from {address} update to {minimum} or later."
