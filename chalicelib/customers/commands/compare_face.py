"""Compare a face with the portrait on the customer's own document, once name and number are verified (XJ-3.4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import domain, providers, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.identity_tries import ask, take_try
from chalicelib.customers.errors import DocumentUnreadable, FaceNotMatched, IdentityUnverified
from chalicelib.customers.pictures import Picture
from chalicelib.platform import clock, ids, transactions
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import s
from chalicelib.platform.errors import NotFound, TryAgain


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """When a face was found to be the document's, and by which provider."""

    at: str
    provider: str


def compare_face(caller: Caller, document: Picture, face: Picture, now: dt.datetime) -> FaceMatch:
    """Note that the face is that of the document on file; takes one of the day's tries.

    The document is read first: another's, however well the faces fit, is no match. Asked again, providers are asked
    again; a later mismatch is in the log and takes nothing away. Raises NotFound, IdentityUnverified (no try is
    taken), IdentityTriesExhausted, DocumentUnreadable, FaceNotMatched, IdentityProviderUnavailable.
    """
    try:
        profile = customers.profile_of(caller.customer_id)
    except KeyError:
        raise NotFound() from None
    if profile.document is None or profile.image.get("verification") != domain.VERIFIED:
        raise IdentityUnverified()
    tries_left = str(take_try(profile.image, now))
    provider, owner = providers.provider(), caller.customer_id
    read = ask(owner, lambda: provider.read_document(ids.random_id(), document.jpeg, now), now)
    if read is None:
        audit.record(owner, audit.DOCUMENT_UNREADABLE, now, session_id=caller.session_id, provider=provider.name)
        raise DocumentUnreadable(tries_left=tries_left)
    is_own = (read.name, read.document) == (profile.name, profile.document)
    question = providers.Question(ids.random_id(), profile.name, profile.document)
    pictures = (document.jpeg, face.jpeg)
    if not is_own or not ask(owner, lambda: provider.is_same_person(question, *pictures, now), now):
        audit.record(owner, audit.FACE_REFUSED, now, session_id=caller.session_id, provider=provider.name)
        raise FaceNotMatched(tries_left=tries_left)
    match = FaceMatch(clock.to_text(now), provider.name)
    update = store.profile_update(owner).require(domain.verified_rule())
    update.set("#face_at = :at, #face_by = :by", at=s(match.at), by=s(match.provider))
    event = audit.event(owner, audit.FACE_MATCHED, now, session_id=caller.session_id, provider=match.provider)
    if not transactions.commit([update, event]):
        raise TryAgain()
    return match
