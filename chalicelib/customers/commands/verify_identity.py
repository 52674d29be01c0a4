"""Real-name verification (实名认证): ask the identity provider once what cannot be told without it (XJ-3.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import domain, providers, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.identity_tries import ask, take_try
from chalicelib.customers.domain import REFUSED, VERIFIED, IdentityDocument
from chalicelib.customers.errors import DocumentInvalid, DocumentNotOnFile, IdentityNotVerified
from chalicelib.customers.providers import Question
from chalicelib.platform import clock, ids, transactions
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import s
from chalicelib.platform.errors import NotFound, TryAgain


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of a customer's identity, since when and from whom; when a face last matched, if one did."""

    state: str
    at: str
    provider: str
    face_at: str | None = None


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
    tries_left = take_try(profile.image, now)
    if is_same and _ask(profile, document, now):
        return _note(caller, VERIFIED, now)
    _note(caller, REFUSED, now)
    raise IdentityNotVerified(tries_left=str(tries_left))


def verification_of(profile: customers.Profile) -> Verification | None:
    """What is on file; None when nobody was ever asked."""
    image = profile.image
    if "verification" not in image:
        return None
    return Verification(image["verification"], image["verified_at"], image["verified_by"], image.get("face_at"))


def _ask(profile: customers.Profile, document: IdentityDocument, now: dt.datetime) -> bool:
    provider = providers.provider()
    question = Question(ids.random_id(), profile.name, document)
    return bool(ask(profile.customer_id, lambda: provider.check(question, now), now))


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
