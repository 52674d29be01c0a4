"""No policy lives in code or environment alone: a number is a parameter's, or a bound named here with its reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from chalicelib.parameters import domain, known, shapes, texts
from infra.environment import environment_of, variables
from tests.architecture.source import Source, sources

# A constant that counts money, time, tries or the like, by the unit or word at the end of its name.
_POLICY_NAME = re.compile(
    r"_?(.*_)?(FEN|S|MIN|H|D|DAYS|HOURS|MONTHS|YEARS|TRIES|LIMIT|LIMITS|COUNT|AFTER|AHEAD|EVERY|WITHIN|AGE|FEE|RATE|"
    r"CEILING|MIN_LENGTH|LEAST|MOST|ATTEMPTS|PERCENT)"
)
# Where numbers may stand because they are no policy of the bank: what AWS, a protocol or an engine asks.
_PLATFORM = "platform/"
# Module constants that look like policy and are none, by file and name; what changing one would break.
BOUNDS: dict[str, dict[str, str]] = {
    "accounts/commands/fill_holes.py": {"LATEST_LEGS": "how far back lost lines are looked for"},
    "accounts/commands/rebuild_lines.py": {
        "SETTLE": "what is younger may still be on its way through the stream",
        "SEARCH_AFTER": "what is older is certainly lost",
        "SKEW": "how far clocks of functions differ",
    },
    "accounts/commands/verify_chain.py": {"MOST_OUT_OF_ORDER": "how far clocks of functions differ"},
    "accounts/workers.py": {"SWEEP_EVERY_MIN": "a schedule of the template"},
    "approvals/workers.py": {"EXPIRE_EVERY_MIN": "a schedule of the template; expiry itself is exact"},
    "audit/commands/link_actions.py": {
        "SETTLE": "what is younger may still be on its way through the stream",
        "SINCE": "how long a stream keeps what happened",
    },
    "audit/links.py": {
        "LATEST_LINK": "follows from how long a stream keeps what happened",
        "MOST_AHEAD": "how far clocks of functions differ",
        "HEADS_D": "of the chain's own form",
    },
    "audit/service.py": {"REFUSALS_PER_ROW_S": "part of a row's key: how refusals of a while share one"},
    "audit/workers.py": {"SWEEP_EVERY_MIN": "a schedule of the template"},
    "closing/domain.py": {"IN_FLIGHT": "how long a posting can be under way"},
    "counter/commands/court_enquiry.py": {"MAX_DAYS": "what one answer may hold; ask again for more"},
    "counter/commands/expire_court_orders.py": {"MAX_ATTEMPTS": "tries at one write"},
    "counter/commands/print_voucher.py": {"MAX_ATTEMPTS": "tries at one write"},
    "billchecks/commands/step.py": {"MAX_ATTEMPTS": "tries at one write"},
    "notifications/gateways.py": {"_TOKEN_MARGIN": "how long a message is under way"},
    "notifications/sending.py": {"_COUNT_KEPT": "how long a day's count can be looked up"},
    "site/availability.py": {"_NOTHING": "no time at all", "_MINUTE": "the unit that is shown"},
    "site/service.py": {"DAYS": "the rows of a page"},
    "site/feeds.py": {"_ASK_AGAIN": "how often programs that read the calendar ask"},
    "contract/routes.py": {"DOCUMENT_MAX_AGE_S": "how long clients keep the contract without asking"},
    "site/reference_routes.py": {"SCRIPT_MAX_AGE_S": "how long browsers keep a script whose address has its digest"},
    "site/pages.py": {"PUBLIC_MAX_AGE_S": "how long browsers keep an empty form", "STANDING_MAX_AGE_S": "the same"},
    "counter/service.py": {"TIME_BUDGET_S": "the gateway's time-out", "_LONGEST_PAUSE": "tries at one write"},
    "counter/workers.py": {"EXPIRE_EVERY_H": "a schedule of the template; the last date itself is exact"},
    "customers/providers.py": {"PICTURE_TIMEOUT_S": "the gateway's time-out"},
    "customers/specimens.py": {"_ALIKE_PERCENT": "of the local bank's drawn faces"},
    "documents/commands/ask_document.py": {"_COUNT_KEPT": "when a dead row goes"},
    "documents/commands/count_print.py": {"MAX_ATTEMPTS": "tries at one write"},
    "documents/commands/make_document.py": {"MAX_TRIES": "the queue's, which the template says"},
    "factors/authority.py": {
        "AUTHORITY_MONTHS": "stands in the authority's certificate, made once in a bank's life",
        "_SECOND": "what certificates tell apart",
    },
    "factors/code_secret.py": {
        "MAX_STALENESS": "how old what an instance knows may be",
        "PREVIOUS_FOR": "follows from the longest life that the parameter admits",
    },
    "factors/commands/remind.py": {"_MOMENT": "what times as text tell apart"},
    "factors/commands/sign_with_pin.py": {"JUDGED_WITHIN": "a request is over by then"},
    "factors/domain.py": {"_SHARED_DAYS": "the calendar's"},
    "identity/application_store.py": {"KEPT_S": "when a dead row goes"},
    "identity/attempts_store.py": {
        "TRIES_KEPT_S": "when a dead row goes: no sooner than the longest lock that the parameter admits",
        "_NOBODYS_LOG_KEPT_S": "rows that only make refusals cost the same",
    },
    "identity/keys.py": {
        "OVERLAP_S": "follows from the longest session that the parameters admit",
    },
    "identity/session_store.py": {"KEPT_S": "when a dead row goes"},
    "identity/sessions.py": {"MAX_ATTEMPTS": "tries at one write"},
    "identity/tries.py": {
        "UNDER_WAY_S": "the gateway's time-out",
        "WAIT_S": "how long a request may wait for others",
        "_PAUSE": "between looks",
    },
    "ledger/commands/post_deferred_legs.py": {
        "MAX_ATTEMPTS": "tries at one write",
        "LONGEST_PAUSE": "between them",
    },
    "ledger/domain.py": {"DEFERRED_TAIL": "how long after an account's last deferred leg one may still come"},
    "ledger/posting.py": {"POST_TIME_BUDGET_S": "the gateway's time-out"},
    "limits/commands/change_limits.py": {
        "CHANGE_TIME_BUDGET_S": "the gateway's time-out",
        "_LONGEST_PAUSE": "between tries",
    },
    "limits/domain.py": {"KEPT_DAYS": "when a dead bucket goes"},
    "limits/routes.py": {"MAX_COUNT": "what a request may say; the bank's ceiling is a parameter"},
    "approvals/kinds/limits_change.py": {"MAX_COUNT": "what a request may say"},
    "approvals/kinds/parameter_change.py": {"_TICK": "what times as text tell apart"},
    "maintenance/domain.py": {
        "FURTHEST": "what a request may say",
        "_TICK": "what times as text tell apart",
        "_DAY_BEFORE": "the day before, as customers are promised",
        "TOLD_WITHIN": "what an outage of the schedule may delay",
    },
    "maintenance/windows.py": {
        "PUBLISHED_AHEAD": "how old what an instance knows may be, and how long a write takes",
    },
    "maintenance/workers.py": {"ANNOUNCE_EVERY_MIN": "a schedule of the template"},
    "orders/commands/change_order.py": {"MAX_ATTEMPTS": "tries at one write"},
    "orders/commands/stop_order.py": {"MAX_ATTEMPTS": "tries at one write"},
    "batches/commands/execute_batch.py": {"MADE_WITHIN": "three runs of the schedule that asks again"},
    "batches/commands/ask_again.py": {"AFTER": "what is being worked off is not asked for again"},
    "batches/workers.py": {"AGAIN_EVERY_MIN": "a schedule of the template"},
    "outages/commands/watch.py": {"EVERY_MIN": "a schedule of the template; how many looks count is a parameter"},
    "outages/domain.py": {"MAX_BACK": "what a request may say"},
    "outages/hours.py": {"NOTHING": "no time", "_DAY": "the calendar's"},
    "outages/service.py": {"_WEEK": "the calendar's"},
    "orders/workers.py": {"FIND_EVERY_MIN": "a schedule of the template; when an order is due is a parameter"},
    "parameters/domain.py": {
        "MAX_STALENESS": "how old what an instance knows may be; a change is decided so long ahead",
        "MAX_AHEAD": "what a request may say",
    },
    "paycodes/store.py": {"KEPT": "when a dead row goes"},
    "parameters/channels.py": {"_MIDNIGHT_MIN": "the minutes of a day"},
    "payees/service.py": {"_COUNT_KEPT": "when a dead row goes"},
    "clearing/networks.py": {"LATE_AFTER": "how the simulated network behaves"},
    "clearing/workers.py": {"ASK_EVERY_MIN": "how fine the parameter clearing.ask_min is kept to"},
    "recalls/commands/agree.py": {"MAX_ATTEMPTS": "how many ids a return transfer is looked for under"},
    "recalls/domain.py": {"LANDS_WITHIN": "the gateway's time-out"},
    "receipts/commands/sweep_receipts.py": {
        "SINCE": "how far back lost receipts are looked for",
        "SETTLE": "what is younger may still be on its way through the stream",
    },
    "receipts/workers.py": {"SWEEP_EVERY_MIN": "a schedule of the template"},
    "reports/commands/rebuild_lists.py": {"_LAST_MS": "the calendar's"},
    "reports/domain.py": {
        "UNCONFIRMED_FOR": "what is younger may still be on its way through streams and queues",
        "UNFOLLOWED_FOR": "the same",
        "HELD_FOR": "twice the schedule that frees holds",
    },
    "reports/routes.py": {"MAX_DAYS": "what one answer may hold; ask again for more"},
    "reports/service.py": {"_STREAM_KEEPS": "how long a stream keeps what happened"},
    "reports/workers.py": {"SETTLE_EVERY_MIN": "a schedule of the template"},
    "seals/domain.py": {"LISTED_FOR_D": "when rows that a seal was made from go; no voucher is among them"},
    "seals/workers.py": {"START_EVERY_MIN": "a schedule of the template"},
    "statements/service.py": {"_A_DAY_AFTER": "follows from the run of every night"},
    "staff/commands/check_session.py": {"DAY_S": "the calendar's"},
    "routing/domain.py": {"MOST_DAYS_AHEAD": "longer than any row of days off: beyond it nothing ever opens"},
    "staff/commands/read_functions.py": {"MAX_STALENESS": "how old what an instance knows may be"},
    "staff/session_store.py": {"KEPT_S": "when a dead row goes"},
    "stepup/service.py": {"_KEPT_AFTER": "when a dead row goes"},
    "transfers/workers.py": {
        "EXPIRE_EVERY_MIN": "a schedule of the template; expiry itself is exact",
        "EXECUTE_EVERY_MIN": "the same; nothing is executed before its time",
    },
}
# Steps of the calendar and of time as text, which a function may name itself.
STEPS = {"0", "days=1", "hours=1", "seconds=1", "milliseconds=1"}


def is_span(node: ast.AST) -> bool:
    """Whether it makes a span of time."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "timedelta"


def has_number(node: ast.expr) -> bool:
    """Whether a number stands in the expression."""
    return any(isinstance(one, ast.Constant) and type(one.value) is int for one in ast.walk(node))


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Every constant of a module: name and what it is."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and target.id.isupper() and value is not None:
                yield target.id, value


def is_parameter(node: ast.expr) -> bool:
    """Whether the constant is a parameter itself."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in domain.__dict__


def suspects(tree: ast.Module) -> list[str]:
    """Constants of a module that look like policy."""
    return [
        name
        for name, value in constants(tree)
        if not is_parameter(value)
        and has_number(value)
        and (_POLICY_NAME.fullmatch(name) or any(is_span(node) for node in ast.walk(value)))
        and isinstance(value, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Call)
        and (not isinstance(value, ast.Call) or is_span(value) or ast.unparse(value.func) in ("max", "min"))
    ]


def spans_inside(tree: ast.Module) -> list[str]:
    """Spans of time that a function names by a number of its own."""
    return [
        ast.unparse(call)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and is_span(call)
        for part in (*map(ast.unparse, call.args), *(f"{one.arg}={ast.unparse(one.value)}" for one in call.keywords))
        if re.fullmatch(r"(\w+=)?[0-9_]+", part) and part not in STEPS
    ]


def contexts() -> list[Source]:
    """The sources of contexts."""
    return [source for source in sources() if not source.path.startswith(_PLATFORM)]


@pytest.mark.requirement("NB-5.2.2")
@pytest.mark.parametrize("source", contexts(), ids=lambda source: source.path)
def test_a_number_of_policy_is_a_parameter(source: Source) -> None:
    assert set(suspects(source.tree)) <= BOUNDS.get(source.path, {}).keys()
    assert spans_inside(source.tree) == []


@pytest.mark.parametrize("path", sorted(BOUNDS))
def test_what_is_named_as_a_bound_is_there_and_is_needed(path: str) -> None:
    (source,) = [source for source in sources() if source.path == path]
    assert BOUNDS[path].keys() <= set(suspects(source.tree))


@pytest.mark.parametrize(
    "code",
    [
        "LOGIN_TRIES = 5",
        "_LOCK_S: int = 30 * 60",
        "FEE_FEN = 1_00",
        "LISTED = dt.timedelta(days=30)",
        "CEILING = 50_000_00",
        "def f(now): return now + dt.timedelta(days=30)",
        "def f(now): return now - timedelta(hours=72)",
    ],
)
def test_a_number_of_policy_would_be_found(code: str) -> None:
    tree = ast.parse(code)
    assert suspects(tree) or spans_inside(tree)


@pytest.mark.parametrize("code", ["PAGE = 100", "NAME_S = 'x'", "def f(day): return day + dt.timedelta(days=1)"])
def test_what_is_no_policy_passes(code: str) -> None:
    tree = ast.parse(code)
    assert suspects(tree) == spans_inside(tree) == []


@cache
def read_parameters() -> set[str]:
    """Names of parameters' constants that some context reads."""
    return {
        node.attr
        for source in contexts()
        if not source.path.startswith("parameters/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "parameters"
    }


@pytest.mark.parametrize(
    "name",
    [
        *(name for name, value in vars(domain).items() if value in known.ALL.values() and name.isupper()),
        *(name for name in vars(texts) if name.endswith(("_TEXT", "_TEXTS"))),
    ],
)
def test_every_parameter_is_read_by_somebody(name: str) -> None:
    assert name in read_parameters()


@pytest.mark.parametrize(
    ("what", "prefixes", "kind"),
    [
        ("limits", ("limit.", "factor.strict."), shapes.Parameter),
        ("factor policies", ("factor.policy",), shapes.Choice),
        ("fees", ("fee.",), shapes.Parameter),
        ("time windows", ("bank.working_hours", "factor.reminder_hours"), shapes.TimeWindow),
        ("texts", ("text.", "wechat.", "email."), shapes.Text),
        ("messages", ("message.",), shapes.MessageText),
        ("retention", ("audit.retention_d", "notice.listed_d"), shapes.Parameter),
    ],
)
def test_each_class_of_policy_has_parameters_of_its_type(what: str, prefixes: tuple[str, ...], kind: type) -> None:
    found = [one for name, one in known.ALL.items() if name.startswith(prefixes)]
    assert found, what
    assert all(isinstance(one, kind) and one.source for one in found)


def test_every_parameter_is_known_by_its_name_and_its_default_is_admitted() -> None:
    declared = [one for one in (*vars(known).values(), *texts.MESSAGES) if isinstance(one, shapes.AnyParameter)]
    assert {one.name for one in declared} == known.ALL.keys()
    assert [name for name, one in known.ALL.items() if not one.admits(one.default)] == []


def test_the_environment_holds_references_and_no_policy() -> None:
    # What `Ref` gives, and which providers a stage has.
    references = {logical_id: f"<{logical_id}>" for logical_id in variables().values()}
    for stage in ("local", "prod"):
        rest = {name: value for name, value in environment_of(references, stage).items() if not value.startswith("<")}
        assert rest.keys() == {"MESSAGE_PROVIDER", "IDENTITY_PROVIDER", "STAGE"}
    asked = {
        ast.unparse(call.args[0]).strip("'")
        for source in sources()
        for call in source.calls()
        if ast.unparse(call.func) in ("settings.get", "os.environ.get", "os.getenv") and call.args
    }
    assert {name for name in asked if re.search(r"_(S|H|D|FEN|TRIES|LIMIT|MIN|MAX)$", name)} == set()
