"""Passwords and factors at the counter, the customer's document seen, each with its voucher (NB-5.3.2 to 5.3.6).

Each is another context's write, and then the voucher's: the repeat with the same reference, after a crash between the
two, finds the first done and puts the second.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.counter import service, vouchers
from chalicelib.counter.commands.change_customer import met
from chalicelib.counter.commands.papers import check_shown
from chalicelib.counter.vouchers import Voucher, VoucherDraft, VoucherKind
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.errors import FactorHeldAlready
from chalicelib.identity.commands.apply_for_password import apply_at_counter
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_name
from chalicelib.staff import service as staff

_LAST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Service:
    """Who is served by whom, under which reference; `document` is None where none needs to be shown."""

    actor: StaffCaller
    customer_id: str
    reference: str
    document: customers.IdentityDocument | None = None


def reset_password(asked: Service) -> Voucher:
    """Have a code sent to the reserved phone, with which the customer sets the query password anew (NB-5.3.2).

    The voucher names the application. Raises NotFound, StaffNotEntitled, DocumentNotShown, IdempotencyKeyReused,
    NotSignedUp, FactorNotActive, ApplicationsExhausted, TryAgain, OutcomeUnknown.
    """

    def reset(now: dt.datetime) -> Mapping[str, str]:
        application_id, valid_s = apply_at_counter(
            asked.customer_id, correlation_id=asked.actor.correlation_id, now=now
        )
        until = clock.to_text(now + dt.timedelta(seconds=valid_s))
        return {"application": application_id, "until": until}

    return _served(asked, vouchers.PASSWORD_RESET, (), reset, is_shown=True)


def issue_token(asked: Service, serial: str, seed: bytes) -> Voucher:
    """Issue a token of the branch's stock (NB-5.3.3-token, NB-5.3.5).

    Raises what `reset_password` raises of who and what was shown, FactorMalformed, FactorHeldAlready, BlankNotInStock,
    BlankIssued, BlankCancelled, BlankSpoiled.
    """

    def issue(now: dt.datetime) -> Mapping[str, str]:
        from chalicelib.factors.commands import issue_token as tokens  # noqa: PLC0415  # KMS is for those few who need it

        try:
            tokens.issue_token(asked.customer_id, serial=serial, seed=seed, teller_id=asked.actor.staff_id, now=now)
        except FactorHeldAlready:
            if not _holds(asked.customer_id, factors.TOKEN, serial, now):
                raise
        return _facts(factors.TOKEN, serial, factors.ACTIVE)

    return _served(asked, vouchers.FACTOR_ISSUED, (serial,), issue, is_shown=True)


def apply_for_certificate(asked: Service, method: str, device_serial: str) -> Voucher:
    """Apply for a certificate; the code to download goes to the reserved phone (NB-5.3.3-dl).

    Raises what `issue_token` raises; FactorNotActive when the phone was reported lost.
    """

    def apply(now: dt.datetime) -> Mapping[str, str]:
        from chalicelib.factors.commands import issue_certificate  # noqa: PLC0415  # X.509 is for those few who need it

        issue_certificate.apply_for_certificate(
            asked.customer_id,
            method,
            teller_id=asked.actor.staff_id,
            now=now,
            device_serial=device_serial,
            correlation_id=asked.actor.correlation_id,
        )
        return _facts(method, device_serial, "applied")

    return _served(asked, vouchers.CERTIFICATE_APPLIED, (method, device_serial), apply, is_shown=True)


def report_factor_lost(asked: Service, factor_id: str) -> Voucher:
    """Stop a factor at once (NB-5.3.6); no document is waited for, as only two people lift it.

    Raises NotFound, StaffNotEntitled, FactorStateUnfit, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """

    def report(now: dt.datetime) -> Mapping[str, str]:
        row = _row(asked.customer_id, factor_id)
        report_loss(asked.customer_id, factor_id, now)
        return _facts(row.method, row.device_serial or row.serial, "lost")

    return _served(asked, vouchers.FACTOR_LOST, (factor_id,), report, is_shown=False)


def end_factor(asked: Service, factor_id: str) -> Voucher:
    """End a factor for good, with its token or USB key; what replaces it is issued afterwards.

    Raises what `report_factor_lost` raises, DocumentNotShown.
    """

    def end(now: dt.datetime) -> Mapping[str, str]:
        row = _row(asked.customer_id, factor_id)
        if row.state != "revoked":
            revoke_factor(asked.customer_id, factor_id, teller_id=asked.actor.staff_id, now=now)
        return _facts(row.method, row.device_serial or row.serial, "revoked")

    return _served(asked, vouchers.FACTOR_ENDED, (factor_id,), end, is_shown=True)


def factors_at_counter(actor: StaffCaller, customer_id: str) -> list[factors.FactorItem]:
    """All of a customer's factors, for who serves them; raises NotFound."""
    met(actor, customer_id)
    return factors.factors_of(customer_id)


def _served(
    asked: Service,
    kind: VoucherKind,
    subject: tuple[str, ...],
    act: Callable[[dt.datetime], Mapping[str, str]],
    *,
    is_shown: bool,
) -> Voucher:
    """Do it, and put the voucher of it; under a reference that is known, answer the voucher that is there."""
    profile = met(asked.actor, asked.customer_id)
    staff.require_teller(asked.actor.staff_id, profile.branch_id)
    shown = {"document": check_shown(profile, asked.document)} if is_shown else {}
    request = hashlib.sha256("|".join((kind.code, asked.customer_id, *subject)).encode()).hexdigest()
    found = service.found_once(profile.branch_id, asked.reference, request)
    if found is None:
        now = clock.now()
        facts = {"customer": asked.customer_id, "holder": mask_name(profile.name), **shown, **act(now)}
        draft = VoucherDraft(
            kind, asked.actor.staff_id, clock.to_text(now), facts, customer_id=asked.customer_id, request=request
        )
        found = service.write_once(profile.branch_id, asked.reference, draft)
    return service.voucher_of(found)


def _row(customer_id: str, factor_id: str) -> factors.FactorItem:
    row = next((row for row in factors.factors_of(customer_id) if row.factor_id == factor_id), None)
    if row is None:
        raise NotFound()
    return row


def _holds(customer_id: str, method: str, serial: str, now: dt.datetime) -> bool:
    """Whether the customer has just this device: issued by the attempt that this one repeats."""
    return any(
        (row.method, row.serial, factors.state_at(row, now)) == (method, serial, factors.ACTIVE)
        for row in factors.factors_of(customer_id)
    )


def _facts(method: str, serial: str | None, state: str) -> dict[str, str]:
    tail = {"serial": f"*{serial[-_LAST_DIGITS:]}"} if serial else {}
    return {"factor": method, **tail, "state": state}
