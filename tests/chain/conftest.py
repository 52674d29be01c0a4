"""One fresh bank a test; or one a module, where tests bring their own customers (a bank takes a second to open)."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Iterator

import pytest

from chalicelib.customers import service as customers
from chalicelib.factors.service import Given
from chalicelib.platform import clock, log, metrics, updates
from chalicelib.platform.dynamo import s
from chalicelib.stepup import verifiers
from chalicelib.stepup.domain import CERTIFICATE, SMS, Challenge
from tests.chain.bank import START, Bank, running_bank
from tests.chain.probe import forget_policy

GIVEN = Given(CERTIFICATE, signature=b"a certificate's signature")


@pytest.fixture
def bank() -> Iterator[Bank]:
    with running_bank() as running:
        yield running


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted for the alarms."""
    found: list[str] = []
    monkeypatch.setattr(metrics, "count", found.append)
    return found


@pytest.fixture(scope="module")
def _bank_of_module() -> Iterator[Bank]:
    with running_bank() as running:
        yield running


@pytest.fixture
def shared_bank(_bank_of_module: Bank) -> Bank:
    """The module's bank, its clock set back: what a test does there must not matter to the next."""
    _bank_of_module.clock.set(START)
    clock.use(_bank_of_module.clock)
    forget_policy(_bank_of_module)
    return _bank_of_module


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged during the test: the logger keeps the stream it was made with, so no capture sees it."""
    handler = log.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    text = io.StringIO()
    before = handler.setStream(text)
    yield text
    handler.setStream(before)


@pytest.fixture
def certificates(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Everybody holds a certificate, by the two functions through which a factor joins; digests it was shown."""
    seen: list[bytes] = []

    def verify(challenge: Challenge, given: Given, tries_left: int, now: dt.datetime) -> tuple[str, bytes]:
        assert given == GIVEN
        seen.append(challenge.digest)
        # What the use of the challenge rests on stands on the record, as that of a real one does.
        record = customers.customer_update(challenge.customer_id)
        updates.run(record.set("#factors.#certificate = :method", method=s("usb_key")))
        return "certificate", given.signature

    monkeypatch.setattr(verifiers, "factors_held", lambda customer_id, now: (SMS, "usb_key"))
    monkeypatch.setattr(verifiers, "VERIFIERS", {**verifiers.VERIFIERS, CERTIFICATE: verify})
    return seen
