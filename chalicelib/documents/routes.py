"""Documents over HTTP: asked for, read, and fetched by a link that lives for minutes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from chalicelib.documents import domain, errors, service
from chalicelib.documents.domain import Document, Wanted
from chalicelib.entitlements import service as entitlements
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import CursorMalformed, IdempotencyKeyMissing, NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.receipts import errors as receipt_errors
from chalicelib.statements.errors import MonthMalformed

api = Api(__name__)

Kind = Annotated[
    Literal["receipt", "receipts", "statement", "bill"],
    Field(
        description="receipt 一份电子回单；receipts 多份回单压缩包；statement 对账单；bill 月度账单 / one receipt, an "
        "archive of receipts, a statement of any period, a monthly bill"
    ),
]
FormatName = Annotated[
    str, Field(pattern="^[a-z0-9]{2,10}$", description="格式，见 docs/documents.md / format", examples=["jws"])
]
Language = Annotated[Literal["zh", "en"], Field(description="文件语言 / language of the file")]


class NewDocument(Body):
    """What is wanted. `receipt` takes a transfer; `receipts` transfers, or an account and a period; `statement` an
    account and a period; `bill` an account and a month. What does not apply is refused.
    """

    kind: Kind
    format: FormatName
    language: Language = "zh"
    transfer_id: Annotated[fields.EntryId | None, Field(validate_default=True)] = None
    of: Annotated[
        Literal["transfer", "reversal"] | None,
        Field(description="transfer 转账回单（默认）；reversal 冲正回单 / of the transfer, or of what reversed it"),
    ] = None
    transfer_ids: Annotated[
        list[fields.EntryId] | None,
        Field(min_length=1, max_length=domain.MAX_RECEIPTS, description="转账编号 / transfers"),
    ] = None
    account_id: Annotated[fields.AccountId | None, Field(validate_default=True)] = None
    date_from: Annotated[
        fields.CalendarDate | None, Field(validate_default=True, description="起始会计日期 / first business date")
    ] = None
    date_to: Annotated[
        fields.CalendarDate | None, Field(validate_default=True, description="截止会计日期 / last business date")
    ] = None
    month: Annotated[str | None, Field(validate_default=True, description="月份 / month", examples=["2026-10"])] = None

    @field_validator("transfer_id")
    @classmethod
    def _of_one(cls, value: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        return value if kind is None else fields.present_if(value, wanted=kind == domain.RECEIPT)

    @field_validator("of")
    @classmethod
    def _with_one(cls, value: Any, info: ValidationInfo) -> Any:
        kind = info.data.get("kind")
        return value if kind in (None, domain.RECEIPT) else fields.present_if(value, wanted=False)

    @field_validator("transfer_ids")
    @classmethod
    def _of_several(cls, value: Any, info: ValidationInfo) -> Any:
        kind = info.data.get("kind")
        return value if kind in (None, domain.RECEIPTS) else fields.present_if(value, wanted=False)

    @field_validator("account_id", "date_from", "date_to", "month")
    @classmethod
    def _of_an_account(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not {"kind", "transfer_ids"} <= info.data.keys():
            return value  # what is wrong is told by itself
        kind = info.data["kind"]
        by_period = kind == domain.STATEMENT or (kind == domain.RECEIPTS and info.data["transfer_ids"] is None)
        by_month = kind == domain.BILL
        wanted = {"account_id": by_period or by_month, "month": by_month}.get(info.field_name or "", by_period)
        return fields.present_if(value, wanted=wanted)

    def wanted(self) -> Wanted:
        """What is wanted, as the domain has it."""
        ids = self.transfer_ids or ([self.transfer_id] if self.transfer_id is not None else [])
        return Wanted(
            self.kind,
            self.format,
            self.language,
            tuple(ids),
            self.of or domain.TRANSFER,
            self.account_id or "",
            self.date_from or "",
            self.date_to or "",
            self.month or "",
        )


class DocumentView(View):
    """A document as its customer sees it. Size and digest are there once it is ready, a code once it has failed."""

    id: Annotated[str, Field(description="文件编号 / the document's id")]
    kind: Kind
    format: FormatName
    language: Language
    state: Annotated[
        Literal["waiting", "ready", "failed"],
        Field(
            description="waiting 生成中；ready 可下载；failed 未能生成，见原因，可用同一 Idempotency-Key 重新申请 / "
            "failed: ask again with the same Idempotency-Key"
        ),
    ]
    file_name: str
    media_type: str
    size_bytes: int | None
    sha256: Annotated[str | None, Field(description="文件 SHA-256，十六进制 / of the file, hex")]
    created_at: fields.Timestamp
    ended_at: fields.Timestamp | None
    kept_until: Annotated[
        fields.Timestamp | None, Field(description="保留至；凭证类长期保留，为空 / null: kept as a voucher")
    ]
    code: Annotated[str | None, Field(description="未能生成的原因代码 / why it could not be made")]
    zh: str | None
    en: str | None


class DocumentWithLink(DocumentView):
    """The same with a link to its file, made anew each time."""

    link: Annotated[
        str | None,
        Field(description="下载链接，短期有效，请勿转发 / works for whoever has it while it lives"),
    ]
    link_until: Annotated[fields.Timestamp | None, Field(description="链接有效至 / until when the link works")]


class DocumentPage(View):
    """One page, newest first."""

    documents: list[DocumentView]
    next_cursor: fields.Cursor | None


class DocumentQuery(Query):
    """A page of them."""

    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _view(document: Document) -> DocumentView:
    is_ready = document.state == domain.READY
    return DocumentView(
        id=document.document_id,
        kind=document.kind,  # type: ignore[arg-type]  # one of the domain's
        format=document.format,
        language=document.language,  # type: ignore[arg-type]  # the same
        state=document.state,  # type: ignore[arg-type]  # the same
        file_name=document.file_name,
        media_type=document.media_type,
        size_bytes=document.size_bytes if is_ready else None,
        sha256=document.sha256 if is_ready else None,
        created_at=document.created_at,
        ended_at=document.ended_at or None,
        kept_until=clock.to_text(clock.from_epoch(document.expires_at)) if document.expires_at else None,
        code=document.code or None,
        zh=document.zh or None,
        en=document.en or None,
    )


@api.operation(
    "POST",
    "/v1/documents",
    zh="申请生成文件：电子回单、回单压缩包、对账单、月度账单",
    en="Ask for a file: an e-receipt, an archive of them, a statement, a monthly bill",
    auth=identity.checks_session,
    entitlement=entitlements.DOCUMENTS_READ,
    body=NewDocument,
    answer=DocumentView,
    status=202,
    also=(200,),
    refusals=(
        IdempotencyKeyMissing,
        ledger_errors.IdempotencyKeyReused,
        errors.DocumentFormatUnavailable,
        errors.DocumentPeriodRefused,
        errors.DocumentTooManyReceipts,
        errors.DocumentsExhausted,
        MonthMalformed,
        NotFound,
        receipt_errors.ReceiptNotReady,
        receipt_errors.ReceiptPeriodTooLong,
        EditionNotEntitled,
        OutcomeUnknown,
    ),
)
def create(call: Call) -> Answer:
    """Take the wish; the file follows within seconds."""
    from chalicelib.documents.commands import ask_document  # noqa: PLC0415  # most requests are for something else

    document_id = service.document_id_of(call.caller.customer_id, call.idempotency_key())
    wanted = call.json(NewDocument).wanted()
    asked = ask_document.ask_document(call.caller, document_id, wanted, call.correlation_id, clock.now())
    return found_or_done(_view(asked.document), hit=asked.hit, status=202)


@api.operation(
    "GET",
    "/v1/documents/{document_id}",
    zh="查询文件及下载链接",
    en="One document, with a link to its file",
    auth=identity.checks_session,
    entitlement=entitlements.DOCUMENTS_READ,
    answer=DocumentWithLink,
    refusals=(NotFound, EditionNotEntitled),
)
def read_one(call: Call, document_id: str) -> DocumentWithLink:
    """A document by id; another customer's looks like an unknown one (NB-5.1.4)."""
    now = clock.now()
    document = service.document_of(call.caller, document_id, now)
    link = service.link_of(document, now)
    return DocumentWithLink(
        **_view(document).model_dump(),
        link=link.address if link is not None else None,
        link_until=link.until if link is not None else None,
    )


@api.operation(
    "GET",
    "/v1/documents",
    zh="文件列表",
    en="Documents, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.DOCUMENTS_READ,
    query=DocumentQuery,
    answer=DocumentPage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> DocumentPage:
    """A page of documents; one that was just asked for, or has just ended, may lag there for a moment."""
    query = call.params(DocumentQuery)
    documents, following = service.document_page(call.caller.customer_id, query.limit, query.cursor, clock.now())
    return DocumentPage(documents=[_view(document) for document in documents], next_cursor=following)
