"""Replace the key that signs access tokens, without a redeploy or a token lost. For an operator, never a route."""

from __future__ import annotations

from chalicelib.identity import key_store, keys
from chalicelib.identity.key_store import KeyRow
from chalicelib.platform import aws, settings


def rotate(now_epoch_s: int) -> tuple[str, int]:
    """Make the next key; its kid, and the epoch second from which it signs.

    Raises ValueError while the key before has not begun to sign.
    """
    keys.forget()
    if any(row.signs_from > now_epoch_s for row in keys.rows(now_epoch_s) if not row.is_withdrawn):
        raise ValueError("a rotation is under way: the next key does not sign yet")
    return _begin(now_epoch_s + keys.LEAD_S)


def withdraw(kid: str, now_epoch_s: int) -> None:
    """A key is in wrong hands: within 30 s no token of it is good any more, and its customers log in again.

    When it is the one that signs, a new one signs at once. Raises ValueError when no key has this kid.
    """
    keys.forget()
    known = keys.rows(now_epoch_s)
    found = [row for row in known if keys.public_half(row.key_id).kid == kid]
    if not found:
        raise ValueError("no key has this kid")
    others = [row for row in known if row not in found and not row.is_withdrawn and row.signs_from <= now_epoch_s]
    if not others or others[-1].signs_from < found[0].signs_from <= now_epoch_s:
        _begin(now_epoch_s)
    key_store.put(KeyRow(found[0].key_id, found[0].signs_from, is_withdrawn=True))
    keys.forget()


def _begin(signs_from: int) -> tuple[str, int]:
    kms = aws.kms()
    # The template's key has the tag by which functions may use a key.
    tags = kms.list_resource_tags(KeyId=settings.get("TOKEN_KEY_ID"))["Tags"]
    made = kms.create_key(
        KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="Signs customers' access tokens (ES256)", Tags=tags
    )
    key_id = made["KeyMetadata"]["KeyId"]
    kid = keys.public_half(key_id).kid
    key_store.put(KeyRow(key_id, signs_from))
    keys.forget()
    return kid, signs_from
