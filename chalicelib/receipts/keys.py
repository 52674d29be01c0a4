"""The ring of keys that sign receipts: each verifies for good, as long as vouchers are kept."""

from __future__ import annotations

from chalicelib.platform import jws, settings
from chalicelib.platform.key_ring import KeyRing
from chalicelib.receipts.domain import JWS_TYPE, Receipt

RING = KeyRing("receipts", lambda: settings.get("RECEIPT_KEY_ID"), None)


def sign(receipt: Receipt, now_epoch_s: int) -> str:
    """The receipt as a JWS, by the key that signs now; raises NoKeyInForce."""
    return jws.sign(RING.signing(now_epoch_s), JWS_TYPE, receipt.payload())


def verified(signed: str, now_epoch_s: int) -> Receipt:
    """What a JWS says that one of the keys has signed; raises BadSignature, ReceiptMalformed."""
    public = {kid: key.public for kid, key in RING.verifying(now_epoch_s).items()}
    return Receipt.from_payload(jws.verified(signed, JWS_TYPE, public))
