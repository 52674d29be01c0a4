"""Bring deferred legs to their accounts: house accounts, and customers' with deferred credit (NB-5.1.6).

One transaction an account and batch: a row for each entry that must not exist, and one update of the
account's balance. So a message that is repeated, late, out of order or interrupted anywhere posts each leg
once, and no customer's write waits for an account that everybody's money goes to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from tenacity import RetryError, Retrying, retry_if_result, stop_after_attempt, wait_random

from chalicelib.ledger import deferred, deferred_store, domain, store
from chalicelib.ledger.deferred import Credit
from chalicelib.platform import clock, ids, log, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import OutcomeUnknown, Retryable, TryAgain

MAX_ATTEMPTS = 8
LONGEST_PAUSE = dt.timedelta(milliseconds=200)
_CONDITION = "ConditionalCheckFailed"


def post_deferred_legs(entry_ids: Sequence[str]) -> set[str]:
    """Post the deferred legs of at most 100 entries; returns the entries that are not wholly posted.

    Those, and no others, are to be told again. An entry that is unreadable or does not balance is among
    them, and ends with the dead letters.
    """
    images = store.read(list(dict.fromkeys(entry_ids)), [])[0]
    failed = {id_ for id_ in entry_ids if id_ not in images or "postings" not in images[id_]}
    due: list[Credit] = []
    for entry_id in (id_ for id_ in sorted(images) if id_ not in failed):
        try:
            due += deferred.credits_of(images[entry_id])
        except domain.EntryUnbalanced:
            log.logger.exception("an entry does not balance and is not posted", extra={"entry_id": entry_id})
            failed.add(entry_id)
    for account_id, credits_ in deferred.by_account(due).items():
        for part in deferred.chunks(credits_):
            try:
                _post(account_id, part)
            except Retryable:
                log.logger.warning("deferred legs wait for another try", extra={"count": len(part)})
                failed.update(credit.entry_id for credit in part)
    return failed


def _post(account_id: str, credits_: Sequence[Credit]) -> None:
    """Post what is not posted yet; raises Retryable when others were faster every time."""
    pending = list(credits_)

    def is_unfinished() -> bool:
        nonlocal pending
        pending = _try(account_id, pending)
        return bool(pending)

    retrying = Retrying(
        stop=stop_after_attempt(MAX_ATTEMPTS),
        wait=wait_random(max=LONGEST_PAUSE),
        retry=retry_if_result(bool),
        sleep=clock.sleep,
    )
    try:
        retrying(is_unfinished)
    except RetryError as error:
        raise Retryable("the account is too busy") from error


def _try(account_id: str, credits_: Sequence[Credit]) -> list[Credit]:
    """One attempt at one transaction; returns what is not known to be posted after it."""
    now = clock.now()
    posted_on, posted_at = clock.business_date(now), clock.to_text(now)
    found = store.read([], [account_id])[1].get(account_id)
    if found is None:
        try:
            _open(account_id, posted_on)
        except (TryAgain, OutcomeUnknown):
            # Whether it is there shows at the next attempt.
            return list(credits_)
    seq = found["seq"] if found else 0
    writes: list[ItemPut | ItemUpdate] = []
    after = seq
    for credit in credits_:
        after += len(credit.legs)
        writes.append(deferred_store.row(credit, after, posted_on, posted_at))
    update = store.account_update(account_id, payee=True)
    deferred.apply(update, credits_, seq, posted_on, posted_at)
    writes.append(update)
    # The same for the very same request only: a new attempt has another sequence, time or content.
    token = ids.derived_id(account_id, str(seq), posted_at, *(credit.line for credit in credits_))
    try:
        store.transact(writes, token)
    except (store.WriteInDoubt, store.WriteContended):
        # Whether it was written shows at the next attempt: by the rows.
        return list(credits_)
    except store.WriteCancelled as error:
        codes = [reason.get("Code") for reason in error.reasons[:-1]]
        return [credit for credit, code in zip(credits_, codes, strict=True) if code != _CONDITION]
    return []


def _open(account_id: str, business_date: str) -> None:
    """Make a house account on its first use; a customer's account is never missing."""
    if not domain.is_house(account_id):
        raise Retryable("the account of a deferred leg does not exist")
    updates.put(store.account_put(deferred.new_house_account(account_id, business_date)))
