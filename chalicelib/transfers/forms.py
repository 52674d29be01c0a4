"""What requests about transfers say, and what they are answered."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.platform import clock, fields
from chalicelib.platform.confirmations import FactorId, FactorProof
from chalicelib.platform.dynamo import Image
from chalicelib.platform.http import Answer, Body, Query, View, found_or_done
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import decimal_text
from chalicelib.transfers import domain, service
from chalicelib.transfers.commands.create_transfer import Created


class NewTransfer(Body):
    """What the customer wants; the payee's name must match the account."""

    payer_account: fields.AccountId
    payee_account: fields.AccountId
    payee_name: fields.PersonName
    payee_bank: Annotated[
        fields.BankCode | None,
        Field(
            description="收款人开户行行号，缺省为本行 / the payee's bank, by its clearing code; without it: this bank"
        ),
    ] = None
    amount: fields.AmountText
    currency: fields.CurrencyText = "CNY"
    purpose: fields.Purpose = ""
    factor: Annotated[
        Literal["sms", "token", "certificate", "small", "none"],
        Field(
            description="确认方式；small 为小额免密，约定金额内无需验证码；none 仅限本人账户之间，立即执行 / "
            "small: within the amount agreed on, quoted and then confirmed without a code; none: own accounts only, "
            "executed at once"
        ),
    ] = "sms"
    valid_until: Annotated[
        fields.Moment | None,
        Field(
            validate_default=True,
            description="factor 为 none 时必填，最多为 24 小时之后，到时不再执行；其他方式由银行确定，不得填写 / "
            "required with none, at most 24 hours ahead: not executed from then on; not allowed with any other factor, "
            "where the bank sets it",
        ),
    ] = None

    @field_validator("valid_until")
    @classmethod
    def _stated_where_it_is_kept(cls, value: str | None, info: ValidationInfo) -> str | None:
        # A time that the bank would not keep to is refused, not ignored. A factor that is wrong is told by itself.
        factor = info.data.get("factor")
        if factor == domain.NO_FACTOR and value is None:
            raise PydanticCustomError("missing", "stated for a transfer at once")
        if factor not in (None, domain.NO_FACTOR) and value is not None:
            raise PydanticCustomError("not_allowed", "set by the bank where a factor confirms")
        return value

    speed: Annotated[
        Literal["realtime", "normal", "next_day"],
        Field(
            description="到账方式：实时、普通（约 2 小时）、次日；到账前可撤销；本人账户之间仅限实时 / "
            "at once, in some two hours, or the next day; what arrives later can be revoked until then; between own "
            "accounts at once only"
        ),
    ] = "realtime"
    factor_id: FactorId = ""


class Confirmation(FactorProof):
    """The code for this very transfer; or its signature, ES256 over the canonical form that its creation answered; or
    the PIN for which the bank makes it; or, for a small amount, that it is what was shown (小额免密).
    """

    factor: Literal["sms", "token", "certificate", "small"]  # type: ignore[assignment]  # one more than a step-up has


class TransferView(View):
    """A transfer as its payer sees it; the payee stays masked."""

    id: fields.EntryId
    state: Annotated[
        Literal["awaiting", "pending", "posted", "cancelled", "returned", "expired"],
        Field(
            description="pending 为已确认、款项已圈存、待到账；cancelled 为付款人已撤销；returned 为未能到账、已退回 / "
            "pending: confirmed, the money set aside; cancelled: revoked by the payer; returned: could not be executed"
        ),
    ]
    payer_account: fields.MaskedAccount
    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName
    payee_bank: Annotated[
        fields.BankCode | None, Field(description="收款人开户行行号，本行为空 / the payee's bank; null: this bank")
    ]
    returned: Annotated[
        bool,
        Field(description="已退回：款项、手续费与限额已退还 / returned: amount, fee and limits were given back"),
    ]
    channel: Annotated[
        str | None, Field(description="跨行渠道，行内为空 / by which channel to another bank; null: inside this bank")
    ]
    expected_at: Annotated[
        fields.Timestamp | None, Field(description="跨行预计到账时间 / when it should arrive at another bank")
    ]
    amount: fields.AmountText
    fee: fields.AmountText
    currency: str
    purpose: str
    factor: Annotated[str, Field(description="确认方式 / how it is confirmed")]
    factor_id: Annotated[str, Field(description="认证工具编号 / which factor confirms it")]
    digest: Annotated[str, Field(description="指令摘要 SHA-256 / digest of the instruction")]
    created_at: fields.Timestamp
    valid_until: Annotated[fields.Timestamp, Field(description="有效截止时间 / not confirmed from then on")]
    speed: Annotated[str, Field(description="到账方式 / how soon it arrives")]
    arrives_at: Annotated[
        fields.Timestamp | None,
        Field(description="到账时间，报价即执行；实时为空 / when it arrives, as quoted; null: at once"),
    ]
    confirmed_at: Annotated[fields.Timestamp | None, Field(description="非实时转账的确认时间 / of what arrives later")]
    ended_at: Annotated[fields.Timestamp | None, Field(description="撤销或退回时间 / when it was given back")]
    reason: Annotated[str | None, Field(description="退回原因代码 / why it was returned: a refusal's code")]
    posted_at: fields.Timestamp | None
    business_date: fields.BusinessDate | None


class CreatedTransferView(TransferView):
    """What the app shows and signs: the canonical form has what the customer typed, so nothing new is told."""

    hints: Annotated[
        list[Literal["day_sum_high"]],
        Field(
            description="风险提示：day_sum_high 为当日向他人转账累计将超过提醒金额 / "
            "day_sum_high: with it, more than the bank's mark is paid to others on that day"
        ),
    ]
    canonical: Annotated[
        str,
        Field(description="指令规范形式的 Base64，签名与展示的对象 / base64 of the canonical form: shown and signed"),
    ]


class TransferPage(View):
    """One page, newest first."""

    transfers: list[TransferView]
    next_cursor: fields.Cursor | None


class TransferQuery(Query):
    """Page, or look one up by the key it was created with."""

    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None
    idempotency_key: Annotated[str | None, Field(description="按幂等键查找 / look up by key")] = None


def view_of(image: Image) -> TransferView:
    return TransferView(
        id=image["entry_id"],
        state=domain.state_at(image, clock.to_text(clock.now())),  # type: ignore[arg-type]  # one of them
        payer_account=mask_account(image["payer_account"]),
        payee_account=mask_account(image["payee_account"]),
        payee_name=mask_name(image["payee_name"]),
        payee_bank=image.get("payee_bank"),
        returned="reversed_by" in image,
        channel=image.get("channel"),
        expected_at=image.get("expected_at"),
        amount=decimal_text(image["amount_fen"]),
        fee=decimal_text(image["fee_fen"]),
        currency=image["currency"],
        purpose=image["purpose"],
        factor=image["factor"],
        factor_id=image["factor_id"],
        digest=image["digest"].hex(),
        created_at=image["created_at"],
        valid_until=image["valid_until"],
        speed=image.get("speed") or domain.REALTIME,
        arrives_at=image.get("arrives_at"),
        confirmed_at=image.get("confirmed_at"),
        ended_at=image.get("ended_at"),
        reason=image.get("reason"),
        posted_at=image.get("posted_at"),
        business_date=image.get("business_date"),
    )


def created_answer(created: Created) -> Answer:
    view = CreatedTransferView.model_validate(
        {
            **view_of(created.image).model_dump(),
            "hints": list(created.hints),
            "canonical": service.canonical_text(created.image),
        }
    )
    return found_or_done(view, hit=created.hit, status=201)
