"""The JSON Schemas of `events/`, for tests that hold what code sends against them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

SCHEMAS = Path(__file__).resolve().parents[1] / "events" / "schemas"


def schema(event_type: str) -> dict[str, Any]:
    """The schema of one type of event."""
    return dict(json.loads((SCHEMAS / f"{event_type}.json").read_text(encoding="utf-8")))


@functools.cache
def _validator(event_type: str) -> Any:
    return Draft202012Validator(schema(event_type))


def check(message_json: str) -> dict[str, Any]:
    """The message, after its own schema has taken it; raises ValidationError."""
    message = dict(json.loads(message_json))
    _validator(message["event_type"]).validate(message)
    return message
