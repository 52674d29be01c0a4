"""Check an account's withdrawal password at the counter, where its holder types it."""

from __future__ import annotations

import datetime as dt

from chalicelib.identity import application_store, tries
from chalicelib.identity.errors import WithdrawalPasswordMissing, WithdrawalPasswordWrong
from chalicelib.platform import passwords


def verify_withdrawal_password(owner_id: str, account_id: str, given: str, now: dt.datetime) -> None:
    """Raise WithdrawalPasswordWrong unless `given` is the password of that customer's account: wrong and locked look
    alike.

    Tries and lock here are apart from those of online applications: whoever guesses there must not keep the holder
    from cash. The owner is told of a lock. Raises WithdrawalPasswordMissing where none was ever set, TryAgain.
    """
    stored_hash = application_store.withdrawal_hash_of(account_id)
    if stored_hash is None:
        raise WithdrawalPasswordMissing()
    taken = tries.take(tries.of_counter_password(owner_id, account_id), now, captcha_passed=True)
    if not passwords.matches(stored_hash if taken.allowed else None, given):
        tries.was_wrong(taken, now)
        raise WithdrawalPasswordWrong()
    tries.was_right(taken, now)
