"""What can be done with an answer: the links of the contract, from one operation to the next (OpenAPI Link Objects)."""

from __future__ import annotations

from collections.abc import Callable
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


def _of(path: str, **parameters: str) -> Callable[..., Link]:
    """Links to what is under a path, whose values stand there in the answer (`/…`) or in the request's own `path`."""
    values = {
        name: f"$request.path.{name}" if source == "path" else f"$response.body#{source}"
        for name, source in parameters.items()
    }

    def link(name: str, method: str, rest: str, zh: str, en: str) -> Link:
        return Link(name, f"{method} {path}{rest}", values, zh, en)

    return link


_document = _of("/v1/documents/{document_id}", document_id="/id")
_order = _of("/v1/standing-orders/{order_id}", order_id="/id")
_payee = _of("/v1/payees/{payee_id}", payee_id="/id")
_recall = _of("/v1/recalls/{recall_id}", recall_id="/id")
_bill_check = _of("/v1/accounts/{account_id}/bills/{month}/check", account_id="path", month="path")
_outage = _of("/v1/staff/outages/{outage_id}", outage_id="/id")
_case = _of("/v1/staff/emergency-cases/{case_id}", case_id="/id")
_desk = _of("/v1/staff/bill-checks/{check_id}", check_id="/id")
_till = _of("/v1/staff/counter/tills/{business_date}/{teller}", business_date="/business_date", teller="/teller")
_sample = _of(
    "/v1/staff/audit/samples/{business_date}/{sample_id}", business_date="/sample/business_date", sample_id="/sample/id"
)
_voucher = _of("/v1/staff/counter/vouchers/{number}", number="/voucher")
_own_request = _of("/v1/staff/approvals/{approval_id}", approval_id="/request/id")
_waits = _of("/v1/staff/approvals/{approval_id}", approval_id="/approval")

_READ_ORDER = _order("read", "GET", "", "查询", "as it stands")
_CANCEL_ORDER = _order("cancel", "POST", "/cancellation", "取消", "for good")
_READ_CASE = _case("read", "GET", "", "查询", "as it stands")
_STEP_CASE = _case("step", "POST", "/steps", "记录下一步", "the next step")
_PRINT = _voucher("print", "POST", "/prints", "打印凭证", "on paper")
_READ_VOUCHER = _voucher("readVoucher", "GET", "", "凭证", "the voucher")
_LOOK = _waits("read", "GET", "", "对比与经过", "before and after, for who approves it")
_CUSTOMER = "/v1/staff/counter/customers/{customer_id}"
_ACCOUNT = "/v1/staff/counter/accounts/{account}"
# What the counter asks a second person for, and what it does at once, on a voucher.
_ASKED = (
    "/v1/staff/counter/vouchers/{number}/corrections",
    *(f"{_CUSTOMER}/{what}" for what in ("sign-ups", "editions", "closings", "unlocks")),
    f"{_CUSTOMER}/phone-changes/{{phone_change}}/requests",
    f"{_CUSTOMER}/factors/{{factor_id}}/lifts",
    f"{_ACCOUNT}/lifts",
    f"{_ACCOUNT}/court-orders",
    *(f"{_ACCOUNT}/court-orders/{{place}}/{what}" for what in ("renewals", "liftings", "transfers")),
)
_VOUCHED = (
    *(f"{_CUSTOMER}/{what}" for what in ("tokens", "certificates")),
    *(f"{_CUSTOMER}/factors/{{factor_id}}/{what}" for what in ("losses", "endings")),
    *(f"/v1/staff/counter/stock/{what}" for what in ("deliveries", "transfers", "spoilages", "returns")),
    f"{_ACCOUNT}/stops",
    "/v1/staff/counter/court-enquiries",
)

# By operation. Create -> confirm -> receipt, and what is asked for, waited for, fetched, ended and approved.
LINKS: dict[str, tuple[Link, ...]] = {
    "POST /v1/transfers": (
        _CONFIRM,
        _CODE,
        _READ,
        _REVOKE,
        Link("receipt", _RECEIPT, _TRANSFER_OF_BODY, "立即执行的转账的回单", "of one that was executed at once"),
    ),
    "POST /v1/receive-codes": (
        _of("/v1/receive-codes/{code_id}", code_id="/id")("withdraw", "DELETE", "", "作废", "nobody pays by it"),
    ),
    "POST /v1/receive-code-payments": (_CONFIRM, _CODE, _READ),
    _CONFIRMATION: (
        Link("receipt", _RECEIPT, _TRANSFER_OF_PATH, "电子回单，一两秒后可取", "the receipt, within a second or two"),
        _READ._replace(parameters=_TRANSFER_OF_PATH),
        _REVOKE._replace(parameters=_TRANSFER_OF_PATH),
        Link(
            "recall",
            "POST /v1/transfers/{transfer_id}/recall",
            _TRANSFER_OF_PATH,
            "请收款人退回",
            "ask the payee to give it back",
        ),
    ),
    "POST /v1/transfers/{transfer_id}/codes": (_CONFIRM,),
    "GET /v1/transfers/{transfer_id}": (
        Link("receipt", _RECEIPT, _TRANSFER_OF_PATH, "已入账的转账的回单", "of one that was posted"),
    ),
    "GET /v1/transfers/{transfer_id}/receipt": (
        _of("/v1/receipt-proofs/{number}", number="/number")("proof", "GET", "", "存证", "once its day is sealed"),
    ),
    "POST /v1/payees": (
        _payee("read", "GET", "", "查询", "as it stands"),
        _payee("change", "PATCH", "", "修改备注、分组", "its alias or group"),
        _payee("remove", "DELETE", "", "删除", "from the list"),
    ),
    "POST /v1/documents": (_document("read", "GET", "", "下载链接", "with a link, once made"),),
    "POST /v1/standing-orders": (
        _READ_ORDER,
        _order("change", "PATCH", "", "修改", "what is paid, or when"),
        _order("pause", "POST", "/pause", "暂停", "for a while"),
        _CANCEL_ORDER,
    ),
    "POST /v1/standing-orders/{order_id}/pause": (
        _order("resume", "POST", "/resumption", "恢复", "goes on"),
        _CANCEL_ORDER,
    ),
    "POST /v1/batches": (
        _of("/v1/batches/{batch_id}", batch_id="/id")("read", "GET", "", "各笔结果", "how each payment ended"),
    ),
    "POST /v1/cards": (
        _of("/v1/cards/{account_id}", account_id="/id")("remove", "DELETE", "", "解除绑定", "from online banking"),
    ),
    "POST /v1/password-applications": (
        _of("/v1/password-applications/{application_id}", application_id="/application_id")(
            "confirm", "POST", "/confirmation", "凭验证码设置", "with the code"
        ),
    ),
    "POST /v1/settings/phone-changes": (
        _of("/v1/settings/phone-changes/{change_id}", change_id="/id")(
            "confirm", "POST", "/confirmation", "凭验证码确认", "with the code"
        ),
    ),
    "POST /v1/notification-settings/email-bindings": (
        _of("/v1/notification-settings/email-bindings/{binding_id}", binding_id="/id")(
            "confirm", "POST", "/confirmation", "凭验证码确认", "with the code"
        ),
    ),
    "POST /v1/step-ups/{step_up_id}/codes": (
        _of("/v1/step-ups/{step_up_id}", step_up_id="/id")(
            "confirm", "POST", "/confirmation", "凭验证码确认", "with the code"
        ),
    ),
    "POST /v1/transfers/{transfer_id}/recall": (
        _recall("read", "GET", "", "查询", "as it stands"),
        _recall("withdraw", "POST", "/withdrawal", "撤回", "is asked no more"),
    ),
    "POST /v1/recalls/{recall_id}/agreement": (
        _CONFIRM._replace(parameters={"transfer_id": "$response.body#/transfer/id"}),
    ),
    "GET /v1/accounts/{account_id}/bills/{month}": (
        _bill_check("check", "GET", "", "对账情况", "how it was reconciled"),
        _bill_check("agree", "POST", "/confirmation", "相符", "it is right"),
        _bill_check("dispute", "POST", "/dispute", "不符", "it is not"),
    ),
    "POST /v1/staff/approvals": (
        _own_request("read", "GET", "", "对比与经过", "before and after, for who approves it"),
        _own_request("approve", "POST", "/approval", "复核同意", "by another person"),
        _own_request("reject", "POST", "/rejection", "复核拒绝", "by another person"),
        _own_request("withdraw", "POST", "/withdrawal", "撤回", "by who asked"),
    ),
    "POST /v1/staff/members": (
        _own_request("read", "GET", "", "对比与经过", "before and after, for who approves it"),
        _own_request("approve", "POST", "/approval", "复核同意", "by another person"),
    ),
    "POST /v1/staff/emergencies": (
        _of("/v1/staff/emergencies/{case_id}", case_id="/id")("review", "POST", "/review", "事后复核", "afterwards"),
    ),
    "POST /v1/staff/counter/tills": (
        _till("read", "GET", "", "查询", "as it is"),
        _till("count", "POST", "/counts", "轧账", "at day-end"),
    ),
    "POST /v1/staff/counter/tills/{business_date}/{teller}/counts": (
        _till("settle", "POST", "/settlement", "差错处理", "a difference, by a second person"),
    ),
    "POST /v1/staff/counter/deposits": (_READ_VOUCHER, _PRINT, _LOOK),
    "POST /v1/staff/counter/withdrawals": (_READ_VOUCHER, _PRINT, _LOOK),
    f"POST {_CUSTOMER}/phone-changes": (
        _of(f"{_CUSTOMER}/phone-changes/{{phone_change}}", customer_id="path", phone_change="/phone_change")(
            "request", "POST", "/requests", "凭验证码提交复核", "with the code, for approval"
        ),
    ),
    f"POST {_CUSTOMER}/password-resets": (
        _READ_VOUCHER,
        _of("/v1/password-applications/{application_id}", application_id="/application_id")(
            "confirm", "POST", "/confirmation", "客户凭验证码设置", "by the customer, with the code"
        ),
    ),
    **{f"POST {path}": (_LOOK,) for path in _ASKED},
    **{f"POST {path}": (_READ_VOUCHER, _PRINT) for path in _VOUCHED},
    "POST /v1/staff/customers/searches": (
        _of("/v1/staff/customers/{customer_id}", customer_id="/customer")("read", "GET", "", "查询", "as they stand"),
    ),
    "POST /v1/staff/bill-checks/{check_id}/taking": (
        _desk("reply", "POST", "/reply", "答复客户", "to the customer"),
        _desk("close", "POST", "/closing", "结案", "for good"),
    ),
    "POST /v1/staff/outages": (
        _outage("read", "GET", "", "查询", "as it stands"),
        _outage("step", "POST", "/steps", "记录下一步", "the next step"),
        _outage("draft", "GET", "/drafts", "报告草稿", "of its report"),
        _outage("publish", "POST", "/publication", "对外说明", "what is told of it"),
    ),
    "POST /v1/staff/emergency-cases": (_READ_CASE, _STEP_CASE),
    "POST /v1/staff/emergency-cases/{case_id}/steps": (_READ_CASE, _STEP_CASE),
    "POST /v1/staff/audit/samples": (
        _sample("read", "GET", "", "查询", "as it stands"),
        _sample("mark", "POST", "/marks", "逐笔核对", "of one entry"),
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
