"""Each refusal as the edge would answer it, for the contract's examples."""

from __future__ import annotations

import string
from typing import Any

from chalicelib.platform.errors import MalformedRequest, Refusal
from chalicelib.platform.problems import PROBLEM_TYPE, problem_of

_CORRELATION_ID = "3f6c1c1e-7a54-4b1e-9d0b-0d1f0c5e2a11"
# What the sentences of refusals are filled with.
_FACTS = {
    "address": "https://bank.example/app",
    "amount": "88.00",
    "bounds": "72..720",
    "cause": "insufficient_funds",
    "ceiling": "50000.00",
    "changed": "value",
    "channel": "email",
    "count": "3",
    "date": "20261121",
    "day": "2027-10-01",
    "days": "30",
    "earlier": "1",
    "earliest": "2026-11-21 16:30:30",
    "edition": "express",
    "factor": "certificate",
    "factors": "phone,cloud,usb_key",
    "formats": "jws, pdf",
    "held": "300.00",
    "latest": "2027-11-22 16:30:00",
    "lead_h": "72",
    "known": "{code} {contact}",
    "limit": "50000.00",
    "line": "3",
    "longest": "300",
    "placeholder": "{code}",
    "max_bytes": "16384",
    "max_hours": "24",
    "method": "sms",
    "minimum": "3.2.0",
    "name": "notice.lead_h",
    "opens": "2028-08-30 00:00:00",
    "min_length": "8",
    "reason": "登录名已被使用 / the login name is taken",
    "remaining": "1200.00",
    "most": "50",
    "seconds": "42",
    "serial": "T00000042",
    "state": "closed",
    "today": "20261121",
    "tries_left": "4",
    "until": "2026-12-01 04:00:00",
    "wanted": "open",
    "yours": "phone",
}
# Where a word means something else in one refusal, and what its facts have beside its sentence's.
_OWN_FACTS: dict[str, dict[str, str]] = {
    "daily_count_exceeded": {"limit": "20"},
    "device_limit_reached": {"limit": "5"},
    "step_up_required": {
        "step_up": "mzxw6ytboi2dkmrrgu4q",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "valid_until": "2026-11-21T08:35:00.000Z",
        "factors": "sms,token",
    },
    "under_maintenance": {
        "notice": "k2vq5n7rjw3xg6ub4dtyhzaemc",
        "scope": "transfers",
        "ends_at": "2026-11-30T20:00:00.000Z",
        "title_zh": "系统升级",
        "title_en": "Upgrade",
        "way_out_zh": "请在营业时间到本行任一网点办理。",
        "way_out_en": "Visit any of our branches.",
        "contact_zh": "联系我行",
        "contact_en": "contact the bank",
        "working_hours": "09:00-17:00",
    },
}


def problem(code: str, status: int, sentence: str) -> dict[str, Any]:
    """What the gateway answers by itself."""
    kind, title = PROBLEM_TYPE + code, code.replace("_", " ")
    return {
        "type": kind,
        "title": title,
        "status": status,
        "detail": sentence,
        "code": code,
        "correlation_id": _CORRELATION_ID,
    }


def example_of(refusal: type[Refusal]) -> dict[str, Any]:
    """An Example Object: what a customer would be told in Chinese, and in its summary in English."""
    own = _OWN_FACTS.get(refusal.code, {})
    facts = {name: _FACTS[name] for _, name, _, _ in string.Formatter().parse(refusal.zh + refusal.en) if name} | own
    one = refusal(**facts) if facts else refusal()
    if isinstance(one, MalformedRequest):
        one.errors = [{"field": "amount", "code": "missing"}]
    return {"summary": one.text("en"), "value": problem_of(one, "zh", _CORRELATION_ID)}
