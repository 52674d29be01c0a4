"""Transfers over HTTP."""

from __future__ import annotations

from chalicelib.clearing import service as clearing
from chalicelib.customers import errors as customer_errors
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.maintenance import service as maintenance
from chalicelib.platform import clock
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    CurrencyUnsupported,
    CursorMalformed,
    IdempotencyKeyMissing,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.headers import idempotency_key_of
from chalicelib.platform.http import Answer, Api, Call, found_or_done
from chalicelib.platform.money import Money
from chalicelib.routing import errors as routing_errors
from chalicelib.stepup import errors as stepup_errors
from chalicelib.transfers import domain, errors, service
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import Created, create_transfer
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.commands.send_code_again import send_code_again
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.forms import (
    Confirmation,
    CreatedTransferView,
    NewTransfer,
    TransferPage,
    TransferQuery,
    TransferView,
    created_answer,
    view_of,
)

api = Api(__name__)


@api.operation(
    "POST",
    "/v1/transfers",
    zh="发起转账：报价并发送验证码，资金尚未转出；factor 为 none 时立即执行",
    en="Create a transfer: it is quoted and a code is sent, nothing moves yet; with factor none it is executed at once",
    auth=identity.money_checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    body=NewTransfer,
    answer=CreatedTransferView,
    is_payment=True,
    status=201,
    also=(200,),
    refusals=(
        IdempotencyKeyMissing,
        ledger_errors.IdempotencyKeyReused,
        AmountMalformed,
        AmountOutOfRange,
        CurrencyUnsupported,
        NotFound,
        errors.SamePayerAndPayee,
        errors.SpeedNotOffered,
        clearing.BankUnknown,
        routing_errors.NoChannelOpen,
        routing_errors.AmountUnroutable,
        routing_errors.CalendarUnknown,
        factor_errors.CodesExhausted,
        errors.FactorRequired,
        errors.ValidUntilTooFar,
        errors.TransferExpired,
        OutcomeUnknown,
        customer_errors.WrongPayeesExhausted,
        *errors.POSTING_REFUSALS,
    ),
)
def create(call: Call) -> Answer:
    """Create a transfer (YQ-4.2.2-xfer)."""
    key = call.idempotency_key()
    body, now = call.json(NewTransfer), clock.now()
    if body.payee_bank is not None:
        maintenance.require_open(maintenance.OTHER_BANKS, now)
    request = domain.Request(
        payer_account=body.payer_account,
        payee_account=body.payee_account,
        payee_name=body.payee_name,
        payee_bank=body.payee_bank,
        amount_fen=Money.parse(body.amount).amount_fen,
        currency=body.currency,
        purpose=body.purpose,
        valid_until=body.valid_until,
        factor=body.factor,
        factor_id=body.factor_id,
        speed=None if body.speed == domain.REALTIME else body.speed,
    )
    if body.factor == domain.NO_FACTOR:
        done = transfer_at_once(call.caller, key, request, call.correlation_id, now)
        return created_answer(Created(done.image, hit=done.hit))
    return created_answer(create_transfer(call.caller, key, request, call.correlation_id, now))


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/confirmation",
    zh="确认转账：验证码正确则立即执行；普通、次日到账的，款项先行圈存",
    en="Confirm a transfer: with the right code it is executed at once, or its money is set aside until it arrives",
    auth=identity.money_checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    body=Confirmation,
    answer=TransferView,
    is_payment=True,
    refusals=(
        NotFound,
        factor_errors.CodeWrong,
        factor_errors.SignatureWrong,
        factor_errors.SignatureRequired,
        factor_errors.PinWrong,
        factor_errors.PinLocked,
        factor_errors.TokenCodeUsed,
        errors.FactorDiffers,
        errors.TransferExpired,
        errors.TransferTriesExhausted,
        errors.TransferNotAwaiting,
        errors.AlreadyGivenBack,
        errors.TransferAltered,
        OutcomeUnknown,
        *errors.POSTING_REFUSALS,
    ),
)
def confirm(call: Call, transfer_id: str) -> Answer:
    """Confirm a transfer (NB-5.1.1)."""
    body = call.json(Confirmation)
    given = factors.given_of(body, call.caller)
    confirmed = confirm_transfer(call.caller, service.entry_id_from(transfer_id), given, clock.now())
    return found_or_done(view_of(confirmed.image), hit=confirmed.hit)


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/revocation",
    zh="撤销尚未到账的转账：款项、手续费及限额全部退回",
    en="Revoke a transfer that has not arrived: the money, the fee and the limits come back",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_REVOKE,
    answer=TransferView,
    refusals=(NotFound, errors.TransferNotPending, OutcomeUnknown),
)
def revoke(call: Call, transfer_id: str) -> Answer:
    """Revoke a transfer until it is executed (PBoC notice 261)."""
    revoked = revoke_transfer(call.caller, service.entry_id_from(transfer_id))
    return found_or_done(view_of(revoked.image), hit=revoked.hit)


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}",
    zh="查询一笔转账",
    en="One transfer",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_READ,
    answer=TransferView,
    refusals=(NotFound,),
)
def read_one(call: Call, transfer_id: str) -> TransferView:
    """A transfer by id; another customer's looks like an unknown one (NB-5.1.4)."""
    return view_of(service.transfer_of(call.caller.customer_id, service.entry_id_from(transfer_id)))


@api.operation(
    "GET",
    "/v1/transfers",
    zh="转账列表，或按幂等键查找",
    en="Transfers, newest first, or the one created with a key",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_READ,
    query=TransferQuery,
    answer=TransferPage,
    refusals=(NotFound, CursorMalformed, IdempotencyKeyMissing),
)
def read_page(call: Call) -> TransferPage:
    """A page of transfers; a new one appears within a second or so (a worker keeps the list)."""
    query = call.params(TransferQuery)
    customer_id = call.caller.customer_id
    if query.idempotency_key is not None:
        image = service.transfer_by_key(customer_id, idempotency_key_of(query.idempotency_key))
        return TransferPage(transfers=[view_of(image)], next_cursor=None)
    after = decode_cursor(query.cursor, "customer_id", customer_id, "created")
    images, last = service.transfer_page(customer_id, query.limit, after)
    return TransferPage(transfers=[view_of(image) for image in images], next_cursor=encode_cursor(last))


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/codes",
    zh="重新发送验证码，之前的验证码作废",
    en="Send another code; the one before is void",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    answer=TransferView,
    status=202,
    refusals=(
        NotFound,
        errors.TransferNotAwaiting,
        errors.TransferExpired,
        stepup_errors.FactorNotAccepted,
        stepup_errors.CodeTooSoon,
        stepup_errors.CodeSendsExhausted,
    ),
)
def send_again(call: Call, transfer_id: str) -> TransferView:
    """Another code by SMS: tries and time stay what they were."""
    return view_of(send_code_again(call.caller, transfer_id, clock.now()))
