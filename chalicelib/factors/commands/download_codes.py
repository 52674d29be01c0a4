"""Codes by which certificates are downloaded: derived, and sent by SMS while they are of use."""

from __future__ import annotations

import datetime as dt

from chalicelib.factors import domain, service, store
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image


def download_code(image: Image) -> str:
    """The code that downloads a certificate: bound to customer, factor, carrier, key device and application."""
    bound = domain.download_digest(
        image["customer_id"], image["factor_id"], image["method"], image.get("device_serial") or ""
    )
    return service.confirmation_code(bound, image["attempt"])


def download_of(customer_id: str, factor_id: str, attempt: int, now: dt.datetime) -> tuple[str, str, str] | None:
    """Method, code and end of a certificate's download, or None when that code is no longer of use."""
    row = store.get(customer_id, factor_id)
    if row is None or (row.state, row.attempt) != (domain.APPLIED, attempt):
        return None
    if row.code_until is None or row.code_until <= clock.to_text(now) or not service.takes_codes(customer_id):
        return None
    image = {
        "customer_id": customer_id,
        "factor_id": factor_id,
        "method": row.method,
        "device_serial": row.device_serial,
        "attempt": attempt,
    }
    return row.method, download_code(image), row.code_until
