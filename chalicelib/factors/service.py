"""Factors as those who confirm with them see them: choose one, verify what was given, and what the write requires."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.factors import code_secret, domain, store
from chalicelib.factors.domain import (
    ACTIVE,
    AT_SIGN_UP,
    CERTIFICATE,
    CLOUD,
    METHODS,
    NO_FACTOR,
    SMALL,
    SMS,
    SMS_ID,
    TOKEN,
    Chosen,
    Given,
    Policy,
    Terms,
    active_rule,
    factor_of,
    unlifted_rule,
)
from chalicelib.factors.errors import (
    BoundDeviceRequired,
    CodeWrong,
    FactorCeilingExceeded,
    FactorNotActive,
    SignatureWrong,
)
from chalicelib.factors.store import FactorItem
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemUpdate, n
from chalicelib.platform.errors import Refusal

if TYPE_CHECKING:
    from chalicelib.platform.confirmations import FactorProof

__all__ = [
    "ACTIVE",
    "AT_SIGN_UP",
    "CERTIFICATE",
    "NO_FACTOR",
    "SMALL",
    "SMS",
    "SMS_ID",
    "TOKEN",
    "Chosen",
    "CodeWrong",
    "FactorItem",
    "Given",
    "Policy",
    "Proof",
    "active_rule",
    "choose",
    "code_entered",
    "confirmation_code",
    "count_coded",
    "device_refusals",
    "expected",
    "factor_of",
    "factors_of",
    "forget_secret",
    "given_of",
    "is_sealed",
    "known_secrets",
    "methods_held",
    "naming_what_is_usable",
    "policy",
    "require",
    "rotate_secret",
    "seal_of",
    "state_at",
    "takes_codes",
    "terms_at",
    "unlifted_rule",
    "verify",
    "verify_code",
]

forget_secret = code_secret.forget
rotate_secret = code_secret.rotate
known_secrets = code_secret.known


@dataclass(frozen=True, slots=True)
class Proof:
    """What was verified, and under which terms the payment's write may rest on it.

    `step` is the minute of a token's code; `signature` a certificate's; `secret` seals the record of a code.
    """

    terms: Terms
    step: int | None = None
    signature: bytes | None = None
    secret: bytes = field(default=b"", repr=False)

    def evidence(self, digest: bytes, factor_id: str, session_id: str, posted_at: str) -> bytes:
        """What stays with the entry: the signature, or the seal that a code for this digest was entered."""
        if self.signature is not None:
            return self.signature
        return domain.seal(self.secret, digest, factor_id, session_id, posted_at)


def code_entered(digest: bytes, factor_id: str, session_id: str, at: str) -> bytes:
    """The seal that the right code for this digest was entered, for what is no payment."""
    return domain.seal(code_secret.current(), digest, factor_id, session_id, at)


def given_of(body: FactorProof, caller: Caller) -> Given:
    """What a caller's confirmation brings."""
    signature = base64.b64decode(body.signature or "")
    return Given(body.factor, body.code or "", signature, body.pin or "", caller.device_id)


def confirmation_code(digest: bytes, attempt: int) -> str:
    """The code that confirms the instruction with that digest; computed anew by who sends and who checks."""
    return domain.derive_code(code_secret.current(), digest, attempt)


def verify_code(given: str, digest: bytes, attempt: int, tries_left: int) -> None:
    """Raises CodeWrong unless `given` is the code; the try must have been claimed before."""
    if _is_code(given, digest, attempt):
        return
    # The sender may have met a new secret before this instance did; tries are few, so this is rare.
    code_secret.forget()
    if not _is_code(given, digest, attempt):
        raise CodeWrong(tries_left=str(tries_left))


def _is_code(given: str, digest: bytes, attempt: int) -> bool:
    codes = [domain.derive_code(secret, digest, attempt) for secret in code_secret.accepted()]
    return any(domain.is_same(given, code) for code in codes)


def policy(now: dt.datetime) -> Policy:
    """The ceilings in force, by the parameter `factor.policy` (XJ-4.2-limit)."""
    standard = Policy(
        domain.STANDARD,
        {
            SMS: parameters.value(parameters.SMS_CEILING_FEN, now),
            TOKEN: parameters.value(parameters.TOKEN_CEILING_FEN, now),
            domain.PHONE: parameters.value(parameters.PHONE_CEILING_FEN, now),
            domain.CLOUD: parameters.value(parameters.CLOUD_CEILING_FEN, now),
            domain.USB_KEY: parameters.value(parameters.USB_KEY_CEILING_FEN, now),
            SMALL: parameters.value(parameters.NO_FACTOR_SINGLE_FEN, now),
        },
        None,
    )
    if parameters.value(parameters.FACTOR_POLICY, now) == domain.STANDARD:
        return standard
    return domain.strict_policy(
        standard,
        parameters.value(parameters.STRICT_SINGLE_FEN, now),
        parameters.value(parameters.STRICT_DAY_FEN, now),
    )


def factors_of(customer_id: str) -> list[FactorItem]:
    """All factors a customer has or had, in order of id."""
    return store.of_customer(customer_id)


def takes_codes(customer_id: str) -> bool:
    """Whether codes may go to the reserved phone: not after SMS codes were reported lost or revoked (NB-5.3.6).

    Who never chose SMS codes for payments still gets those of other operations.
    """
    row = store.get(customer_id, SMS_ID)
    return row is None or row.state == domain.ACTIVE


def state_at(row: FactorItem, now: dt.datetime) -> str:
    """A factor's state as a reader sees it: an active one whose time is over reads `expired`."""
    if row.state == domain.ACTIVE and row.valid_until is not None and row.valid_until <= clock.to_text(now):
        return domain.EXPIRED
    return row.state


def terms_at(now: dt.datetime) -> Terms:
    """Under which a payment may rest on a proof now."""
    return Terms(parameters.value(parameters.WRONG_CODES_DAY, now), policy(now))


def device_refusals(method: str, device_id: str | None) -> list[Refusal]:
    """Why `method` may not confirm in a session of that device, or of none (decision 0015)."""
    return [BoundDeviceRequired()] if method == CLOUD and device_id is None else []


def choose(caller: Caller, image: Image, factor: str, factor_id: str, now: dt.datetime) -> Chosen:
    """The factor that is to confirm: the one named by `factor_id`, else the strongest of its kind that is active.

    One that would not do in the caller's session comes last. `image` is the customer's record. Reads the factor's
    row, except for SMS.
    """
    customer_id = caller.customer_id
    if factor == SMALL:
        return Chosen(SMALL, SMALL, SMALL)
    held: dict[str, str] = image.get("factors", {})
    fitting = [id_ for id_, method in held.items() if factor_of(method) == factor and factor_id in ("", id_)]

    def strength(id_: str) -> tuple[bool, int]:
        return not device_refusals(held[id_], caller.device_id), METHODS.index(held[id_])

    for id_ in sorted(fitting, key=strength, reverse=True):
        if held[id_] == SMS:
            return Chosen(factor, id_, SMS)
        row = store.get(customer_id, id_)
        if row is not None and row.valid_until is not None and state_at(row, now) == domain.ACTIVE:
            kept = kept_of(row, now)
            if kept is not None:
                return Chosen(factor, id_, held[id_], clock.from_text(row.valid_until), kept)
    return Chosen(factor)


def kept_of(row: FactorItem, now: dt.datetime) -> dict[str, Any] | None:
    """What the instruction keeps of a certificate: key and serial number; None for one that is not the bank's."""
    if not row.certificate:
        return {}
    from cryptography import x509  # noqa: PLC0415  # X.509 is for those few who need it

    from chalicelib.factors import authority, signatures  # noqa: PLC0415  # the same

    certificate = x509.load_der_x509_certificate(row.certificate)
    issuer = authority.authority_named(row.authority)
    if not signatures.is_issued_by(certificate, issuer) or not signatures.is_valid_at(certificate, now):
        return None
    key = signatures.key_of(certificate)
    return {"pubkey": key, "serial": bytes.fromhex(row.serial or "")}


def seal_of(form: bytes) -> bytes:
    """The seal of an instruction that is being stored: who writes another into the table cannot make it.

    Made with the secret of the codes, so it holds as long as a code does.
    """
    return domain.instruction_seal(code_secret.current(), form)


def is_sealed(form: bytes, seal: bytes) -> bool:
    """Whether the bank stored the instruction just so."""
    if _is_seal(form, seal):
        return True
    # Whoever stored it may have met a new secret before this instance did.
    code_secret.forget()
    return _is_seal(form, seal)


def _is_seal(form: bytes, seal: bytes) -> bool:
    seals = [domain.instruction_seal(secret, form) for secret in code_secret.accepted()]
    return any(hmac.compare_digest(seal, one) for one in seals)


def expected(now: dt.datetime) -> Proof:
    """What a confirmation will have to satisfy, for who judges before there is one."""
    return Proof(terms_at(now))


def require(
    update: ItemUpdate, factor: str, factor_id: str, proof: Proof | None, business_date: str, outward_fen: int
) -> None:
    """Put on the payer's record what a payment confirmed by that factor rests on, in the write itself.

    `outward_fen` is what leaves to somebody else. Without a factor nothing is required; with one, its proof is. What
    the owner agreed on for small amounts is a limit of theirs (`limits.limit_small`).
    """
    if factor == NO_FACTOR:
        return
    if proof is None:
        raise TypeError("a payment that a factor confirms rests on its proof")
    if factor == SMALL:
        return
    update.require(domain.active_rule(factor_id))
    if factor != CERTIFICATE:
        update.require(domain.guesses_rule(business_date, proof.terms.wrong_codes_day))
    if proof.step is not None:
        # The very write that moves the money uses up the code, and those of the minutes before it.
        update.require(domain.step_rule(proof.step)).set("#token_step = :step", step=n(proof.step))
    if outward_fen:
        update.require(domain.ceiling_rule(factor_id, outward_fen, proof.terms.policy))


def count_coded(factor: str, image: Image, now: dt.datetime) -> None:
    """Count an instruction that a code will confirm, so that the tries of a day are bounded however many run at once.

    `image` is the customer's record; counts of days long over go with the same write. Raises CodesExhausted.
    """
    if factor not in (SMS, TOKEN):
        return
    date = clock.business_date(now)
    update = customers.customer_update(image["customer_id"])
    update.require(domain.codes_rule(date, parameters.value(parameters.CODES_DAY, now)))
    updates.insist(_add_one(update, f"codes_{date}").remove(*domain.expired_counts(image, date)))


def verify(given: Given, image: Image, message: bytes, tries_left: int, now: dt.datetime) -> Proof:
    """Check what was given against the claimed instruction `image`, whose canonical form is `message`.

    That it is as the bank stored it (`is_sealed`) was checked before. Raises CodeWrong, SignatureWrong, TokenCodeUsed,
    what sign_with_pin raises; FactorNotActive for a token that is gone. A wrong code is counted: CodeGuessesExhausted
    when too many were entered today.
    """
    terms = terms_at(now)
    if given.factor == SMALL:
        return Proof(terms, secret=code_secret.current())
    if given.factor == CERTIFICATE:
        signature = given.signature
        if given.pin:
            from chalicelib.factors.commands import sign_with_pin as cloud  # noqa: PLC0415  # for those few who need it

            owner, factor_id = image["customer_id"], image["factor_id"]
            signature = cloud.sign_with_pin(owner, factor_id, given, message, tries_left, now)
        return Proof(terms, signature=_verified_signature(signature, image, message, tries_left))
    step = None
    with counting_wrong(image["customer_id"], terms.wrong_codes_day, now):
        if given.factor == TOKEN:
            step = verify_token(given.code, image, tries_left, now)
        else:
            verify_code(given.code, image["digest"], image["attempt"], tries_left)
    return Proof(terms, step=step, secret=code_secret.current())


def _verified_signature(signature: bytes, image: Image, message: bytes, tries_left: int) -> bytes:
    from chalicelib.factors import signatures  # noqa: PLC0415  # X.509 is for those few who need it

    if not signatures.is_signed(image["pubkey"], signature, message):
        raise SignatureWrong(tries_left=str(tries_left))
    return signature


def verify_token(code: str, image: Image, tries_left: int, now: dt.datetime) -> int:
    """The minute of a token's code, which a write has to use up. Raises CodeWrong, FactorNotActive."""
    from chalicelib.factors import vault  # noqa: PLC0415  # the same
    from chalicelib.platform import totp  # noqa: PLC0415  # the same

    row = store.get(image["customer_id"], image["factor_id"])
    if row is None or row.seed is None or state_at(row, now) != domain.ACTIVE:
        raise FactorNotActive(factors=NO_FACTOR)
    step = totp.accepted_step(vault.decrypt(row.seed, row.customer_id, row.factor_id), code, now)
    if step is None:
        raise CodeWrong(tries_left=str(tries_left))
    return step


def methods_held(customer_id: str, now: dt.datetime) -> list[str]:
    """Methods of the customer's factors that are active and not past their end, weakest first."""
    held = {row.method for row in store.of_customer(customer_id) if state_at(row, now) == domain.ACTIVE}
    return [method for method in METHODS if method in held]


@contextmanager
def naming_what_is_usable(caller: Caller, now: dt.datetime) -> Iterator[None]:
    """Where a factor is refused inside, name those of the customer's that would do: the record has expired ones too,
    and those of other sessions.
    """
    try:
        yield
    except (FactorNotActive, FactorCeilingExceeded) as refusal:
        held = methods_held(caller.customer_id, now)
        usable = [method for method in held if not device_refusals(method, caller.device_id)]
        if isinstance(refusal, FactorNotActive):
            raise FactorNotActive(factors=domain.words(usable)) from None
        would_do = refusal.facts["factors"].split(",")
        yours = domain.words(method for method in usable if method in would_do)
        raise FactorCeilingExceeded(**{**refusal.facts, "yours": yours}) from None


@contextmanager
def counting_wrong(customer_id: str, most: int, now: dt.datetime) -> Iterator[None]:
    """Count a wrong code inside as one of the day's, payments and step-ups together; the last one is told.

    Raises CodeGuessesExhausted in place of CodeWrong once there were enough; TryAgain, OutcomeUnknown.
    """
    try:
        yield
    except CodeWrong:
        date = clock.business_date(now)
        update = customers.customer_update(customer_id).require(domain.guesses_rule(date, most))
        counted = updates.insist(_add_one(update, f"wrong_{date}"))
        if counted[f"wrong_{date}"] >= most:
            audit.record(customer_id, audit.CODE_GUESSES_EXHAUSTED, now)
        raise


def _add_one(update: ItemUpdate, bucket: str) -> ItemUpdate:
    return update.set(f"#{bucket} = if_not_exists(#{bucket}, :zero) + :one", zero=n(0), one=n(1))
