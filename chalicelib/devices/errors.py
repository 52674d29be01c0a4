"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_SESSION, Refusal


class DeviceProofRefused(Refusal):
    """The key or signature is not valid, was used before, or was made too long ago or in the future."""

    code, status, rank = "device_proof_refused", 422, RANK_SESSION
    zh = "设备签名无效、已使用过，或设备时间不准，请校准时间后重试。"
    en = "The device's signature is not valid, was used before, or its clock is wrong; set the clock and try again."


class DeviceRequired(Refusal):
    """OWASP ASVS 6.3.3, where the bank asks for it: the same for every name and password, as none was looked at."""

    code, status, rank = "device_required", 403, RANK_SESSION
    zh = "本行要求在已绑定的设备上登录，请使用手机银行客户端登录；首次登录时凭短信验证码绑定设备。"
    en = "Log in on a device of your own, by the bank's app; the first log-in binds it with a code by SMS."


class DeviceRevoked(Refusal):
    """XJ-4.2: a key that was revoked or reported lost is never bound again."""

    code, status, rank = "device_revoked", 403, RANK_SESSION
    zh = "该设备已解绑或挂失，如需继续使用请生成新的设备密钥后重新绑定。"
    en = "This device was revoked or reported lost; to use it again make a new device key and bind it."


class DeviceLimitReached(Refusal):
    code, status, rank = "device_limit_reached", 422, RANK_SESSION
    zh = "绑定设备已达 {limit} 台，请先解绑不用的设备。"
    en = "You have {limit} devices bound; revoke one that you no longer use first."
