"""Give out a captcha for a log-in name, and check one (XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Any

from chalicelib.identity import attempts_store, providers
from chalicelib.identity.domain import normal_name
from chalicelib.parameters import service as parameters
from chalicelib.platform import ids, keyed


@dataclass(frozen=True, slots=True)
class Captcha:
    """Two ways to show that a person, or a device that took its time, is there; either will do."""

    captcha_id: str
    image_png: str
    work: dict[str, Any]
    valid_s: int


@dataclass(frozen=True, slots=True)
class CaptchaAnswer:
    """What was read from the picture, or ALTCHA's payload; one of the two."""

    captcha_id: str
    text: str | None = None
    proof: str | None = None


def give(login_name: str, now: dt.datetime) -> Captcha:
    """A captcha for one log-in with that name, whether or not anybody has the name."""
    captcha_id = ids.random_id()
    valid_s = parameters.value(parameters.CAPTCHA_VALID_S, now)
    attempts_store.put_captcha(captcha_id, _name_hash(login_name), int(now.timestamp()) + valid_s)
    return Captcha(captcha_id, providers.picture_text(captcha_id), providers.work_for(captcha_id), valid_s)


def is_passed(answer: CaptchaAnswer, login_name: str, now: dt.datetime) -> bool:
    """Whether the answer is right, in time, for this name, and the first; it is used up either way."""
    if not attempts_store.use_captcha(answer.captcha_id, _name_hash(login_name), int(now.timestamp())):
        return False
    if answer.proof is not None:
        return providers.is_work_done(answer.captcha_id, answer.proof)
    given = (answer.text or "").strip().upper()
    return hmac.compare_digest(given.encode(), providers.answer_of(answer.captcha_id).encode())


def _name_hash(login_name: str) -> bytes:
    return keyed.keyed_hash("captcha name", normal_name(login_name))
