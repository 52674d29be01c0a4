"""What a request carries, read into a model; what does not fit is told field by field, by names of our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.platform.errors import MalformedJson, MalformedRequest

M = TypeVar("M", bound=BaseModel)

# pydantic's names of what is wrong -> ours, which never change once published.
FIELD_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_type": "wrong_type",
    "int_type": "wrong_type",
    "bool_type": "wrong_type",
    "model_type": "wrong_type",
    "int_parsing": "malformed",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "malformed",
    "literal_error": "not_allowed",
    "not_allowed": "not_allowed",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
}


def validated(parse: Callable[[], M]) -> M:
    """What `parse` reads into a model; raises MalformedJson, MalformedRequest with the fields that do not fit."""
    try:
        return parse()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if any(detail["type"] == "json_invalid" for detail in found):
            raise MalformedJson() from None
        raise MalformedRequest(
            [
                {
                    "field": ".".join(str(part) for part in detail["loc"]),
                    "code": FIELD_CODES.get(detail["type"], "malformed"),
                }
                for detail in found
            ]
        ) from None
