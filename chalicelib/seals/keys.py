"""The ring of keys that sign days' heads and nothing else: who signs receipts signs no day, nor the reverse."""

from __future__ import annotations

from chalicelib.platform import jws, settings
from chalicelib.platform.key_ring import KeyRing
from chalicelib.seals.domain import JWS_TYPE, Head

RING = KeyRing("seals", lambda: settings.get("SEAL_KEY_ID"), None)


def sign(head: Head, now_epoch_s: int) -> str:
    """The head as a JWS, by the key that signs now; raises NoKeyInForce."""
    return jws.sign(RING.signing(now_epoch_s), JWS_TYPE, head.payload())


def verified(signed: str, now_epoch_s: int) -> Head:
    """What a JWS says that one of the keys has signed; raises BadSignature, SealMalformed.

    Keys that were withdrawn are among them: nobody is shown them any more, but the chain goes on from what they signed.
    """
    known = [jws.public_half(row.key_id) for row in RING.rows(now_epoch_s)]
    return Head.from_payload(jws.verified(signed, JWS_TYPE, {key.kid: key.public for key in known}))
