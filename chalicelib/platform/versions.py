"""Versions of programs as app stores know them: three numbers, `MAJOR.MINOR.PATCH`."""

from __future__ import annotations

import re

VERSION = r"(0|[1-9][0-9]{0,4})(\.(0|[1-9][0-9]{0,4})){2}"
_VERSION = re.compile(VERSION)


def is_version(text: str) -> bool:
    """Whether the text is a version."""
    return _VERSION.fullmatch(text) is not None


def is_older(version: str, other: str) -> bool:
    """Whether a version comes before another."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
