"""Have the picture of an identity document read (OCR), so that its holder need not type it (XJ-3.4, YQ-4.2.2-set)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import providers
from chalicelib.customers import service as customers
from chalicelib.customers.commands.identity_tries import ask, take_try
from chalicelib.customers.errors import DocumentUnreadable
from chalicelib.customers.pictures import Picture
from chalicelib.customers.providers import DocumentText
from chalicelib.platform import ids
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import NotFound


def read_document(caller: Caller, picture: Picture, now: dt.datetime) -> DocumentText:
    """What stands on the document, for its holder to look over and to verify with; takes one of the day's tries.

    Nothing of it is kept but that it was asked. Raises NotFound, IdentityTriesExhausted, DocumentUnreadable,
    IdentityProviderUnavailable.
    """
    try:
        profile = customers.profile_of(caller.customer_id)
    except KeyError:
        raise NotFound() from None
    tries_left = take_try(profile.image, now)
    provider = providers.provider()
    found = ask(caller.customer_id, lambda: provider.read_document(ids.random_id(), picture.jpeg, now), now)
    kind = audit.DOCUMENT_READ if found else audit.DOCUMENT_UNREADABLE
    audit.record(caller.customer_id, kind, now, session_id=caller.session_id, provider=provider.name)
    if found is None:
        raise DocumentUnreadable(tries_left=str(tries_left))
    return found
