"""Captchas drawn and checked by libraries, on the bank's own machines: nobody else learns who logs in.

Two ways to the same end: a picture to read, and a proof of work (ALTCHA) that a device does by itself, for those who
cannot see the picture. Both libraries are imported on first use: most log-ins need neither.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from chalicelib.platform import keyed

# No 0, O, 1, I, L, 7 and the like: who can read the picture must be able to type it.
ALPHABET = "2345689ABCDEFGHJKMNPQRTUVWXY"
ANSWER_LENGTH = 5
WIDTH, HEIGHT = 240, 80
FONT_SIZES = (48, 54, 60)
# A phone of today needs about a second for 256 keys of so many iterations on average.
_WORK = "PBKDF2/SHA-256"
_ITERATIONS = 4000
_PURPOSE = "captcha answer"
_PROOF_PURPOSE = "captcha proof"
MAX_PROOF = 4096


def answer_of(captcha_id: str) -> str:
    """What the picture shows: derived from the id with a key, so it is stored nowhere."""
    number = int.from_bytes(keyed.keyed_hash(_PURPOSE, captcha_id), "big")
    letters = []
    for _ in range(ANSWER_LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)


def picture_of(captcha_id: str) -> bytes:
    """The picture, PNG."""
    from captcha.image import ImageCaptcha  # noqa: PLC0415  # Pillow is loaded by those who need it

    return ImageCaptcha(WIDTH, HEIGHT, font_sizes=FONT_SIZES).generate(answer_of(captcha_id)).getvalue()


def work_for(captcha_id: str) -> dict[str, Any]:
    """The proof of work asked for, as ALTCHA's widgets take it; it names the captcha and is signed."""
    import altcha  # noqa: PLC0415  # as above

    challenge = altcha.create_challenge(
        _WORK, _ITERATIONS, data={"captcha_id": captcha_id}, hmac_secret=keyed.key_for(_PROOF_PURPOSE)
    )
    return challenge.to_dict()


def is_work_done(captcha_id: str, proof: str) -> bool:
    """Whether `proof` (ALTCHA's payload, base64) solves what was asked for this very captcha."""
    import altcha  # noqa: PLC0415  # as above

    try:
        payload = altcha.Payload.from_base64(proof)
        if (payload.challenge.parameters.data or {}).get("captcha_id") != captcha_id:
            return False
        return altcha.verify_solution(payload, keyed.key_for(_PROOF_PURPOSE)).verified
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def picture_text(captcha_id: str) -> str:
    """The picture as base64 text."""
    return base64.b64encode(picture_of(captcha_id)).decode()
