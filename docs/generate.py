"""Writes the pages of docs/ that are made from the code (`PAGES`); with `--check` it only compares.

The pages are functions of the refusal classes, the ranks, the gateway's own answers, the entitlements' table, staff's
matrix and the requirements with their marks, so that running it twice changes nothing. A new rank without words here
stops it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import app
from chalicelib.contract import service as contract
from chalicelib.entitlements import service as entitlements
from chalicelib.parameters import service as parameters
from chalicelib.platform import errors, problems, validation
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff
from chalicelib.transfers import states as transfer_states
from compliance import retention
from compliance.page import page_when_all_pass
from docs import events, reference
from docs.reference import table
from infra.build import OVERLAY_FILE
from infra.environment import read_template

HERE = Path(__file__).parent
RANK_PREFIX = "RANK_"
# What each place in the order is about; the numbers are platform.errors' own.
WORDS = {
    "RANK_SESSION": ("未登录或登录已失效", "not logged in, or the session has ended"),
    "RANK_MALFORMED": ("请求不符合接口约定，或内容不存在", "the request does not fit the contract, or finds nothing"),
    "RANK_KEY_REUSED": ("幂等键已用于内容不同的请求", "the idempotency key belongs to another request"),
    "RANK_INSTRUCTION": ("转账指令或复核申请的状态", "the state of the instruction, or of the request for approval"),
    "RANK_RIGHT": ("客户版本或账户权限", "the edition, or the right on the account"),
    "RANK_PAYER": ("付款客户或付款账户的状态", "the state of the payer or of the paying account"),
    "RANK_SWITCH": ("转账开关", "the transfer switch"),
    "RANK_PAYEE": ("收款方", "the payee"),
    "RANK_FACTOR": ("验证方式", "the factor"),
    "RANK_SINGLE": ("账户单笔限额", "the account's limit for one transfer"),
    "RANK_CUSTOMER_DAY": ("客户日累计限额", "the customer's daily limits"),
    "RANK_ACCOUNT_DAY": ("账户日累计限额", "the account's daily limit"),
    "RANK_ACCOUNT_MONTH": ("账户月累计限额", "the account's monthly limit"),
    "RANK_ACCOUNT_YEAR": ("账户年累计限额", "the account's yearly limit"),
    "RANK_ACCOUNT_COUNT": ("账户每日笔数限额", "the account's number of transfers a day"),
    "RANK_FUNDS": ("可用余额", "the available balance"),
}
# The other ranks of the documented order have no refusal yet: maintenance before RANK_RIGHT, risk at the end.

HEADER = """# Refusals / 错误代码

<!-- Written by `.venv/bin/python -m docs.generate` from the code; do not edit. -->

A refusal changes nothing, except what is counted against guessing: the tries of a log-in, a confirmation or a step-up,
wrong codes, and codes that were asked for. `outcome_unknown` says neither that it was done nor that it was not. It is
answered as RFC 9457 `application/problem+json`. `code` is stable: programs decide by `code`, never by the text.
The text in `detail` follows `Accept-Language` (Chinese unless English is preferred). `{{name}}` in a text is
filled from `facts`.

请求被拒绝时不改变任何数据，但为防猜测而计的次数除外：登录、确认转账和身份确认的尝试次数、验证码错误次数及
申请次数。`outcome_unknown` 表示是否已执行尚不确定。程序应按 `code` 判断，不要解析文字；`code` 一经发布不再改变。

| member | what |
| --- | --- |
| `type` | `{problem_type}<code>` |
| `title` | the code in words |
| `status` | the HTTP status again |
| `detail` | a sentence for the customer |
| `code` | the stable code |
| `correlation_id` | leads to the log; also in the header `X-Correlation-Id` |
| `facts` | the figures of the text, all strings; only where a text has some |
| `errors` | only with `malformed_request`: a list of `field` and `code` |
"""


def refusals() -> list[type[Refusal]]:
    """Every refusal with a code, in the documented order."""
    found: set[type[Refusal]] = set()
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in kind.__dict__:
            found.add(kind)
    return sorted(found, key=lambda kind: (kind.rank, kind.code))


def ranks() -> dict[int, str]:
    """Rank -> name of its constant, in order; raises KeyError for one that has no words here."""
    found = {value: name for name, value in vars(errors).items() if name.startswith(RANK_PREFIX)}
    return {rank: name for rank, name in sorted(found.items()) if WORDS[name]}


def gateway_answers() -> list[list[str]]:
    """What API Gateway answers without asking the application: response type, status, code."""
    responses: dict[str, Any] = read_template(OVERLAY_FILE)["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    return [
        [f"`{name}`", str(response["StatusCode"]), f"`{json.loads(*response['ResponseTemplates'].values())['code']}`"]
        for name, response in sorted(responses.items())
    ]


def page() -> str:
    """The whole page."""
    # Walking both loads every context, and with it every refusal.
    paths, sources = list(app.app.routes), list(app.app.event_sources)
    if not (paths and sources):
        raise AssertionError("the application has routes and workers")
    order = [[str(rank), *WORDS[name]] for rank, name in ranks().items()]
    all_rows = [
        [
            f"`{kind.code}`",
            str(kind.status),
            kind.zh,
            kind.en,
            str(kind.rank) if kind.rank else "",
            str(kind.retry_after_s or ""),
        ]
        for kind in refusals()
    ]
    field_codes = ", ".join(f"`{code}`" for code in sorted(set(validation.FIELD_CODES.values())))
    return "\n".join(
        [
            HEADER.format(problem_type=problems.PROBLEM_TYPE),
            "## Order of refusals / 拒绝的先后顺序\n",
            "When several rules are broken, the one with the lowest rank is told.\n",
            "同时违反多条规则时，返回序号最小的一条。\n",
            "Places of the order that have no refusal yet: maintenance (after the key), risk (last).\n",
            table(["rank", "中文", "English"], order),
            "\n## All refusals / 全部代码\n",
            "A code without rank comes from the edge and is never compared with others. `Retry-After` is in seconds.\n",
            table(["code", "status", "中文", "English", "rank", "Retry-After"], all_rows),
            "\n## Fields / 字段错误\n",
            f"`errors[].code` of `malformed_request` is one of: {field_codes}.\n",
            "## Answered by API Gateway itself / 由网关直接返回\n",
            "These requests never reach the application, or it gave no answer in time. The body is the same, "
            "with `detail` in both languages and the gateway's own id as `correlation_id`.\n",
            table(["response", "status", "code"], gateway_answers()),
            "",
        ]
    )


ENTITLEMENTS_HEADER = """# Entitlements / 业务权限

<!-- Written by `.venv/bin/python -m docs.generate` from the code; do not edit. -->

What a session may do: operation by edition, and in each cell on which kind of account it may be done, confirmed by
which factor (NB-5.4.1, NB-5.3.7, YQ-4.1.3). The edition is the session's, which may be less than what the customer
signed up for. What is not listed is refused with `edition_not_entitled`. Single ceilings per factor come on top.

按登录会话的版本（而非客户签约版本）判断；单元格列出可用的账户种类及确认方式，未列出的一律拒绝。
"""


def entitlements_page() -> str:
    """The table of entitlements, every cell asked of the code that refuses."""
    editions, factors, accounts = entitlements.words()

    def cell(operation: str, edition: str) -> str:
        by_factors: dict[tuple[str, ...], list[str]] = {}
        for account in accounts:
            allowed = tuple(f for f in factors if entitlements.is_allowed(operation, edition, f, account))
            if allowed:
                by_factors.setdefault(allowed, []).append(account)
        return "; ".join(f"`{'`, `'.join(on)}` by `{'`, `'.join(by)}`" for by, on in by_factors.items()) or "no"

    rows = [
        [f"`{name}`", row.zh, row.en, *(cell(name, edition) for edition in editions)]
        for name, row in entitlements.TABLE.items()
    ]
    heads = [f"{zh} / {en}" for zh, en in editions.values()]
    parts = [ENTITLEMENTS_HEADER, table(["operation", "中文", "English", *heads], rows)]
    for title, words in (("Factors / 确认方式", factors), ("Account kinds / 账户种类", accounts)):
        named = [[f"`{name}`", zh, en] for name, (zh, en) in words.items()]
        parts += [f"\n## {title}\n", table(["name", "中文", "English"], named)]
    return "\n".join([*parts, ""])


PARAMETERS_HEADER = """# Parameters / 参数

<!-- Written by `.venv/bin/python -m docs.generate` from the code; do not edit. -->

Policy that two people change ([how](operations.md#parameters)). A value that does not fit is refused, and one that
got into the table in another way is ignored and logged. A name ends in its unit: `_fen` (1 yuan = 100 fen), `_s`, `_h`,
`_d`, `_months`.

策略参数须经两人变更；名称末尾为单位。

"""

MESSAGES_HEADER = """

## Texts of messages / 消息文本

Each in Chinese and English, of at most {longest} characters a language; the Chinese one begins with a signature
in 【】. Placeholders in bold must stand in both, the others may; whatever else is in braces is refused.

加粗的占位符中英文均须出现，其余可用可不用。

"""

VARIABLES_HEADER = """

"""


def parameters_page() -> str:
    """Every known parameter: default, what a value must be, and where it comes from."""
    known = sorted(parameters.ALL.items())
    rows = [
        [f"`{name}`", parameters.to_text(one.default), f"`{one.bounds}`", one.source]
        for name, one in known
        if not isinstance(one, parameters.MessageText)
    ]
    messages = [
        [f"`{name}`", f"{one.default['zh']}<br>{one.default['en']}", _placeholders(one), one.source]
        for name, one in known
        if isinstance(one, parameters.MessageText)
    ]
    variables = [[f"`{{{name}}}`", en, zh] for name, (zh, en) in sorted(parameters.TEXT_VARIABLES.items())]
    return (
        PARAMETERS_HEADER
        + table(["name", "default", "bounds", "source"], rows)
        + MESSAGES_HEADER.format(longest=parameters.MAX_MESSAGE)
        + table(["name", "default", "placeholders", "source"], messages)
        + VARIABLES_HEADER
        + table(["placeholder", "what is filled in", "含义"], variables)
        + "\n"
    )


def _placeholders(message: parameters.MessageText) -> str:
    """Those that must stand in a text, and those that may."""
    return " ".join(f"**`{{{one}}}`**" if one in message.required else f"`{{{one}}}`" for one in message.variables)


STAFF_HEADER = """# Staff permissions / 员工权限

<!-- Written by `.venv/bin/python -m docs.generate` from the code; do not edit. -->

What a member of staff may do: function by role, and in each cell with which post and at which level of organisation
(NB-5.2.3 to NB-5.2.6). What is not listed is refused with `staff_permission_denied`. The table is the most that the
bank's standard admits; within it the system administrator switches functions on and off for a role.

- *(off)*: starts switched off.
- `fixed`: cannot be switched.
- `emergency`: can be taken for a while under an emergency case.
- `purpose`: every look states why, in the header `Purpose`, and is on record before it is taken.

单元格为岗位与机构级别；未列出的一律拒绝。本表为制度允许的最大范围，系统管理员可在此范围内为角色开关功能；
*(off)* 表示初始关闭。
"""


def staff_page() -> str:
    """The permission matrix, every cell asked of the code that refuses, and who manages whom."""
    roles, posts, levels = staff.words()

    def cell(function: str, role: str) -> str:
        by_levels: dict[tuple[str, ...], list[str]] = {}
        for post in posts:
            at = tuple(level for level in levels if staff.is_admitted(function, role, post, level))
            if at:
                by_levels.setdefault(at, []).append(post)
        found = "; ".join(f"`{'`, `'.join(by)}` at `{'`, `'.join(at)}`" for at, by in by_levels.items())
        return found + (" *(off)*" if role in staff.TABLE[function].off else "") if found else "no"

    def marks(row: staff.Function) -> str:
        named = {"fixed": row.fixed, "emergency": row.emergency, "purpose": row.shows_customers}
        return ", ".join(f"`{name}`" for name, holds in named.items() if holds)

    rows = [
        [f"`{name}`", row.zh, row.en, marks(row), *(cell(name, role) for role in roles)]
        for name, row in staff.TABLE.items()
    ]
    heads = [f"{zh} / {en}" for zh, en in roles.values()]
    managed = [
        [f"`{role}` at `{level}`", ", ".join(f"`{one}` at `{at}`" for one, at in sorted(who))]
        for (role, level), who in staff.MANAGES.items()
    ]
    parts = [STAFF_HEADER, table(["function", "中文", "English", "", *heads], rows)]
    heads = ["administrator", "creates and manages"]
    parts += ["\n## Who creates and manages whom / 员工管理范围\n", table(heads, managed)]
    for title, words in (("Roles / 角色", roles), ("Posts / 岗位", posts), ("Levels / 机构级别", levels)):
        named = [[f"`{name}`", zh, en] for name, (zh, en) in words.items()]
        parts += [f"\n## {title}\n", table(["name", "中文", "English"], named)]
    return "\n".join([*parts, ""])


STATES_HEADER = """# The life of an instruction / 指令的状态

Generated from `chalicelib/transfers/states.py` by `.venv/bin/python -m docs.generate`; do not edit.
Every step is a condition of its own write: what the table does not have is refused there, and nothing moves.
"""


def states_page() -> str:
    """The picture of an instruction's states, and what each step answers in any other state."""
    steps = transfer_states.STEPS.values()
    picture = [f"  {step.before or '[*]'} --> {step.after}: {step.code}" for step in steps]
    rows = [
        [
            f"`{step.code}`",
            f"`{step.before}`" if step.before else "",
            f"`{step.after}`",
            step.zh,
            step.en,
            f"`{step.refusal.code}`" if step.refusal else "",
        ]
        for step in steps
    ]
    titles = ["step", "from", "to", "说明", "what it is", "in any other state"]
    return "\n".join([STATES_HEADER, "```mermaid", "stateDiagram-v2", *picture, "```\n", table(titles, rows), ""])


def contract_file() -> str:
    """The contract as it is served, a member a line so that its changes can be read."""
    return json.dumps(json.loads(contract.document()), ensure_ascii=False, indent=1) + "\n"


PAGES = {
    "retention.md": retention.page,
    "../events/asyncapi.json": events.document,
    "openapi.json": contract_file,
    "compliance.md": page_when_all_pass,
    "instruction-states.md": states_page,
    "parameters.md": parameters_page,
    "errors.md": page,
    "entitlements.md": entitlements_page,
    "staff-permissions.md": staff_page,
    "tables.md": reference.tables_page,
    "functions.md": reference.functions_page,
    "events.md": reference.events_page,
    "alarms.md": reference.alarms_page,
    "decisions/index.md": reference.decisions_page,
}


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is not what code says")
    check = parser.parse_args(arguments).check
    outdated = 0
    for name, make in PAGES.items():
        target, wanted = HERE / name, make()
        if not check:
            target.write_text(wanted, encoding="utf-8")
            print(f"wrote {name}")
        elif not target.exists() or target.read_text(encoding="utf-8") != wanted:
            print(f"docs/{name} is not what the code says: run `.venv/bin/python -m docs.generate`", file=sys.stderr)
            outdated = 1
    return outdated


if __name__ == "__main__":
    sys.exit(main())
