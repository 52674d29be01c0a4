"""What a request carries, read into a model; what does not fit is told field by field, by names of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.platform.errors import MalformedJson, MalformedRequest, NotFound

M = TypeVar("M", bound=BaseModel)

# Anything else names nothing, whatever a path's own rules: no engine takes it as a key, nor can it be sent as text.
_PATH_VALUE = re.compile("[^\ud800-\udfff]{1,256}", re.DOTALL)

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


def require_path(values: Mapping[str, str]) -> None:
    """Raise NotFound for a value of a path that can be nothing's name."""
    if not all(map(_PATH_VALUE.fullmatch, values.values())):
        raise NotFound()


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
