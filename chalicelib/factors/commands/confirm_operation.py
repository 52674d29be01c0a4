"""Check a code, a certificate's signature or its PIN for what is no payment: a step-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from chalicelib.customers import service as customers
from chalicelib.factors import domain, service, store
from chalicelib.factors.domain import ACTIVE, CLOUD, NO_FACTOR, TOKEN, Given
from chalicelib.factors.errors import FactorNotActive, SignatureWrong
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Rule


def check_sms_code(customer_id: str, code: str, digest: bytes, attempt: int, tries_left: int, now: dt.datetime) -> None:
    """Check a code that went to the customer's reserved phone; a wrong one is counted with those of payments.

    The write that rests on a right one requires `guesses_left`. Raises CodeWrong, CodeGuessesExhausted; TryAgain,
    OutcomeUnknown.
    """
    with service.counting_wrong(customer_id, parameters.value(parameters.WRONG_CODES_DAY, now), now):
        service.verify_code(code, digest, attempt, tries_left)


def guesses_left(now: dt.datetime) -> Rule:
    """On the customer's record: not so many wrong codes today that none is taken any more, be it the right one."""
    return domain.guesses_rule(clock.business_date(now), parameters.value(parameters.WRONG_CODES_DAY, now))


def use_token_code(customer_id: str, code: str, tries_left: int, now: dt.datetime) -> str:
    """Check a token's code for what is no payment, and use it up: a payment cannot rest on it any more; the token's id.

    Raises CodeWrong, TokenCodeUsed, FactorNotActive, CodeGuessesExhausted; TryAgain, OutcomeUnknown.
    """
    terms = service.terms_at(now)
    factor_id = next(iter(_active(customer_id, (TOKEN,))))
    with service.counting_wrong(customer_id, terms.wrong_codes_day, now):
        step = service.verify_token(code, {"customer_id": customer_id, "factor_id": factor_id}, tries_left, now)
    update = customers.customer_update(customer_id)
    service.require(update, TOKEN, factor_id, service.Proof(terms, step=step), clock.business_date(now), 0)
    updates.insist(update)
    return factor_id


def use_certificate(
    customer_id: str, given: Given, message: bytes, methods: Collection[str], tries_left: int, now: dt.datetime
) -> tuple[str, bytes]:
    """Check that one of the customer's active certificates of these methods signed `message`; for its PIN a cloud
    certificate does. The id of that certificate, and the signature.

    Raises SignatureWrong, what sign_with_pin raises; FactorNotActive where there is no such certificate.
    """
    from chalicelib.factors import signatures  # noqa: PLC0415  # X.509 is for those few who need it
    from chalicelib.factors.commands.sign_with_pin import sign_with_pin  # noqa: PLC0415  # the same

    held, signature = _active(customer_id, methods), given.signature
    if given.pin:
        # Where there is none, the first one's own refusal says that its owner signs.
        factor_id = next((id_ for id_, method in held.items() if method == CLOUD), next(iter(held)))
        signature = sign_with_pin(customer_id, factor_id, given, message, tries_left, now)
    for factor_id in held:
        row = store.get(customer_id, factor_id)
        kept = service.kept_of(row, now) if row is not None and service.state_at(row, now) == ACTIVE else None
        if kept and signatures.is_signed(kept["pubkey"], signature, message):
            return factor_id, signature
    raise SignatureWrong(tries_left=str(tries_left))


def _active(customer_id: str, methods: Collection[str]) -> dict[str, str]:
    """Id and method of the customer's active factors of those methods, by the record; raises FactorNotActive."""
    customer = customers.customer_of(customer_id)
    held = customer.image.get("factors", {}) if customer else {}
    found = {factor_id: method for factor_id, method in held.items() if method in methods}
    if not found:
        raise FactorNotActive(factors=NO_FACTOR)
    return found
