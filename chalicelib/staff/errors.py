"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_RIGHT, Refusal


class StaffNotEntitled(Refusal):
    code, status, rank = "staff_not_entitled", 403, RANK_RIGHT
    zh = "该柜员无权为此机构办理此业务。"
    en = "This member of staff may not do this for that branch."
