"""A customer's own data over HTTP: profile, real-name verification, cards bound and not bound (YQ-4.2.2-set)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.accounts import service as accounts
from chalicelib.customers import errors
from chalicelib.customers import service as customers
from chalicelib.customers.commands import bind_account as binding
from chalicelib.customers.commands import change_phone
from chalicelib.customers.commands.change_profile import change_mailing_address
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.customers.commands.verify_identity import Verification, verification_of, verify_identity
from chalicelib.customers.domain import IdentityDocument
from chalicelib.entitlements import service as entitlements
from chalicelib.factors.errors import CodeWrong, FactorNotActive
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown, TryAgain
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.masking import mask_account, mask_name, mask_phone
from chalicelib.platform.texts import printable
from chalicelib.stepup import errors as stepup_errors

api = Api(__name__)

_STEP_UP = (stepup_errors.StepUpRequired, stepup_errors.StepUpLimitReached, stepup_errors.StrongFactorRequired)


class IdentityQuestion(Body):
    """Name and document as printed on it."""

    name: fields.PersonName
    document_kind: Literal["resident_id"]
    document_number: Annotated[
        str,
        StringConstraints(min_length=1, max_length=32),
        Field(description="居民身份证号码 / resident identity number (GB 11643)"),
    ]


class VerificationView(View):
    """Whether the identity is verified, since when and by which provider."""

    state: Annotated[str, Field(description="verified 已认证, refused 未通过 / verified, refused")]
    at: fields.Timestamp
    provider: str
    face_at: Annotated[fields.Timestamp | None, Field(description="最近一次人脸比对通过 / a face last matched")]


def _verification(found: Verification) -> VerificationView:
    return VerificationView(state=found.state, at=found.at, provider=found.provider, face_at=found.face_at)


@api.operation(
    "POST",
    "/v1/identity-verifications",
    zh="实名认证",
    en="Verify your identity by name and document",
    auth=identity.checks_session,
    entitlement=entitlements.IDENTITY_VERIFY,
    body=IdentityQuestion,
    answer=VerificationView,
    refusals=(
        NotFound,
        errors.DocumentInvalid,
        errors.DocumentNotOnFile,
        errors.IdentityTriesExhausted,
        errors.IdentityNotVerified,
        errors.IdentityProviderUnavailable,
        TryAgain,
        OutcomeUnknown,
    ),
)
def verify(call: Call) -> VerificationView:
    """Real-name verification (XJ-3.4); asked again once verified, the answer is the same."""
    body = call.json(IdentityQuestion)
    document = IdentityDocument.of(body.document_kind, body.document_number)
    return _verification(verify_identity(call.caller, body.name, document, clock.now()))


class CardToBind(Body):
    """A card or account of one's own: its number, or the reference under which it is listed."""

    card: Annotated[
        str,
        StringConstraints(min_length=10, max_length=26),
        Field(description="卡号、账号或列表中的 reference / number, or the list's reference"),
    ]


class BoundView(View):
    """A card or account in online banking."""

    id: fields.AccountId
    right: Annotated[str, Field(description="full 可转账, query 仅查询 / full pays, query only looks")]


class UnboundView(View):
    """A card or account of the customer's that can be bound."""

    reference: Annotated[str, Field(description="绑定时代替卡号 / stands for the number when binding")]
    number: fields.MaskedAccount
    kind: str


class CardList(View):
    bound: list[BoundView]
    unbound: list[UnboundView]


@api.operation(
    "GET",
    "/v1/cards",
    zh="已绑定与可绑定的卡和账户",
    en="Cards bound, and cards that can be",
    auth=identity.checks_session,
    entitlement=entitlements.ACCOUNTS_READ,
    answer=CardList,
)
def cards(call: Call) -> CardList:
    """The caller's cards and accounts: in online banking, and not yet."""
    caller = call.caller

    def shows(account: ledger.Account) -> bool:
        kind = entitlements.account_kind(account.kind, account.right)
        return entitlements.is_allowed(call.entitlement, caller.edition, account=kind)

    customer_id = caller.customer_id
    return CardList(
        bound=[
            BoundView(id=account.account_id, right=account.right)
            for account in accounts.accounts_for(caller, call.entitlement)
        ],
        unbound=[
            UnboundView(
                reference=binding.reference_of(customer_id, account.account_id),
                number=mask_account(account.account_id),
                kind=account.kind,
            )
            for account in binding.unbound_of(customer_id)
            if shows(account)
        ],
    )


@api.operation(
    "POST",
    "/v1/cards",
    zh="一键绑卡（仅查询），须确认身份",
    en="Bind a card or account of your own, to look at, with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.CARD_BIND,
    body=CardToBind,
    answer=BoundView,
    status=201,
    refusals=(
        *_STEP_UP,
        errors.CardNumberInvalid,
        errors.DocumentNotOnFile,
        NotFound,
        errors.PhoneNotReserved,
        errors.AccountNotInGoodStanding,
        errors.TooManyAccounts,
        TryAgain,
        OutcomeUnknown,
    ),
)
def bind(call: Call) -> BoundView:
    """Bind (NB-5.4.1-pro): bound online, an account never pays. Bound again, the answer is the same."""
    planned = binding.plan_binding(call.caller, call.json(CardToBind).card, clock.now())
    account = binding.bind_account(call.caller, planned, call.header("step-up"), call.correlation_id, clock.now())
    return BoundView(id=account.account_id, right=account.right)


@api.operation(
    "DELETE",
    "/v1/cards/{account_id}",
    zh="解绑（仅限网上绑定的卡和账户）",
    en="Unbind a card or account that was bound online",
    auth=identity.checks_session,
    entitlement=entitlements.CARD_UNBIND,
    answer=None,
    status=204,
    refusals=(NotFound, errors.ContractedAtCounter, TryAgain, OutcomeUnknown),
)
def unbind(call: Call, account_id: str) -> Answer:
    """Take it out of online banking."""
    binding.unbind_account(call.caller, account_id, clock.now())
    return Answer(None)


MailingAddress = Annotated[
    str,
    StringConstraints(max_length=100, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="通讯地址，空为删除 / mailing address; empty takes it off"),
]


class ProfileChange(Body):
    """What may be changed without a proof."""

    mailing_address: MailingAddress


class ProfileView(View):
    """Who the customer is, as far as a screen should show it."""

    name: fields.MaskedName
    phone: Annotated[str, Field(description="部分遮蔽的签约手机号 / phone signed up, masked")]
    edition: Annotated[str, Field(description="本次登录的版本 / the edition of this session")]
    edition_signed: Annotated[str, Field(description="签约的版本 / the edition signed up for")]
    identity: Annotated[VerificationView | None, Field(description="实名认证结果 / real-name verification")]
    mailing_address: str | None


def _profile(call: Call, profile: customers.Profile) -> ProfileView:
    customer = customers.customer_of(call.caller.customer_id)
    if customer is None:
        raise NotFound()
    found = verification_of(profile)
    return ProfileView(
        name=mask_name(profile.name),
        phone=mask_phone(profile.phone),
        edition=call.caller.edition,
        edition_signed=customer.edition,
        identity=_verification(found) if found else None,
        mailing_address=profile.image.get("mailing_address"),
    )


@api.operation(
    "GET",
    "/v1/profile",
    zh="个人资料",
    en="Your own data",
    auth=identity.checks_session,
    entitlement=entitlements.PROFILE,
    answer=ProfileView,
    refusals=(NotFound,),
)
def read_profile(call: Call) -> ProfileView:
    """Masked: enough to recognise oneself (YQ-4.2.2-set)."""
    try:
        return _profile(call, customers.profile_of(call.caller.customer_id))
    except KeyError:
        raise NotFound() from None


@api.operation(
    "PATCH",
    "/v1/profile",
    zh="修改个人资料",
    en="Change your own data",
    auth=identity.checks_session,
    entitlement=entitlements.PROFILE,
    body=ProfileChange,
    answer=ProfileView,
    refusals=(NotFound, TryAgain, OutcomeUnknown),
)
def change_profile(call: Call) -> ProfileView:
    """Change the mailing address; name, document and phone take a proof and are not here."""
    return _profile(call, change_mailing_address(call.caller, call.json(ProfileChange).mailing_address, clock.now()))


_On = Annotated[bool, Field(description="网上转账功能是否开启 / whether online transfers are switched on")]


class TransferSwitch(Body):
    """On or off."""

    on: _On


class TransferSwitchView(View):
    """On or off, as it is now, and whether the bank has stopped them beside that."""

    on: _On
    stopped_by_bank: Annotated[bool, Field(description="本行是否已停用 / whether the bank has stopped them")]


@api.operation(
    "GET",
    "/v1/settings/transfers",
    zh="网上转账开关",
    en="The switch of online transfers",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_READ,
    answer=TransferSwitchView,
)
def read_switch(call: Call) -> TransferSwitchView:
    """Whether transfers to others are switched on."""
    return _switch(customers.require_live_session(call.caller))


@api.operation(
    "PUT",
    "/v1/settings/transfers",
    zh="开启或关闭网上转账：关闭立即生效，开启须确认身份",
    en="Switch online transfers: off at once, on with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_SWITCH_OFF,
    body=TransferSwitch,
    answer=TransferSwitchView,
    refusals=(*_STEP_UP, errors.TransfersStopped, OutcomeUnknown),
)
def set_switch(call: Call) -> TransferSwitchView:
    """Off stops every transfer to others at once (XJ-4.4-switch)."""
    body = call.json(TransferSwitch)
    customer = switch_transfers(
        call.caller, on=body.on, given=call.header("step-up"), correlation_id=call.correlation_id, now=clock.now()
    )
    return _switch(customer)


def _switch(customer: customers.Customer) -> TransferSwitchView:
    return TransferSwitchView(on=customer.transfers_on, stopped_by_bank=bool(customer.stopped_since))


class NewPhone(Body):
    """The number that is to receive codes from now on."""

    phone: Annotated[str, Field(pattern="^1[3-9][0-9]{9}$", description="新手机号 / the new number")]


class PhoneCode(Body):
    """The code that came to the new number."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="短信验证码 / SMS code", examples=["123456"])]


class PhoneChangeView(View):
    """A change that waits for the code sent to the new number."""

    id: str
    phone: Annotated[str, Field(description="新手机号（脱敏） / the new number, masked")]
    valid_until: fields.Timestamp


@api.operation(
    "POST",
    "/v1/settings/phone-changes",
    zh="申请更换预留手机号：须强认证；验证码发往新号码",
    en="Ask to change the reserved phone: with a strong factor; a code goes to the new number",
    auth=identity.checks_session,
    entitlement=entitlements.PHONE_CHANGE,
    body=NewPhone,
    answer=PhoneChangeView,
    status=202,
    refusals=(
        errors.PhoneUnchanged,
        *_STEP_UP,
        OutcomeUnknown,
    ),
)
def begin_phone_change(call: Call) -> PhoneChangeView:
    """Begin to change the number that receives codes (NB-5.3.7-2)."""
    challenge = change_phone.begin(
        call.caller,
        call.json(NewPhone).phone,
        given=call.header("step-up"),
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    return PhoneChangeView(
        id=challenge.challenge_id, phone=mask_phone(challenge.facts["phone"]), valid_until=challenge.valid_until
    )


@api.operation(
    "POST",
    "/v1/settings/phone-changes/{change_id}/confirmation",
    zh="确认新号码，立即生效",
    en="Confirm the new number: it takes effect at once",
    auth=identity.checks_session,
    entitlement=entitlements.PHONE_PROVE,
    body=PhoneCode,
    answer=None,
    status=204,
    refusals=(
        NotFound,
        CodeWrong,
        FactorNotActive,
        errors.PhoneChanged,
        stepup_errors.StepUpNotAwaiting,
        stepup_errors.StepUpExpired,
        stepup_errors.StepUpTriesExhausted,
        stepup_errors.StepUpAltered,
        OutcomeUnknown,
    ),
)
def confirm_phone_change(call: Call, change_id: str) -> Answer:
    """From now on codes go to the new number only; the old one is told."""
    change_phone.complete(call.caller, change_id, call.json(PhoneCode).code, clock.now())
    return Answer(None)
