"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_FACTOR, RANK_MALFORMED, RANK_RIGHT, RANK_SESSION, Refusal


class StaffNotEntitled(Refusal):
    code, status, rank = "staff_not_entitled", 403, RANK_RIGHT
    zh = "该柜员无权为此机构办理此业务。"
    en = "This member of staff may not do this for that branch."


class StaffLoginRefused(Refusal):
    """NB-5.2.4: unknown, wrong password or code, a code used before, locked, suspended: one answer."""

    code, status, rank = "staff_login_refused", 401, RANK_SESSION
    zh = "员工号、密码或动态口令不正确，或已被锁定、停用。请联系管理员。"
    en = "Staff number, password or token code is wrong, or the log-in is locked or suspended. See an administrator."


class StaffPermissionDenied(Refusal):
    """NB-5.2.3: the caller's role, posts and level do not hold the function."""

    code, status, rank = "staff_permission_denied", 403, RANK_RIGHT
    zh = "您的角色和岗位没有此项功能。"
    en = "Your role and post do not have this function."


class StaffPasswordExpired(Refusal):
    """NB-5.2.4: nothing but a new password is open."""

    code, status, rank = "staff_password_expired", 403, RANK_SESSION
    zh = "密码已到期或须首次修改，请先修改密码（PUT /v1/staff/password），再重新登录。"
    en = "The password has expired or must be changed first: PUT /v1/staff/password, then log in again."


class StaffPasswordReused(Refusal):
    code, status, rank = "staff_password_reused", 422, RANK_FACTOR
    zh = "新密码不能与当前密码或最近使用过的密码相同。"
    en = "The new password must differ from the present one and from those used lately."


class AppointmentRefused(Refusal):
    """NB-5.2.3, NB-5.2.4: a number, seat or organisation that does not fit."""

    code, status, rank = "appointment_refused", 422, RANK_RIGHT
    zh = "不能这样任命：{reason}。"
    en = "No such appointment: {reason}."


class StaffNumberTaken(Refusal):
    code, status, rank = "staff_number_taken", 409, RANK_RIGHT
    zh = "该员工号已被使用；员工号不重复使用。"
    en = "The staff number is taken; a number is never given again."


class StaffPersonTaken(Refusal):
    """NB-5.2.4: one number per person."""

    code, status, rank = "staff_person_taken", 409, RANK_RIGHT
    zh = "此人已有在用的员工号；一人只能有一个员工号。"
    en = "This person has a staff number; there is one per person."


class StaffFounded(Refusal):
    code, status, rank = "staff_founded", 409, RANK_RIGHT
    zh = "本行已设立过最初的系统管理员。"
    en = "The first system administrators of this bank have been appointed before."


class StaffStateUnfit(Refusal):
    code, status, rank = "staff_state_unfit", 409, RANK_RIGHT
    zh = "该员工当前状态（{state}）不能办理此项。"
    en = "The member of staff is in a state ({state}) that does not allow this."


class CredentialsNotDue(Refusal):
    """NB-5.2.4: granted by two people, handed over once, to who asked."""

    code, status, rank = "credentials_not_due", 409, RANK_RIGHT
    zh = "没有可由您领取的初始密码或令牌：未经复核、已领取、已过期，或由他人申请。请重新申请。"
    en = "No first password or token is due to you: not approved, taken, too late, or asked for by another. Ask anew."


class AppointmentUnchecked(Refusal):
    code, status, rank = "appointment_unchecked", 422, RANK_MALFORMED
    zh = "任命须从“任命员工”提交，由系统核对证件。"
    en = "An appointment is asked for at POST /v1/staff/members, where the person's document is checked."


class FunctionNotSwitchable(Refusal):
    """NB-5.2.3: the bank's standard does not admit it for the role, or it is never switched."""

    code, status, rank = "function_not_switchable", 422, RANK_RIGHT
    zh = "该角色不能设置此项功能。"
    en = "This function cannot be switched for this role."


class EmergencyUnreviewed(Refusal):
    code, status, rank = "emergency_unreviewed", 409, RANK_RIGHT
    zh = "您的上一次应急权限尚未经他人审查，不能再次开启。"
    en = "Your last emergency case has not been reviewed by another person yet."


class EmergencyFunctionRefused(Refusal):
    code, status, rank = "emergency_function_refused", 422, RANK_RIGHT
    zh = "此项功能不能作为应急权限，或您已具有。"
    en = "This function cannot be taken in an emergency, or you hold it already."


class EmergencyOwn(Refusal):
    """NB-5.1.5: nobody reviews their own emergency."""

    code, status, rank = "emergency_own", 403, RANK_RIGHT
    zh = "应急记录须由他人审查。"
    en = "An emergency case is reviewed by another person."


class EmergencyReviewed(Refusal):
    code, status, rank = "emergency_reviewed", 409, RANK_RIGHT
    zh = "该应急记录已经审查。"
    en = "The emergency case has been reviewed."


class PurposeRequired(Refusal):
    """NB-4-audit: nobody looks at a customer's data without saying why."""

    code, status, rank = "purpose_required", 400, RANK_MALFORMED
    zh = "查询客户信息须在请求头 Purpose 中注明用途：2 至 100 个字，按 UTF-8 百分号编码。"
    en = "To see a customer's data state why in the header Purpose: 2 to 100 characters, percent-encoded UTF-8."
