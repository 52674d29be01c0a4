"""Bind the channels that need an address of their own, and take them off: e-mail, WeChat (YQ-4.2.2-alert).

Two proofs for an e-mail address: who asks (a step-up), and that the address is theirs (a code sent to it). WeChat
proves by itself whose log-in the app's code is of. What is bound is told of nothing until its owner chooses it, but
takes the place of a chosen channel that fails.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from chalicelib.audit import service as audit
from chalicelib.notifications import store
from chalicelib.notifications.channels import Channel, ProviderSilent
from chalicelib.notifications.errors import ChannelNotOffered, ChannelUnavailable, WechatCodeInvalid
from chalicelib.notifications.providers import provider
from chalicelib.notifications.states import Bound, Head
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound, Retryable
from chalicelib.stepup import service as stepup

_LOGIN_DIGITS = 32


def begin_email(
    caller: Caller, address: str, *, given: str | None, correlation_id: str, now: dt.datetime
) -> stepup.Challenge:
    """Ask for messages by e-mail; a code goes to the address.

    Raises ChannelNotOffered, StepUpRequired and its kin, StepUpLimitReached; TryAgain, OutcomeUnknown.
    """
    _require_offered("email")
    facts = {"email": address}
    stepup.require(stepup.Demand(caller, stepup.BIND_EMAIL, facts, given, correlation_id), now)
    return stepup.open_challenge(
        caller.customer_id,
        caller.session_id,
        stepup.PROVE_EMAIL,
        facts,
        correlation_id,
        now,
        edition=caller.edition,
    )


def complete_email(caller: Caller, challenge_id: str, code: str, now: dt.datetime) -> Head:
    """Enter the code that came to the address: it is bound from now on.

    Raises NotFound, CodeWrong and the refusals of `stepup.confirm`; TryAgain, OutcomeUnknown.
    """
    found = stepup.read_challenge(challenge_id)
    if found is None or found.kind is not stepup.PROVE_EMAIL:
        raise NotFound()
    challenge = stepup.claim(caller.customer_id, caller.session_id, challenge_id, stepup.Given(stepup.SMS, code), now)
    used = stepup.settlement(challenge, now).set(
        "#state = :used, #used_at = :at", used=s("used"), at=s(clock.to_text(now))
    )
    return _bind(caller, "email", challenge.facts["email"], now, [used])


def bind_wechat(caller: Caller, code: str, *, given: str | None, correlation_id: str, now: dt.datetime) -> Head:
    """Have messages by WeChat, to whom the app's `code` of a log-in there is of.

    Raises ChannelNotOffered, StepUpRequired and its kin, WechatCodeInvalid, ChannelUnavailable (the step-up is used up
    in both: a code of WeChat is good once), TryAgain, OutcomeUnknown.
    """
    _require_offered("wechat")
    # Of this log-in and no other, without the code, which the bank's side has no use for.
    facts = {"login": hashlib.sha256(code.encode()).hexdigest()[:_LOGIN_DIGITS]}
    stepup.require(stepup.Demand(caller, stepup.BIND_WECHAT, facts, given, correlation_id), now)
    try:
        open_id = provider().open_id_of(code)
    except (Retryable, ProviderSilent):
        raise ChannelUnavailable() from None
    if open_id is None:
        raise WechatCodeInvalid()
    return _bind(caller, "wechat", open_id, now)


def unbind(caller: Caller, channel: Channel, now: dt.datetime) -> Head:
    """Take the address off, and the channel out of what was chosen; said again it changes nothing.

    Raises TryAgain, OutcomeUnknown.
    """
    event = _event(caller, channel, now)
    return store.move_head(caller.customer_id, lambda head: head.without_address(channel), event)


def _require_offered(channel: Channel) -> None:
    if not provider().offers(channel):
        raise ChannelNotOffered()


def _bind(
    caller: Caller, channel: Channel, address: str, now: dt.datetime, others: Sequence[ItemPut | ItemUpdate] = ()
) -> Head:
    bound = Bound(address, clock.to_text(now))
    event = _event(caller, channel, now)
    return store.move_head(caller.customer_id, lambda head: head.with_address(channel, bound), event, *others)


def _event(caller: Caller, channel: Channel, now: dt.datetime) -> ItemPut:
    return audit.event(
        caller.customer_id,
        audit.NOTIFICATIONS_CHANGED,
        now,
        session_id=caller.session_id,
        device_id=caller.device_id,
        changed=channel,
    )
