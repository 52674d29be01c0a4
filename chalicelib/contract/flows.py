"""What can be done with an answer: the links of the contract, from one operation to the next (OpenAPI Link Objects)."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """From a successful answer to `operation` (method and path as declared), whose path takes these values."""

    name: str
    operation: str
    parameters: dict[str, str]
    zh: str
    en: str


_TRANSFER_OF_BODY = {"transfer_id": "$response.body#/id"}
_TRANSFER_OF_PATH = {"transfer_id": "$request.path.transfer_id"}
_CONFIRMATION = "POST /v1/transfers/{transfer_id}/confirmation"
_CONFIRM = Link("confirm", _CONFIRMATION, _TRANSFER_OF_BODY, "确认后执行", "executed once it is confirmed")
_READ = Link("read", "GET /v1/transfers/{transfer_id}", _TRANSFER_OF_BODY, "查询", "as it stands")
_REVOKE = Link(
    "revoke", "POST /v1/transfers/{transfer_id}/revocation", _TRANSFER_OF_BODY, "到账前撤销", "before it arrives"
)
_CODE = Link("sendCode", "POST /v1/transfers/{transfer_id}/codes", _TRANSFER_OF_BODY, "重发验证码", "another code")
_RECEIPT = "GET /v1/transfers/{transfer_id}/receipt"

# By operation. Create -> confirm -> receipt, and what is asked for, waited for and fetched.
LINKS: dict[str, tuple[Link, ...]] = {
    "POST /v1/transfers": (
        _CONFIRM,
        _CODE,
        _READ,
        _REVOKE,
        Link("receipt", _RECEIPT, _TRANSFER_OF_BODY, "立即执行的转账的回单", "of one that was executed at once"),
    ),
    "POST /v1/receive-code-payments": (_CONFIRM, _CODE, _READ),
    _CONFIRMATION: (
        Link("receipt", _RECEIPT, _TRANSFER_OF_PATH, "电子回单，一两秒后可取", "the receipt, within a second or two"),
        _READ._replace(parameters=_TRANSFER_OF_PATH),
        _REVOKE._replace(parameters=_TRANSFER_OF_PATH),
    ),
    "GET /v1/transfers/{transfer_id}": (
        Link("receipt", _RECEIPT, _TRANSFER_OF_PATH, "已入账的转账的回单", "of one that was posted"),
    ),
    "GET /v1/transfers/{transfer_id}/receipt": (
        Link(
            "proof",
            "GET /v1/receipt-proofs/{number}",
            {"number": "$response.body#/number"},
            "存证",
            "once its day is sealed",
        ),
    ),
    "POST /v1/documents": (
        Link(
            "read",
            "GET /v1/documents/{document_id}",
            {"document_id": "$response.body#/id"},
            "下载链接",
            "with a link, once made",
        ),
    ),
    "POST /v1/standing-orders": (
        Link("read", "GET /v1/standing-orders/{order_id}", {"order_id": "$response.body#/id"}, "查询", "as it stands"),
        Link(
            "cancel",
            "POST /v1/standing-orders/{order_id}/cancellation",
            {"order_id": "$response.body#/id"},
            "取消",
            "for good",
        ),
    ),
    "POST /v1/batches": (
        Link(
            "read",
            "GET /v1/batches/{batch_id}",
            {"batch_id": "$response.body#/id"},
            "各笔结果",
            "how each payment ended",
        ),
    ),
    "POST /v1/password-applications": (
        Link(
            "confirm",
            "POST /v1/password-applications/{application_id}/confirmation",
            {"application_id": "$response.body#/application_id"},
            "凭验证码设置",
            "with the code",
        ),
    ),
    "POST /v1/settings/phone-changes": (
        Link(
            "confirm",
            "POST /v1/settings/phone-changes/{change_id}/confirmation",
            {"change_id": "$response.body#/id"},
            "凭验证码确认",
            "with the code",
        ),
    ),
    "POST /v1/transfers/{transfer_id}/recall": (
        Link("read", "GET /v1/recalls/{recall_id}", {"recall_id": "$response.body#/id"}, "查询", "as it stands"),
    ),
    "POST /v1/staff/approvals": (
        Link(
            "read",
            "GET /v1/staff/approvals/{approval_id}",
            {"approval_id": "$response.body#/request/id"},
            "对比与经过",
            "before and after, for who approves it",
        ),
    ),
}
# From the refusal that asks for a step-up to its confirmation.
STEP_UP = Link(
    "confirmStepUp",
    "POST /v1/step-ups/{step_up_id}/confirmation",
    {"step_up_id": "$response.body#/facts/step_up"},
    "step_up_required：确认后携带 Step-Up 重发",
    "of step_up_required: then send the same request with Step-Up",
)
