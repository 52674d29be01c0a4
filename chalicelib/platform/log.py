"""Structured logs: one JSON line an event, one correlation id from the request to the SMS.

Nothing of class C2 or C3 (JR/T 0171) goes into a log: log ids, codes and counts, never names, numbers,
phones, amounts with an account, or bodies.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger(service="rural-bank", serialize_stacktrace=False)


def begin(correlation_id: str, **keys: str) -> None:
    """Start the log context of one request or message; what an earlier one left is dropped."""
    logger.clear_state()
    logger.append_keys(correlation_id=correlation_id, **keys)
