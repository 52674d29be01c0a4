"""Certificates: applied for at the counter, downloaded once with a code sent by SMS, renewed online in time.

The code is bound to customer, carrier and key device; a failed download applies anew and gets a new code (NB-5.3.3-dl).
Which key is certified is an `Offer`: of a signing request, of a JWK that signed its registration, or the bank's own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from chalicelib.audit import service as audit
from chalicelib.blanks import service as stock
from chalicelib.customers import service as customers
from chalicelib.factors import authority, domain, service, signatures, store
from chalicelib.factors.commands.download_codes import download_code
from chalicelib.factors.commands.end_factor import require_teller
from chalicelib.factors.commands.issue_token import ID_BYTES, MAX_SERIAL
from chalicelib.factors.commands.sign_with_pin import check_pin, make_key
from chalicelib.factors.commands.take_place import activated, free_method, pass_place, replaced, take_place
from chalicelib.factors.domain import Given
from chalicelib.factors.errors import (
    CodeWrong,
    DownloadCodeVoid,
    FactorMalformed,
    FactorNotActive,
    FactorStateUnfit,
    RenewalNotOpen,
    SignatureWrong,
)
from chalicelib.identity.commands.check_pin import require_good_pin
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, passwords, queues, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.platform.queues import Message

_NOT_THE_CARRIERS = "云证书须提交 PIN，其他载体须提交公钥 / a cloud certificate takes a PIN, any other carrier a key"


@dataclass(frozen=True, slots=True)
class Offer:
    """The key to be certified, in one of three ways: a PKCS#10 request; a JWK, and `proof`, its ES256 over the
    registration form; or a PIN, for which the bank makes a key and keeps it (cloud certificate).
    """

    request_pem: str = ""
    jwk: signatures.Jwk | None = None
    proof: bytes = b""
    pin: str = field(default="", repr=False)

    def signed_text(self, customer_id: str, factor_id: str, code: str) -> bytes:
        """What stands for the key: the request, or the form. At renewal the old key signs it, and `code` is empty."""
        if self.jwk is None:
            return self.request_pem.encode()
        return signatures.registration_form(self.jwk, customer_id, factor_id, code)

    def key(self, customer_id: str, factor_id: str, code: str) -> EllipticCurvePublicKey | None:
        """The key, whose sender has proved to hold the private half; None where the bank is to make it.

        Raises FactorMalformed; PasswordPersonal, PasswordPattern for a PIN that is easily guessed.
        """
        if self.pin:
            require_good_pin(customer_id, self.pin)
            return None
        if self.jwk is None:
            return signatures.requested_key(self.request_pem)
        return signatures.proved_key(self.jwk, self.proof, self.signed_text(customer_id, factor_id, code))


def apply_for_certificate(
    customer_id: str, method: str, *, teller_id: str, now: dt.datetime, device_serial: str = "", correlation_id: str
) -> str:
    """Apply at the counter; the code to download goes to the reserved phone. The factor's id.

    Applying again, after a failed download, gives a new code and voids the old one. `device_serial` is the USB
    key's, which leaves the stock of the teller's branch in the same write, unless the customer has it already
    (NB-5.3.5). Raises StaffNotEntitled, FactorMalformed, FactorHeldAlready, BlankNotInStock, BlankIssued,
    BlankCancelled, BlankSpoiled; FactorNotActive when codes cannot go to the phone because it was reported lost.
    """
    require_teller(customer_id, teller_id)
    is_serial = device_serial.isalnum() and device_serial.isascii() and len(device_serial) <= MAX_SERIAL
    if method not in domain.CARRIERS or (method == domain.USB_KEY and not is_serial):
        raise FactorMalformed(reason="载体或序列号 / carrier or serial number")
    if not service.takes_codes(customer_id):
        # The phone is in other hands, or nobody's: its loss is lifted first (NB-5.3.6).
        raise FactorNotActive(factors=domain.words(service.methods_held(customer_id, now)))
    known = free_method(customer_id, method, now)
    valid_for = dt.timedelta(seconds=parameters.value(parameters.DOWNLOAD_CODE_VALID_S, now))
    open_rows = [row for row in known if row.state == domain.APPLIED]
    factor_id = open_rows[0].factor_id if open_rows else ids.random_id(ID_BYTES)
    attempt = int(open_rows[0].attempt or 0) + 1 if open_rows else 1
    row: Image = {
        "customer_id": customer_id,
        "factor_id": factor_id,
        "method": method,
        "state": domain.APPLIED,
        "valid_from": clock.to_text(now),
        "device_serial": device_serial or None,
        "attempt": attempt,
        "tries": 0,
        "code_until": clock.to_text(now + valid_for),
    }
    writes: list[ItemPut | ItemUpdate]
    if open_rows:
        write = store.update_of(customer_id, factor_id).require(
            store.state_rule(domain.APPLIED), attempt_rule(attempt - 1)
        )
        write.set(
            "#attempt = :attempt, #tries = :none, #valid_from = :asked, #code_until = :until, #device_serial = :device",
            asked=s(row["valid_from"]),
            attempt=n(attempt),
            none=n(0),
            until=s(row["code_until"]),
            device=s(device_serial),
        )
        writes = [write]
    else:
        writes = [store.put_of(row), take_place(customer_id, method, factor_id, known, now)]
    updates.together([*writes, *_blank_writes(row, known, teller_id, now)])
    # The row is there: if this message is lost, so is only the code, and the counter applies anew.
    queues.send(
        "codes",
        [
            Message(
                f"{factor_id}#code#{attempt}",
                "certificate.code_requested",
                customer_id,
                correlation_id,
                {"factor_id": factor_id, "attempt": str(attempt)},
            )
        ],
    )
    return factor_id


def _blank_writes(
    row: Image, known: list[store.FactorItem], teller_id: str, now: dt.datetime
) -> list[ItemPut | ItemUpdate]:
    """The USB key goes to the customer; one that it takes the place of is of no use any more."""
    if row["method"] != domain.USB_KEY:
        return []
    customer_id, serial = row["customer_id"], row["device_serial"]
    blanks = stock.Plan(stock.USB_KEY, teller_id, now)
    blanks.issue_or_keep(serial, customer_id, row["factor_id"])
    for old in sorted({other.device_serial for other in known if other.device_serial} - {serial}):
        of_it = [other for other in known if other.device_serial == old]
        unused = all(other.state == domain.APPLIED for other in of_it)
        blanks.cancel(old, customer_id, of_it[0].factor_id, unused=unused)
    return blanks.writes


def download_certificate(
    customer_id: str,
    factor_id: str,
    *,
    code: str,
    offer: Offer,
    now: dt.datetime,
    session_id: str,
    device_id: str | None = None,
) -> x509.Certificate:
    """Certify the key offered: with the right code, once; the factor is active in the same write.

    A phone's certificate ends with the bound device of the session, where it has one (`lost_with_device`).

    Raises NotFound, what `Offer.key` refuses (no try is taken), FactorStateUnfit, DownloadCodeVoid, CodeWrong,
    KeyCertifiedAlready, PhoneChanged when the code went to a phone that is no longer the customer's, FactorNotActive
    when that was reported lost.
    """
    key = offer.key(customer_id, factor_id, code)
    most = parameters.value(parameters.SMS_CODE_TRIES, now)
    claim = store.update_of(customer_id, factor_id)
    claim.require(store.state_rule(domain.APPLIED), code_valid_rule(clock.to_text(now)), tries_rule(most))
    claim.require(carrier_rule(bank_keeps=key is None))
    image = updates.insist(claim.set("#tries = #tries + :one", one=n(1)))
    expected = download_code(image)
    if not domain.is_same(code, expected):
        raise CodeWrong(tries_left=str(most - image["tries"]))
    ended = replaced(free_method(customer_id, image["method"], now))
    kept: Image = {}
    if key is None:
        key, kept = make_key(customer_id, factor_id, passwords.hash_password(offer.pin))
    issued = _issue(key, customer_id, factor_id, now)
    update = store.update_of(customer_id, factor_id)
    update.require(store.state_rule(domain.APPLIED), attempt_rule(image["attempt"]))
    update.set(
        "#state = :active, #valid_from = :from, #valid_until = :until, #serial = :serial, "
        "#certificate = :certificate, #authority = :authority",
        **{"active": s(domain.ACTIVE), "from": s(clock.to_text(now))},
        until=s(clock.to_text(issued.valid_until)),
        serial=s(serial_text(issued.certificate)),
        certificate={"B": issued.der},
        authority=s(issued.authority),
    )
    if image["method"] == domain.PHONE:
        kept = {"device_id": device_id}
    for name, value in to_raw(kept).items():
        update.set(f"#{name} = :{name}", **{name: value})
    event = audit.event(customer_id, audit.FACTOR_ISSUED, now, session_id=session_id, factor=image["method"])
    # Until it is active, `valid_from` is when its code was asked for.
    record = activated(customer_id, factor_id, image["method"], [old.factor_id for old in ended])
    record.require(customers.phone_rule(clock.from_text(image["valid_from"])), domain.active_rule(domain.SMS_ID))
    record.require(*customers.device_rules(device_id))
    reminders = store.reminder_puts(customer_id, factor_id, image["method"], issued.valid_until)
    claimed = store.key_put(signatures.compressed(key), customer_id, factor_id)
    updates.together([update, record, event, claimed, *reminders])
    return issued.certificate


def renew_certificate(
    caller: Caller, factor_id: str, *, offer: Offer, signature: bytes, now: dt.datetime
) -> tuple[str, x509.Certificate]:
    """Replace a certificate by one for a new key, from a month before it ends; its own key signs the offer, or its PIN
    is given, which stays that of the new one.

    The new one is a factor of its own, the old one ends: what it signed can still be verified. (id, certificate)
    Raises NotFound, FactorMalformed, FactorStateUnfit (after the end: the counter), RenewalNotOpen, SignatureWrong,
    KeyCertifiedAlready, and what `check_pin` raises.
    """
    customer_id = caller.customer_id
    key = None if offer.pin else offer.key(customer_id, factor_id, "")
    row = store.get(customer_id, factor_id)
    if row is None or row.certificate is None or row.valid_until is None:
        raise NotFound()
    if service.state_at(row, now) != domain.ACTIVE:
        raise FactorStateUnfit(state=service.state_at(row, now))
    opens = renewal_opens(clock.from_text(row.valid_until), now)
    if now < opens:
        raise RenewalNotOpen(opens=clock.to_local_text(opens))
    if (row.method == domain.CLOUD) != (key is None):
        raise FactorMalformed(reason=_NOT_THE_CARRIERS)
    new_id, kept = ids.random_id(ID_BYTES), Image()
    if key is None:
        given = Given(domain.CERTIFICATE, pin=offer.pin, device_id=caller.device_id)
        most = parameters.value(parameters.PIN_TRIES, now)
        checked = check_pin(customer_id, factor_id, given, most, now)
        key, kept = make_key(customer_id, new_id, checked["pin_hash"])
    else:
        old_key = signatures.key_of(x509.load_der_x509_certificate(row.certificate))
        if not signatures.is_signed(old_key, signature, offer.signed_text(customer_id, factor_id, "")):
            raise SignatureWrong(tries_left="0")
    issued = _issue(key, customer_id, new_id, now)
    new_row = {
        "customer_id": customer_id,
        "factor_id": new_id,
        "method": row.method,
        "state": domain.ACTIVE,
        "valid_from": clock.to_text(now),
        "valid_until": clock.to_text(issued.valid_until),
        "serial": serial_text(issued.certificate),
        "device_serial": row.device_serial,
        "device_id": (caller.device_id or row.device_id) if row.method == domain.PHONE else None,
        "certificate": issued.der,
        "authority": issued.authority,
        **kept,
    }
    old = store.update_of(customer_id, factor_id).require(store.state_rule(domain.ACTIVE))
    old.set("#state = :revoked, #ended_at = :at", revoked=s(domain.REVOKED), at=s(clock.to_text(now)))
    record = activated(customer_id, new_id, row.method, [factor_id])
    record.require(domain.active_rule(factor_id), *customers.device_rules(caller.device_id))
    event = audit.event(customer_id, audit.FACTOR_RENEWED, now, session_id=caller.session_id, factor=row.method)
    claimed = store.key_put(signatures.compressed(key), customer_id, new_id)
    reminders = store.reminder_puts(customer_id, new_id, row.method, issued.valid_until)
    place = pass_place(customer_id, row.method, new_id, [factor_id])
    updates.together([old, store.put_of(new_row), place, record, event, claimed, *reminders])
    return new_id, issued.certificate


def renewal_opens(valid_until: dt.datetime, now: dt.datetime) -> dt.datetime:
    """When renewal opens: the Shanghai midnight a month, by parameter, before the end (NB-5.3.4)."""
    return domain.opens_at(valid_until, parameters.value(parameters.CERTIFICATE_RENEWAL_MONTHS, now))


def serial_text(certificate: x509.Certificate) -> str:
    """A certificate's serial number: 16 hexadecimal digits."""
    return f"{certificate.serial_number:016x}"


def _issue(key: EllipticCurvePublicKey, customer_id: str, factor_id: str, now: dt.datetime) -> authority.Issued:
    months = parameters.value(parameters.CERTIFICATE_VALID_MONTHS, now)
    return authority.issue(key, customer_id, factor_id, months, now)


def carrier_rule(*, bank_keeps: bool) -> Rule:
    """The key is kept where the applied-for certificate's carrier has it: at the bank, or at the customer's."""
    return Rule(
        "#method = :cloud" if bank_keeps else "#method <> :cloud",
        {":cloud": s(domain.CLOUD)},
        lambda image: bool((image.get("method") == domain.CLOUD) == bank_keeps),
        lambda _: FactorMalformed(reason=_NOT_THE_CARRIERS),
    )


def attempt_rule(attempt: int) -> Rule:
    """No newer code was applied for meanwhile."""
    return Rule(
        "#attempt = :known_attempt",
        {":known_attempt": n(attempt)},
        lambda image: bool(image["attempt"] == attempt),
        lambda _: DownloadCodeVoid(),
    )


def code_valid_rule(now_text: str) -> Rule:
    """The code's time is not over."""
    return Rule(
        "#code_until > :now",
        {":now": s(now_text)},
        lambda image: bool(image.get("code_until", "") > now_text),
        lambda _: DownloadCodeVoid(),
    )


def tries_rule(most: int) -> Rule:
    """A try is left; it is taken before the code is looked at."""
    return Rule(
        "#tries < :most_tries",
        {":most_tries": n(most)},
        lambda image: bool(image.get("tries", most) < most),
        lambda _: DownloadCodeVoid(),
    )
