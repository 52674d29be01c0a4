"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import (
    RANK_FACTOR,
    RANK_INSTRUCTION,
    RANK_MALFORMED,
    RANK_PAYEE,
    RANK_PAYER,
    RANK_RIGHT,
    RANK_SESSION,
    RANK_SWITCH,
    Refusal,
)


class SessionEnded(Refusal):
    code, status, rank = "session_ended", 401, RANK_SESSION
    zh = "登录已失效，请重新登录。"
    en = "The session has ended; please log in again."


class CustomerNotActive(Refusal):
    code, status, rank = "customer_not_active", 422, RANK_PAYER
    zh = "您的网上银行当前不能办理此业务，请联系网点。"
    en = "Your online banking cannot do this at present; please contact a branch."


class TransfersSwitchedOff(Refusal):
    """XJ-4.4-switch."""

    code, status, rank = "transfers_switched_off", 422, RANK_SWITCH
    zh = "网上转账功能已关闭，请先开启。"
    en = "Online transfers are switched off; switch them on first."


class TransfersStopped(Refusal):
    """XJ-4.4-switch: why, the branch says; the reason is not told online."""

    code, status, rank = "transfers_stopped", 422, RANK_SWITCH
    zh = "本行已停用您的网上转账功能，请到网点办理。"
    en = "The bank has stopped your online transfers; a branch can help you."


class TransferStopUnchanged(Refusal):
    """XJ-4.4-switch."""

    code, status, rank = "transfer_stop_unchanged", 409, RANK_RIGHT
    zh = "该客户的网上转账已处于所申请的状态，或未开通网上银行。"
    en = "The customer's online transfers are so already, or there is no online banking."


class WrongPayeesExhausted(Refusal):
    """NB-5.1.4: what bounds guessing at whose account a number is."""

    code, status, rank = "wrong_payees_exhausted", 429, RANK_PAYEE
    zh = "今日填错收款账号或户名的次数过多，请明日再向他人转账，或到网点办理。"
    en = "Too many payees that do not match today; pay others again tomorrow, or at a branch."


class PhoneChanged(Refusal):
    """NB-5.3.7-2, NB-5.3.6: a code from before the reserved phone changed or was reported lost confirms nothing."""

    code, status, rank = "phone_changed", 409, RANK_INSTRUCTION
    zh = "预留手机号已变更或已挂失，此前的验证码已失效，请重新发起。"
    en = "The reserved phone has changed or was reported lost, and codes from before are void; please start anew."


class PhoneUnchanged(Refusal):
    code, status, rank = "phone_unchanged", 422, RANK_RIGHT
    zh = "新手机号与当前预留手机号相同。"
    en = "The new number is the reserved phone already."


class SignUpRefused(Refusal):
    code, status, rank = "sign_up_refused", 422, RANK_RIGHT
    zh = "签约未办理：{reason}。"
    en = "The sign-up was refused: {reason}."


class DocumentInvalid(Refusal):
    """GB 11643: a check digit, region or birth date that cannot be."""

    code, status, rank = "document_invalid", 422, RANK_MALFORMED
    zh = "证件类型、号码与出生日期不符合规则，请核对。"
    en = "The document's kind, number and birth date cannot belong together; please check."


class DocumentTaken(Refusal):
    """One person is one customer."""

    code, status, rank = "document_taken", 409, RANK_RIGHT
    zh = "该证件已登记为本行客户，请在原客户号下办理。"
    en = "This document already belongs to a customer of the bank; use that customer's number."


class PhoneNotReserved(Refusal):
    """XJ-4.2-phone."""

    code, status, rank = "phone_not_reserved", 422, RANK_RIGHT
    zh = "手机号与账户或银行卡预留的手机号不一致，请到网点办理。"
    en = "The phone is not the one reserved for the account or card; a branch can help you."


class NoSettlementAccount(Refusal):
    """XJ-3.3: customers are holders of a settlement account in good standing."""

    code, status, rank = "no_settlement_account", 422, RANK_RIGHT
    zh = "须持有状态正常的结算账户方可签约，仅有信用卡不可以。"
    en = "Signing up takes a settlement account in good standing; a credit card alone does not do."


class AccountNotInGoodStanding(Refusal):
    code, status, rank = "account_not_in_good_standing", 422, RANK_PAYER
    zh = "该账户或银行卡当前状态（{state}）不能签约或绑定，请联系网点。"
    en = "The account or card cannot be signed up or bound in its state ({state}); please contact a branch."


class TooManyAccounts(Refusal):
    code, status, rank = "too_many_accounts", 422, RANK_RIGHT
    zh = "账户数已达上限 {most} 个。"
    en = "There are {most} accounts already, which is the most."


class DocumentNotOnFile(Refusal):
    code, status, rank = "document_not_on_file", 422, RANK_RIGHT
    zh = "本行尚未留存您的身份证件，请携带证件到网点办理。"
    en = "The bank has no identity document of yours on file; please bring it to a branch."


class IdentityNotVerified(Refusal):
    """XJ-3.4. One answer, whether the name, the number or the provider's register does not fit."""

    code, status, rank = "identity_not_verified", 422, RANK_FACTOR
    zh = "实名认证未通过：姓名与证件号码不一致或无法核实。今日还可尝试 {tries_left} 次。"
    en = "The identity was not verified: name and number do not match. {tries_left} tries left today."


class IdentityTriesExhausted(Refusal):
    code, status, rank = "identity_tries_exhausted", 429, RANK_FACTOR
    zh = "今日实名认证次数已用完，请明日再试或到网点办理。"
    en = "No tries to verify your identity are left today; try tomorrow or visit a branch."


class IdentityUnverified(Refusal):
    """A face is compared once it is known whose it should be."""

    code, status, rank = "identity_unverified", 409, RANK_RIGHT
    zh = "请先以姓名和证件号码完成实名认证。"
    en = "Verify your identity by name and document number first."


class PictureUnfit(Refusal):
    code, status, rank = "picture_unfit", 400, RANK_MALFORMED
    zh = "照片无法使用：{reason}。"
    en = "The picture will not do: {reason}."


class DocumentUnreadable(Refusal):
    code, status, rank = "document_unreadable", 422, RANK_FACTOR
    zh = "无法识别证件照片，请重新拍摄。今日还可尝试 {tries_left} 次。"
    en = "The document could not be read; take another picture. {tries_left} tries left today."


class FaceNotMatched(Refusal):
    """One answer, whether the face or the document is another's."""

    code, status, rank = "face_not_matched", 422, RANK_FACTOR
    zh = "人脸与留存证件比对未通过。今日还可尝试 {tries_left} 次。"
    en = "The face does not match the document on file. {tries_left} tries left today."


class IdentityProviderUnavailable(Refusal):
    code, status, rank, retry_after_s = "identity_provider_unavailable", 503, RANK_FACTOR, 30
    zh = "实名认证服务暂不可用，请稍后重试。"
    en = "Identity verification is not available at present; please try again later."


class CardNumberInvalid(Refusal):
    """The check digit (Luhn) does not fit: nobody's card was looked for."""

    code, status, rank = "card_number_invalid", 422, RANK_MALFORMED
    zh = "卡号或账号有误，请核对。"
    en = "The card or account number is wrong; please check."


class ContractedAtCounter(Refusal):
    code, status, rank = "contracted_at_counter", 409, RANK_RIGHT
    zh = "该账户在网点签约，解除签约请到网点办理。"
    en = "This account was signed up at a branch; a branch can end that."


class EditionChangeRefused(Refusal):
    """NB-5.4.1-up."""

    code, status, rank = "edition_change_refused", 409, RANK_RIGHT
    zh = "客户当前状态（{state}）和版本（{edition}）不能办理此项变更。"
    en = "The change is not possible in the customer's state ({state}) and edition ({edition})."
