"""Roles, posts and levels, the permission matrix, and the scope of an organisation (NB-5.2.3 to 5.2.6). Pure.

A cell that no grant covers is not allowed, so what is unknown is refused. `docs/staff-permissions.md` prints it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# The head office's own counter serves the customers of every branch.
HEAD_OFFICE = "0001"
AT_HEAD_OFFICE, AT_BRANCH, AT_SUB_BRANCH = "head_office", "branch", "sub_branch"
LEVELS: Mapping[str, tuple[str, str]] = {
    AT_HEAD_OFFICE: ("总行", "head office"),
    AT_BRANCH: ("支行", "branch"),
    AT_SUB_BRANCH: ("分理处", "sub-branch"),
}
SYSTEM_ADMINISTRATOR = "system_administrator"
EBANK_ADMINISTRATOR = "ebank_administrator"
OPERATOR = "operator"
TELLER = "teller"
AUDITOR = "auditor"
ROLES: Mapping[str, tuple[str, str]] = {
    SYSTEM_ADMINISTRATOR: ("系统管理员", "system administrator"),
    EBANK_ADMINISTRATOR: ("电子银行管理员", "e-banking administrator"),
    OPERATOR: ("操作员", "operator"),
    TELLER: ("柜员", "teller"),
    AUDITOR: ("审计员（只读）", "auditor (read-only)"),
}
MAKER, CHECKER, READER = "maker", "checker", "reader"
POSTS: Mapping[str, tuple[str, str]] = {
    MAKER: ("经办", "maker"),
    CHECKER: ("复核", "checker"),
    READER: ("只读", "reader"),
}
# Where there are people of a role, and their posts: a seat is one of these.
SEATS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    SYSTEM_ADMINISTRATOR: (frozenset({AT_HEAD_OFFICE}), frozenset({MAKER, CHECKER})),
    EBANK_ADMINISTRATOR: (frozenset({AT_HEAD_OFFICE, AT_BRANCH}), frozenset({MAKER, CHECKER})),
    OPERATOR: (frozenset(LEVELS), frozenset({MAKER, CHECKER})),
    TELLER: (frozenset(LEVELS), frozenset({MAKER, CHECKER})),
    AUDITOR: (frozenset({AT_HEAD_OFFICE}), frozenset({READER})),
}

OWN_SESSION = "own.session"
OWN_PASSWORD = "own.password"  # noqa: S105  # a function's name
STAFF_READ, STAFF_MANAGE, STAFF_APPROVE = "staff.read", "staff.manage", "staff.approve"
FUNCTIONS_READ, FUNCTIONS_CHANGE, FUNCTIONS_APPROVE = "functions.read", "functions.change", "functions.approve"
EMERGENCY_OPEN, EMERGENCY_READ, EMERGENCY_REVIEW = "emergency.open", "emergency.read", "emergency.review"
APPROVALS_READ, APPROVALS_REQUEST, APPROVALS_DECIDE = "approvals.read", "approvals.request", "approvals.decide"
PARAMETERS_READ, PARAMETERS_CHANGE, PARAMETERS_APPROVE = "parameters.read", "parameters.change", "parameters.approve"
NOTICES_PUBLISH, NOTICES_APPROVE = "notices.publish", "notices.approve"
OUTAGES_READ, OUTAGES_RECORD, OUTAGES_APPROVE = "outages.read", "outages.record", "outages.approve"
CASES_READ, CASES_RECORD = "cases.read", "cases.record"
REVERSALS_REQUEST, REVERSALS_APPROVE = "reversals.request", "reversals.approve"
CUSTOMERS_READ = "customers.read"
TRANSACTIONS_MONITOR = "transactions.monitor"
STATISTICS_READ = "statistics.read"
AUDIT_READ = "audit.read"
BILL_CHECKS_READ, BILL_CHECKS_HANDLE = "bill_checks.read", "bill_checks.handle"
COUNTER_CUSTOMERS = "counter.customers"
COUNTER_CREDENTIALS = "counter.credentials"
COUNTER_FREEZE = "counter.freeze"
COUNTER_CASH = "counter.cash"
COUNTER_STOCK = "counter.stock"
COUNTER_APPROVE = "counter.approve"


@dataclass(frozen=True, slots=True)
class Branch:
    """An organisation of the bank: the head office, a branch under it, or a sub-branch under a branch.

    `parent_id` is None for the head office, and reads as the head office where a branch names none.
    """

    branch_id: str
    name: str
    address: str
    phone: str
    parent_id: str | None = None

    @property
    def above(self) -> str | None:
        """The organisation right above; None above the head office."""
        return None if self.branch_id == HEAD_OFFICE else self.parent_id or HEAD_OFFICE

    @property
    def level(self) -> str:
        """Where it stands in the tree, which has three levels."""
        if self.above is None:
            return AT_HEAD_OFFICE
        return AT_BRANCH if self.above == HEAD_OFFICE else AT_SUB_BRANCH

    def lies_in(self, scope_id: str) -> bool:
        """Whether it is that organisation or one below it."""
        return scope_id in (self.branch_id, self.above, HEAD_OFFICE)


@dataclass(frozen=True, slots=True)
class Grant:
    """A block of admitted cells: every combination of these roles, posts and levels that is a seat."""

    roles: frozenset[str]
    posts: frozenset[str]
    levels: frozenset[str]

    def covers(self, role: str, post: str, level: str) -> bool:
        """Whether the cell lies in the block."""
        return role in self.roles and post in self.posts and level in self.levels


@dataclass(frozen=True, slots=True)
class Function:
    """A function in words, and what may hold it.

    `off` names roles that are admitted and start without it. A `fixed` function cannot be switched; an `emergency`
    one can be taken for a while by who may open an emergency. Where `shows_customers`, each look states its purpose.
    """

    zh: str
    en: str
    grants: tuple[Grant, ...]
    off: frozenset[str] = frozenset()
    fixed: bool = False
    emergency: bool = False
    shows_customers: bool = False


_ANYWHERE = frozenset(LEVELS)
_HEAD = frozenset({AT_HEAD_OFFICE})
_WORKING = frozenset({MAKER, CHECKER})
_ADMINISTRATORS = frozenset({SYSTEM_ADMINISTRATOR, EBANK_ADMINISTRATOR})


def _grant(roles: Collection[str], posts: Collection[str], levels: frozenset[str] = _ANYWHERE) -> Grant:
    return Grant(frozenset(roles), frozenset(posts), levels)


_EVERYBODY = (_grant(ROLES, POSTS),)
_AUDITOR = _grant({AUDITOR}, {READER})


def _by(role: str, post: str, levels: frozenset[str] = _ANYWHERE) -> tuple[Grant, ...]:
    return (_grant({role}, {post}, levels),)


# What the bank's standard admits at most; what is switched on within it is the system administrator's to say.
TABLE: Mapping[str, Function] = {
    OWN_SESSION: Function("查看、结束本人会话", "own session: see and end", _EVERYBODY, fixed=True),
    OWN_PASSWORD: Function("修改本人密码", "own password: change", _EVERYBODY, fixed=True),
    STAFF_READ: Function(
        "查询下级员工", "staff of one's own scope: see", (_grant(_ADMINISTRATORS, _WORKING), _AUDITOR), fixed=True
    ),
    STAFF_MANAGE: Function(
        "员工管理：申请", "staff administration: request", (_grant(_ADMINISTRATORS, {MAKER}),), fixed=True
    ),
    STAFF_APPROVE: Function(
        "员工管理：复核", "staff administration: approve", (_grant(_ADMINISTRATORS, {CHECKER}),), fixed=True
    ),
    FUNCTIONS_READ: Function(
        "查询角色功能", "functions of roles: see", (_grant(_ADMINISTRATORS, _WORKING), _AUDITOR), fixed=True
    ),
    FUNCTIONS_CHANGE: Function(
        "角色功能设置：申请", "functions of roles: request a change", _by(SYSTEM_ADMINISTRATOR, MAKER), fixed=True
    ),
    FUNCTIONS_APPROVE: Function(
        "角色功能设置：复核", "functions of roles: approve a change", _by(SYSTEM_ADMINISTRATOR, CHECKER), fixed=True
    ),
    EMERGENCY_OPEN: Function(
        "开启应急权限", "emergency right: open", (_grant({*_ADMINISTRATORS, OPERATOR}, _WORKING, _HEAD),)
    ),
    EMERGENCY_READ: Function(
        "查询应急记录", "emergency cases: see", (_grant(_ADMINISTRATORS, _WORKING, _HEAD), _AUDITOR), fixed=True
    ),
    EMERGENCY_REVIEW: Function(
        "应急记录审查", "emergency cases: review", (_grant(_ADMINISTRATORS, {CHECKER}, _HEAD),), fixed=True
    ),
    APPROVALS_READ: Function("查询复核申请", "requests for approval: see", _EVERYBODY, fixed=True),
    APPROVALS_REQUEST: Function(
        "提交、撤回本人申请", "own requests: make, withdraw", (_grant(ROLES, {MAKER}),), fixed=True
    ),
    APPROVALS_DECIDE: Function(
        "复核申请：同意或拒绝", "requests for approval: decide", (_grant(ROLES, {CHECKER}),), fixed=True
    ),
    PARAMETERS_READ: Function(
        "查询参数",
        "parameters: see",
        (_grant({*_ADMINISTRATORS, OPERATOR}, _WORKING), _AUDITOR),
        off=frozenset({OPERATOR}),
    ),
    PARAMETERS_CHANGE: Function(
        "参数修改：申请", "parameters: request a change", _by(EBANK_ADMINISTRATOR, MAKER, _HEAD)
    ),
    PARAMETERS_APPROVE: Function(
        "参数修改：复核", "parameters: approve a change", _by(EBANK_ADMINISTRATOR, CHECKER, _HEAD)
    ),
    NOTICES_PUBLISH: Function("公告：申请", "notices: request", _by(EBANK_ADMINISTRATOR, MAKER, _HEAD)),
    NOTICES_APPROVE: Function("公告：复核", "notices: approve", _by(EBANK_ADMINISTRATOR, CHECKER, _HEAD)),
    OUTAGES_READ: Function(
        "中断登记：查询",
        "outages: see",
        (_grant({*_ADMINISTRATORS, OPERATOR}, _WORKING), _AUDITOR),
    ),
    # At night whoever is there notes it, of whatever post.
    OUTAGES_RECORD: Function(
        "中断登记：登记、报告、起草说明",
        "outages: note, report, draft explanations",
        (_grant({*_ADMINISTRATORS, OPERATOR}, _WORKING, _HEAD),),
    ),
    OUTAGES_APPROVE: Function(
        "中断说明：复核发布", "outages: publish explanations", _by(EBANK_ADMINISTRATOR, CHECKER, _HEAD)
    ),
    CASES_READ: Function(
        "客户应急登记簿：查询",
        "customers' emergencies: see",
        (_grant({EBANK_ADMINISTRATOR, OPERATOR, TELLER}, _WORKING), _AUDITOR),
        shows_customers=True,
    ),
    CASES_RECORD: Function(
        "客户应急登记簿：登记、处理",
        "customers' emergencies: note and see to",
        (_grant({EBANK_ADMINISTRATOR, OPERATOR, TELLER}, _WORKING),),
        shows_customers=True,
    ),
    REVERSALS_REQUEST: Function("手工冲正：申请", "manual reversal: request", _by(OPERATOR, MAKER, _HEAD)),
    REVERSALS_APPROVE: Function("手工冲正：复核", "manual reversal: approve", _by(OPERATOR, CHECKER, _HEAD)),
    CUSTOMERS_READ: Function(
        "客户业务查询",
        "customers: see",
        (_grant({EBANK_ADMINISTRATOR, OPERATOR, TELLER}, _WORKING), _AUDITOR),
        off=frozenset({EBANK_ADMINISTRATOR}),
        emergency=True,
        shows_customers=True,
    ),
    TRANSACTIONS_MONITOR: Function(
        "交易监控",
        "transactions: monitor",
        (_grant({*_ADMINISTRATORS, OPERATOR}, _WORKING), _AUDITOR),
        off=frozenset({SYSTEM_ADMINISTRATOR}),
        emergency=True,
        shows_customers=True,
    ),
    STATISTICS_READ: Function(
        "业务统计",
        "statistics: see",
        (_grant({EBANK_ADMINISTRATOR, OPERATOR, TELLER}, _WORKING), _AUDITOR),
        off=frozenset({TELLER}),
    ),
    AUDIT_READ: Function(
        "审计日志查询、抽样复核", "audit: see the log, draw samples and mark them", (_AUDITOR,), fixed=True
    ),
    BILL_CHECKS_READ: Function(
        "查询账单异议、未答复账单",
        "disputed and unanswered bills: see",
        (_grant({OPERATOR, TELLER}, _WORKING), _AUDITOR),
        shows_customers=True,
    ),
    BILL_CHECKS_HANDLE: Function(
        "处理账单异议", "disputed bills: take, reply, close", (_grant({OPERATOR, TELLER}, {MAKER}),)
    ),
    COUNTER_CUSTOMERS: Function(
        "柜面：客户签约、变更、注销", "counter: sign up, change, cancel customers", _by(TELLER, MAKER)
    ),
    COUNTER_CREDENTIALS: Function(
        "柜面：密码重置、认证工具、解锁", "counter: passwords, factors, locks", _by(TELLER, MAKER)
    ),
    COUNTER_FREEZE: Function("柜面：冻结、挂失、司法", "counter: freezes, losses, court orders", _by(TELLER, MAKER)),
    COUNTER_CASH: Function("柜面：现金存取", "counter: cash in and out", _by(TELLER, MAKER)),
    COUNTER_STOCK: Function("柜面：空白介质", "counter: stock of blank keys and tokens", _by(TELLER, MAKER)),
    COUNTER_APPROVE: Function("柜面：复核", "counter: approve", _by(TELLER, CHECKER)),
}
# Who has to change their password, or has let it grow old, may do just this.
WITH_OLD_PASSWORD = frozenset({OWN_SESSION, OWN_PASSWORD})

# Whom an administrator of a level creates and manages: role -> at which level (NB-5.2.5).
MANAGES: Mapping[tuple[str, str], frozenset[tuple[str, str]]] = {
    (SYSTEM_ADMINISTRATOR, AT_HEAD_OFFICE): frozenset({(EBANK_ADMINISTRATOR, AT_HEAD_OFFICE)}),
    (EBANK_ADMINISTRATOR, AT_HEAD_OFFICE): frozenset(
        {
            (OPERATOR, AT_HEAD_OFFICE),
            (TELLER, AT_HEAD_OFFICE),
            (AUDITOR, AT_HEAD_OFFICE),
            (EBANK_ADMINISTRATOR, AT_BRANCH),
        }
    ),
    (EBANK_ADMINISTRATOR, AT_BRANCH): frozenset(
        {(OPERATOR, AT_BRANCH), (TELLER, AT_BRANCH), (OPERATOR, AT_SUB_BRANCH), (TELLER, AT_SUB_BRANCH)}
    ),
}

Switched = Mapping[tuple[str, str], bool]

ACTIVE, SUSPENDED, LEFT = "active", "suspended", "left"
_STAFF_ID = re.compile(r"[A-Z][0-9]{4,9}")


def normal_id(staff_id: str) -> str:
    """A staff number as it is looked up; a blank one is nobody's, as the engine takes no empty key."""
    return staff_id.strip().upper() or "-"


def is_staff_id(text: str) -> bool:
    """Whether it can be a staff number: a capital letter and four to nine digits."""
    return _STAFF_ID.fullmatch(text) is not None


def is_seat(role: str, posts: Collection[str], level: str) -> bool:
    """Whether there are people of that role with those posts at that level."""
    levels, known = SEATS.get(role, (frozenset(), frozenset()))
    return level in levels and bool(posts) and set(posts) <= known


def is_admitted(function: str, role: str, post: str, level: str) -> bool:
    """Whether the bank's standard admits that such a seat holds the function; unknown words are never admitted."""
    row = TABLE.get(function)
    return row is not None and is_seat(role, {post}, level) and any(g.covers(role, post, level) for g in row.grants)


def is_allowed(function: str, role: str, posts: Collection[str], level: str, switched: Switched) -> bool:
    """Whether somebody with those posts holds the function; `switched` is (role, function) -> on or off."""
    if not any(is_admitted(function, role, post, level) for post in posts):
        return False
    row = TABLE[function]
    return row.fixed or switched.get((role, function), role not in row.off)


def is_switchable(function: str, role: str) -> bool:
    """Whether the system administrator may switch the function on or off for a role."""
    row = TABLE.get(function)
    return row is not None and not row.fixed and any(role in grant.roles for grant in row.grants)


def is_managed_by(manager: tuple[str, str], managed: tuple[str, str]) -> bool:
    """Whether an administrator (role, level) creates and manages people of (role, level)."""
    return managed in MANAGES.get(manager, frozenset())
