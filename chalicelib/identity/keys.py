"""The ring of keys that sign access tokens, of customers and of staff."""

from __future__ import annotations

from chalicelib.parameters import service as parameters
from chalicelib.platform import settings
from chalicelib.platform.key_ring import TOKENS, KeyRing

# A key verifies for the life of the longest token after its successor began to sign, and a minute for clocks.
OVERLAP_S = max(parameters.ACCESS_TOKEN_S.high, parameters.STAFF_SESSION_MAX_S.high) + 60
RING = KeyRing(TOKENS, lambda: settings.get("TOKEN_KEY_ID"), OVERLAP_S)
