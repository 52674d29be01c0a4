"""Send another code for a transfer that waits for its own: the one before is void, tries and time stay."""

from __future__ import annotations

import datetime as dt

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, n
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import FactorNotAccepted
from chalicelib.transfers import service
from chalicelib.transfers.domain import SMS
from chalicelib.transfers.posting import valid_rule
from chalicelib.transfers.states import SEND_AGAIN


def send_code_again(caller: Caller, entry_id: str, now: dt.datetime) -> Image:
    """The instruction with its next sending; the journal's stream sends the code (NB-5.3.3-sms).

    Raises NotFound (also for another customer's), FactorNotAccepted, TransferNotAwaiting, TransferExpired,
    CodeTooSoon, CodeSendsExhausted; TryAgain when another request was quicker.
    """
    image = service.transfer_of(caller.customer_id, entry_id)
    if image["factor"] != SMS:
        raise FactorNotAccepted(factors=image["factor"])
    update = ledger.journal_update(entry_id).require(SEND_AGAIN.rule(), valid_rule(clock.to_text(now)))
    refusals = update.breaches(image)
    if refusals:
        raise refusals[0]
    stepup.require_spacing(image["attempt"], clock.from_text(image["created_at"]), now)
    update.require(stepup.attempt_rule(image["attempt"]))
    return ledger.claim(update.set("#attempt = #attempt + :one", one=n(1)))
