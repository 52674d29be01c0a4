"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_MALFORMED, RANK_RIGHT, Refusal


class CodeWrong(Refusal):
    code, status, rank = "code_wrong", 422, RANK_FACTOR
    zh = "验证码不正确，还可尝试 {tries_left} 次。"
    en = "The code is wrong; {tries_left} tries left."


class SignatureWrong(Refusal):
    """NB-5.3.3-cert: the signature is not the registered certificate's over this very instruction."""

    code, status, rank = "signature_wrong", 422, RANK_FACTOR
    zh = "数字证书签名验证未通过，还可尝试 {tries_left} 次。"
    en = "The signature does not verify; {tries_left} tries left."


class PinWrong(Refusal):
    """A cloud certificate's PIN; the tries are the certificate's, over all that it is asked to sign."""

    code, status, rank = "pin_wrong", 422, RANK_FACTOR
    zh = "云证书 PIN 不正确，还可尝试 {tries_left} 次。"
    en = "The PIN of the cloud certificate is wrong; {tries_left} tries left."


class PinLocked(Refusal):
    code, status, rank = "pin_locked", 422, RANK_FACTOR
    zh = "云证书因 PIN 错误次数过多已锁定，请到网点办理。"
    en = "The cloud certificate is locked after too many wrong PINs; a branch helps."


class BoundDeviceRequired(Refusal):
    """A cloud certificate signs for its PIN and a bound device: what one knows, and what one has."""

    code, status, rank = "bound_device_required", 403, RANK_FACTOR
    zh = "云证书仅限在已绑定的设备上使用，请在该设备登录后再试，或使用其他认证方式。"
    en = "A cloud certificate signs on a bound device only: log in there, or use another factor."


class SignatureRequired(Refusal):
    """A PIN was given for a certificate whose key the customer has."""

    code, status, rank = "signature_required", 422, RANK_FACTOR
    zh = "该数字证书的私钥由您保管，须提交签名而非 PIN。"
    en = "You keep this certificate's key: give its signature, not a PIN."


class KeyCertifiedAlready(Refusal):
    """One key, one certificate: also not again for a customer whose certificate of it has ended."""

    code, status, rank = "key_certified_already", 409, RANK_RIGHT
    zh = "该公钥已签发过数字证书，请生成新的密钥对。"
    en = "This key has been certified before; make a new pair."


class FactorNotActive(Refusal):
    """NB-5.3.6: reported lost, revoked, expired, or never held."""

    code, status, rank = "factor_not_active", 422, RANK_FACTOR
    zh = "所选认证方式未开通、已挂失或已到期；当前可用：{factors}。"
    en = "You do not hold this factor, or it is lost, revoked or expired; you may use: {factors}."


class FactorCeilingExceeded(Refusal):
    """XJ-4.2-limit: `factors` would do (`branch`: none online does), `yours` of them the customer has already."""

    code, status, rank = "factor_ceiling_exceeded", 422, RANK_FACTOR
    zh = "{method}单笔最高 {ceiling} 元；该金额可使用：{factors}（您已开通：{yours}）。"
    en = "A transfer confirmed by {method} is at most {ceiling}; this amount takes: {factors} (you hold: {yours})."


class CodeGuessesExhausted(Refusal):
    code, status, rank = "code_guesses_exhausted", 422, RANK_FACTOR
    zh = "今日验证码错误次数过多，请明日再试或使用数字证书。"
    en = "Too many wrong codes today; try tomorrow, or use a certificate."


class CodesExhausted(Refusal):
    code, status, rank = "codes_exhausted", 422, RANK_FACTOR
    zh = "今日以验证码确认的转账发起次数已达上限，请明日再试或使用数字证书。"
    en = "No more transfers by code can be started today; try tomorrow, or use a certificate."


class TokenCodeUsed(Refusal):
    """NB-5.3.3-token: a code is for one use, also inside the minute in which it is shown."""

    code, status, rank = "token_code_used", 422, RANK_FACTOR
    zh = "该动态口令已使用，请等待令牌显示新的口令。"
    en = "This code has been used; wait for the token to show the next one."


class DownloadCodeVoid(Refusal):
    """NB-5.3.3-dl: late, tried too often, or replaced by a newer one."""

    code, status, rank = "download_code_void", 409, RANK_FACTOR
    zh = "下载码已失效，请到网点重新申请。"
    en = "The download code is void; apply for a new one at a branch."


class RenewalNotOpen(Refusal):
    """NB-5.3.4: a certificate is renewed online from one month before it ends."""

    code, status, rank = "renewal_not_open", 409, RANK_FACTOR
    zh = "数字证书可自 {opens} 起在线更新。"
    en = "The certificate can be renewed online from {opens} (Shanghai)."


class FactorStateUnfit(Refusal):
    code, status, rank = "factor_state_unfit", 409, RANK_RIGHT
    zh = "该认证工具当前状态（{state}）不能办理此操作。"
    en = "The factor's state ({state}) does not allow this."


class FactorHeldAlready(Refusal):
    code, status, rank = "factor_held_already", 409, RANK_RIGHT
    zh = "该客户已持有同类认证工具，请先注销原有的。"
    en = "The customer holds a factor of this kind already; revoke it first."


class FactorMalformed(Refusal):
    code, status, rank = "factor_malformed", 400, RANK_MALFORMED
    zh = "认证工具资料无效：{reason}。"
    en = "The factor's data is not valid: {reason}."
