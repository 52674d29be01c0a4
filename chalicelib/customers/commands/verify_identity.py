"""Real-name verification (实名认证): ask the identity provider once what cannot be told without it (XJ-3.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import domain, providers, store
from chalicelib.customers import service as customers
from chalicelib.customers.domain import IdentityDocument
from chalicelib.customers.errors import (
    DocumentInvalid,
    DocumentNotOnFile,
    IdentityNotVerified,
    IdentityProviderUnavailable,
    IdentityTriesExhausted,
)
from chalicelib.customers.providers import ProviderRefused, ProviderSilent, Question
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, log, transactions
from chalicelib.platform.dynamo import Image, n, s
from chalicelib.platform.errors import NotFound, Retryable, TryAgain
from chalicelib.platform.http import Caller

VERIFIED, REFUSED = "verified", "refused"
_TRIES = "verify_"


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of a customer's identity, since when and from whom."""

    state: str
    at: str
    provider: str


def verify_identity(caller: Caller, name: str, document: IdentityDocument, now: dt.datetime) -> Verification:
    """Verify that the customer is who the bank has on file, by name and resident identity number.

    Asked again once verified, it answers the same and asks nobody. Every other question takes one of the day's
    tries (parameter identity.verification.tries_day) before anything is compared; a provider that was not
    reached gives it back. Raises NotFound, DocumentInvalid, DocumentNotOnFile, IdentityTriesExhausted,
    IdentityNotVerified, IdentityProviderUnavailable.
    """
    today = now.astimezone(clock.SHANGHAI).date()
    if document.kind != domain.RESIDENT_ID:
        raise DocumentInvalid()
    if not domain.is_valid_document(document, document.number[6:14], today):
        raise DocumentInvalid()
    try:
        profile = customers.profile_of(caller.customer_id)
    except KeyError:
        raise NotFound() from None
    if profile.document is None:
        raise DocumentNotOnFile()
    is_same = (name, document) == (profile.name, profile.document)
    known = verification_of(profile)
    if known is not None and known.state == VERIFIED and is_same:
        return known
    tries_left = _take_try(profile.image, now)
    if is_same and _ask(profile, document, now):
        return _note(caller, VERIFIED, now)
    _note(caller, REFUSED, now)
    raise IdentityNotVerified(tries_left=str(tries_left))


def verification_of(profile: customers.Profile) -> Verification | None:
    """What is on file; None when nobody was ever asked."""
    image = profile.image
    if "verification" not in image:
        return None
    return Verification(image["verification"], image["verified_at"], image["verified_by"])


def _bucket(now: dt.datetime) -> str:
    return _TRIES + clock.business_date(now)


def _take_try(image: Image, now: dt.datetime) -> int:
    """Claim one of the day's tries; how many are left then."""
    bucket, most = _bucket(now), parameters.value(parameters.IDENTITY_TRIES_DAY, now)
    update = domain.count_one(store.profile_update(image["customer_id"]), bucket, most)
    update.remove(*(name for name in image if name.startswith(_TRIES) and name < bucket))
    if not transactions.commit([update]):
        raise IdentityTriesExhausted()
    return max(0, most - int(image.get(bucket, 0)) - 1)


def _ask(profile: customers.Profile, document: IdentityDocument, now: dt.datetime) -> bool:
    provider = providers.provider()
    question = Question(ids.random_id(), profile.name, document)
    try:
        return provider.check(question, now)
    except ProviderRefused:
        log.logger.warning("identity provider refused", extra={"customer_id": profile.customer_id})
        return False
    except Retryable:
        back = store.profile_update(profile.customer_id)
        back.set(f"#{_bucket(now)} = #{_bucket(now)} - :one", one=n(1))
        transactions.commit([back])
        raise IdentityProviderUnavailable() from None
    except ProviderSilent:
        raise IdentityProviderUnavailable() from None


def _note(caller: Caller, state: str, now: dt.datetime) -> Verification:
    """Put what came of it on file, with the log; what is verified stays so."""
    found = Verification(state, clock.to_text(now), providers.provider().name)
    update = store.profile_update(caller.customer_id).require(domain.unverified_rule())
    update.set(
        "#verification = :state, #verified_at = :at, #verified_by = :by",
        state=s(found.state),
        at=s(found.at),
        by=s(found.provider),
    )
    kind = audit.IDENTITY_VERIFIED if state == VERIFIED else audit.IDENTITY_REFUSED
    event = audit.event(caller.customer_id, kind, now, session_id=caller.session_id, provider=found.provider)
    if transactions.commit([update, event]):
        return found
    known = verification_of(customers.profile_of(caller.customer_id))
    if known is None:
        raise TryAgain()
    return known
