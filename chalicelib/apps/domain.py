"""What an app can do however old it is. Pure; an operation is told by method and path as declared."""

from __future__ import annotations

# Whoever logs out, or reports a loss, is kept from harm at once, by whatever app is at hand.
_ALWAYS = {
    ("DELETE", "/v1/sessions/current"),
    ("DELETE", "/v1/sessions/others"),
    ("DELETE", "/v1/sessions/{session_id}"),
    ("POST", "/v1/devices/{device_id}/loss"),
    ("POST", "/v1/factors/{factor_id}/loss"),
}


def is_always_served(method: str, path: str) -> bool:
    """Whether the operation keeps its caller from harm."""
    return (method, path) in _ALWAYS
