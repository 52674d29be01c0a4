"""Refusals of this context."""

from __future__ import annotations

from chalicelib.platform.errors import RANK_RIGHT, Refusal


class EditionNotEntitled(Refusal):
    """NB-5.4.1-express: an express session never transfers."""

    code, status, rank = "edition_not_entitled", 403, RANK_RIGHT
    zh = "当前版本不支持此业务，请到网点开通专业版。"
    en = "Your edition does not include this; a branch can upgrade you to the professional edition."
