"""How each factor proves that its owner confirms a challenge. A new factor is a row here, and nothing else.

The try is claimed before a verifier is asked; a verifier raises its own refusal, or returns the id of the factor that
the challenge rests on from then on, and a certificate's signature: of a code the seal is made when it is noted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_operation
from chalicelib.factors.service import Given
from chalicelib.stepup.domain import CERTIFICATE, SMS, TOKEN, Challenge

# challenge, what the customer gave, tries left, now
Verifier = Callable[[Challenge, Given, int, dt.datetime], tuple[str, bytes]]


def _sms(challenge: Challenge, given: Given, tries_left: int, now: dt.datetime) -> tuple[str, bytes]:
    code = (given.code, challenge.digest, challenge.attempt, tries_left)
    if challenge.counts_guesses:
        confirm_operation.check_sms_code(challenge.customer_id, *code, now)
    else:
        factors.verify_code(*code)
    return factors.SMS_ID, b""


def _token(challenge: Challenge, given: Given, tries_left: int, now: dt.datetime) -> tuple[str, bytes]:
    return confirm_operation.use_token_code(challenge.customer_id, given.code, tries_left, now), b""


def _certificate(challenge: Challenge, given: Given, tries_left: int, now: dt.datetime) -> tuple[str, bytes]:
    owner, message = challenge.customer_id, challenge.canonical()
    return confirm_operation.use_certificate(owner, given, message, challenge.factors, tries_left, now)


VERIFIERS: Mapping[str, Verifier] = {SMS: _sms, TOKEN: _token, CERTIFICATE: _certificate}


def factors_held(customer_id: str, now: dt.datetime) -> tuple[str, ...]:
    """Methods of the factors with which this customer can confirm.

    Everybody's reserved phone takes codes, until its loss is reported (NB-5.3.6).
    """
    codes = (SMS,) if factors.takes_codes(customer_id) else ()
    return (*codes, *(method for method in factors.methods_held(customer_id, now) if method != SMS))
