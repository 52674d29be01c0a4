"""What holds for every operation, said once in the contract and referred to: headers, refusals, pages, keys, tokens."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from chalicelib.apps import service as apps
from chalicelib.platform.fields import DEFAULT_PAGE, MAX_PAGE
from chalicelib.platform.headers import CORRELATION_ID, IDEMPOTENCY_KEY
from chalicelib.platform.versions import VERSION

# What an introduction to the contract says; its figures are the code's.
_INTRODUCTION = Template(Path(__file__).with_name("conventions.md").read_text(encoding="utf-8"))
DESCRIPTION = _INTRODUCTION.substitute(default_page=DEFAULT_PAGE, max_page=MAX_PAGE)

SECURITY_SCHEMES: dict[str, Any] = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "客户登录凭证，五分钟有效，可续期 / a customer's access token, short-lived and renewed",
    },
    "staff": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "员工登录凭证，与客户凭证互不通用 / of staff; no customer's route takes one",
    },
}

# Where a bank is reached is the bank's to say; the contract is the same for all stages.
SERVER: dict[str, Any] = {
    "url": "https://{address}",
    "description": "银行公布的地址 / where the bank is reached",
    "variables": {"address": {"default": "bank.example", "description": "接口地址 / base of all paths"}},
}

PARAMETERS: dict[str, Any] = {
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "上一页的 next_cursor，首页不填 / next_cursor of the page before; none for the first page",
        "schema": {"type": "string", "minLength": 1, "maxLength": 512},
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "每页行数 / rows a page",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
    },
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "文字语言，默认中文 / language of texts, Chinese by default",
        "schema": {"type": "string", "default": "zh-CN", "examples": ["zh-CN", "en"]},
    },
    "CorrelationId": {
        "name": "X-Correlation-Id",
        "in": "header",
        # No pattern: what is malformed is replaced and never refused.
        "description": f"请求编号，应答原样返回；不合 `{CORRELATION_ID}` 则另给"
        f" / the client's id of the request, answered as it came; another is given for what is no `{CORRELATION_ID}`",
        "schema": {"type": "string"},
    },
    "AppVersion": {
        "name": apps.HEADER,
        "in": "header",
        "description": "手机银行客户端版本 / version of the bank's app",
        "schema": {"type": "string", "pattern": f"^{VERSION}$", "examples": ["3.2.0"]},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "幂等键，重发同一请求时不变 / the same again when the same request is sent again",
        "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY}$"},
    },
    "StepUp": {
        "name": "Step-Up",
        "in": "header",
        # No pattern: what names no step-up is as if there were none.
        "description": "已确认的 step_up 编号；其他值不计 / the id of a confirmed step-up; all else counts as none",
        "schema": {"type": "string", "examples": ["mzxw6ytboi2dkmrrgu4q"]},
    },
    "Purpose": {
        "name": "Purpose",
        "in": "header",
        "required": True,
        "description": "用途，2 至 100 字，UTF-8 百分号编码 / why: 2 to 100 characters, percent-encoded UTF-8",
        "schema": {"type": "string", "minLength": 2},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "已有一份的 ETag / the ETag of what the client has",
        "schema": {"type": "string"},
    },
}

HEADERS: dict[str, Any] = {
    "CorrelationId": {
        "description": "请求编号，报告问题时请提供 / id of the request, by which the bank finds it in its log",
        "schema": {"type": "string"},
    },
    "ContentLanguage": {
        "description": "文字语言 / language of the texts",
        "schema": {"type": "string", "enum": ["zh-CN", "en"]},
    },
    "RetryAfter": {
        "description": "多少秒后可重试 / after how many seconds to try again",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWWAuthenticate": {
        "description": "须登录 / a log-in is needed",
        "schema": {"type": "string", "const": "Bearer"},
    },
    "IdempotencyHit": {
        "description": "true：此前已受理，本次未重复执行 / it was done before and not again",
        "schema": {"type": "string", "const": "true"},
    },
    "ETag": {"description": "内容标识 / tag of the very content", "schema": {"type": "string"}},
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail", "code", "correlation_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "urn:rural-bank:problem:<code>"},
        "title": {"type": "string", "description": "代码的文字 / the code in words"},
        "status": {"type": "integer", "description": "HTTP 状态码 / the status again"},
        "detail": {"type": "string", "description": "说明，按 Accept-Language / a sentence, by Accept-Language"},
        "code": {"type": "string", "description": "稳定代码 / stable code"},
        "correlation_id": {"type": "string", "description": "请求编号 / id of the request"},
        "facts": {
            "type": "object",
            "description": "说明中的数据 / the figures of the sentence",
            "additionalProperties": {"type": "string"},
        },
        "errors": {
            "type": "array",
            "description": "malformed_request：哪些字段、何种问题 / which fields do not fit, and how",
            "items": {
                "type": "object",
                "required": ["field", "code"],
                "properties": {
                    "field": {"type": "string", "description": "字段 / the field"},
                    "code": {"type": "string", "description": "问题代码 / stable code"},
                },
            },
        },
    },
}

# What the gateway answers by itself and no operation does: status and sentence. A test holds them to the template.
GATEWAY: dict[str, tuple[int, str]] = {
    "forbidden": (403, "网关拒绝了该请求。 / The gateway refused the request."),
    "too_many_requests": (429, "请求过于频繁，请稍后再试。 / Too many requests; try again in a moment."),
    "unavailable": (503, "服务暂不可用，请稍后再试。 / The service is not available; try again later."),
}
