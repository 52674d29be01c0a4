"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_MALFORMED, RANK_RIGHT, RANK_SESSION, Refusal


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
    zh = "登录名或密码不正确，或登录已被暂时锁定。如忘记密码，可申请重置，或到网点办理。"
    en = "The name or password is wrong, or log-in is locked for now. A password can be reset; a branch can help."


class CaptchaRequired(Refusal):
    """XJ-4.2-pw: after some wrong tries, whether or not anybody has the name; no try was taken."""

    code, status, rank = "captcha_required", 403, RANK_SESSION
    zh = "请先完成图形验证码（POST /v1/captchas），再登录；每个验证码只能使用一次。"
    en = "Solve a captcha first (POST /v1/captchas), then log in; each captcha is good once."


class OldPasswordWrong(Refusal):
    code, status, rank = "old_password_wrong", 422, RANK_FACTOR
    zh = "原密码不正确，或输错次数过多已被暂时锁定。"
    en = "The old password is wrong, or too many wrong ones have locked it for now."


class PasswordUnchanged(Refusal):
    code, status, rank = "password_unchanged", 422, RANK_FACTOR
    zh = "新密码不能与原密码相同。"
    en = "The new password must differ from the old one."


class PasswordTooShort(Refusal):
    code, status, rank = "password_too_short", 422, RANK_FACTOR
    zh = "密码至少 {min_length} 个字符。"
    en = "A password has at least {min_length} characters."


class PasswordPersonal(Refusal):
    """NB-5.3.2: what others know of the customer is the first that they try."""

    code, status, rank = "password_personal", 422, RANK_FACTOR
    zh = "密码不能包含生日、手机号、证件号、登录名或账号。"
    en = "A password must not contain a birthday, phone, identity or account number, or the login name."


class PasswordPattern(Refusal):
    code, status, rank = "password_pattern", 422, RANK_FACTOR
    zh = "密码过于简单：不能是连续、重复、键盘相邻的字符或日期。"
    en = "The password is too simple: no runs, repeats, keyboard rows or dates."


class PasswordCommon(Refusal):
    code, status, rank = "password_common", 422, RANK_FACTOR
    zh = "密码过于常见或过于接近常用词，容易被猜中，请更换。"
    en = "The password is among the common ones or close to a word, and easily guessed; choose another."


class LoginNameMalformed(Refusal):
    code, status, rank = "login_name_malformed", 422, RANK_MALFORMED
    zh = "登录名须为 4 至 32 个小写字母、数字、点、下划线，以字母开头。"
    en = "A login name is 4 to 32 of a-z, 0-9, dot and underscore, a letter first."


class LoginNameTaken(Refusal):
    code, status, rank = "login_name_taken", 409, RANK_FACTOR
    zh = "该登录名已被使用，请更换。"
    en = "The login name is taken; choose another."


class ApplicationsExhausted(Refusal):
    """Each application sends a code and gives tries at it."""

    code, status, rank = "applications_exhausted", 429, RANK_FACTOR
    zh = "该客户今日申请或重置查询密码的次数已达上限，请明日再办理。"
    en = "The customer has applied for the query password too often today; come again tomorrow."


class NotSignedUp(Refusal):
    code, status, rank = "not_signed_up", 409, RANK_RIGHT
    zh = "该客户未签约网上银行或已注销，没有查询密码可重置；请先办理签约。"
    en = "The customer has no online banking, and no query password to reset; sign up first."


class ApplicationRefused(Refusal):
    """NB-5.3.2: unknown, untrue, late, used, wrong code and too many tries are one answer."""

    code, status, rank = "application_refused", 422, RANK_FACTOR
    zh = "申请未通过：信息或验证码不正确、已过期或已使用。请核对后重新申请，或到网点办理。"
    en = "The application was refused: data or code wrong, too late, or used. Apply again, or visit a branch."


class PaymentPasswordWrong(Refusal):
    """NB-5.3.3-epay: wrong, locked and not set are one answer."""

    code, status, rank = "payment_password_wrong", 422, RANK_FACTOR
    zh = "电子支付密码不正确、未设置，或输错次数过多已被暂时锁定。"
    en = "The payment password is wrong, not set, or locked for now after too many wrong ones."


class WithdrawalPasswordWrong(Refusal):
    code, status, rank = "withdrawal_password_wrong", 422, RANK_FACTOR
    zh = "取款密码不正确，或输错次数过多已被暂时锁定。"
    en = "The withdrawal password is wrong, or locked for now after too many wrong ones."


class WithdrawalPasswordMissing(Refusal):
    code, status, rank = "withdrawal_password_missing", 422, RANK_FACTOR
    zh = "该账户尚未设置取款密码，请先由户主在柜面设置。"
    en = "The account has no withdrawal password; its holder sets one at the counter first."


class RefreshRefused(Refusal):
    code, status, rank = "refresh_refused", 401, RANK_SESSION
    zh = "续期失败，请重新登录。"
    en = "The session could not be renewed; please log in again."
