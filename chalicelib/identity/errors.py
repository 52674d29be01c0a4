"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_SESSION, Refusal


class NotLoggedIn(Refusal):
    code, status, rank = "not_logged_in", 401, RANK_SESSION
    zh = "请先登录。"
    en = "Please log in first."


class TokenExpired(Refusal):
    code, status, rank = "token_expired", 401, RANK_SESSION
    zh = "登录凭证已过期，请使用 refresh_token 续期或重新登录。"
    en = "The access token has expired; renew it with the refresh token or log in again."


class LoginRefused(Refusal):
    """NB-5.3.2: unknown name, wrong password and locked are one answer."""

    code, status, rank = "login_refused", 401, RANK_SESSION
    zh = "登录名或密码不正确，或登录已被暂时锁定。如忘记密码请联系网点。"
    en = "The name or password is wrong, or log-in is locked for now. A branch can help you."


class RefreshRefused(Refusal):
    code, status, rank = "refresh_refused", 401, RANK_SESSION
    zh = "续期失败，请重新登录。"
    en = "The session could not be renewed; please log in again."


class CodeWrong(Refusal):
    code, status, rank = "code_wrong", 422, RANK_FACTOR
    zh = "验证码不正确，还可尝试 {tries_left} 次。"
    en = "The code is wrong; {tries_left} tries left."
