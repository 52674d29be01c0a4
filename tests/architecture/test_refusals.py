"""One class and one stable code per refusal, in two languages, each in the contract."""

from __future__ import annotations

import ast
import inspect
import re
import string
import textwrap
from functools import cache
from types import ModuleType

import pytest

from chalicelib.contract.service import refusals_of
from chalicelib.platform.errors import Refusal
from chalicelib.platform.http import Operation
from tests.architecture.source import called_name, modules, operations

# Not in the contract, because no operation over HTTP answers with it (yet).
NOT_OVER_HTTP = {
    "staff_founded": "the set-up's own side",
    "document_taken": "the counter's own side",
    "clearing_payment_not_open": "the clearing's own side",
    "hold_not_open": "the clearing's own side",
    "hold_expired": "the clearing's own side",
    "hold_not_expired": "the clearing's own side",
    "hold_exceeded": "the clearing's own side",
    "account_deferred_legs_due": "the counter's own side",
    "account_credit_not_deferred": "the counter's own side",
    "tills_not_closed": "the day close's own side",
    "business_date_malformed": "the day close's own side",
    "business_day_not_over": "the day close's own side",
    "business_day_out_of_order": "the day close's own side",
    "business_day_pending": "the day close's own side",
    "business_day_unbalanced": "the day close's own side",
    "approval_not_expired": "the clock's own side",
    "order_overtaken": "read and judged again",
    "order_factor_lost": "the clock's own side",
    "batch_line_ended": "a worker that another was quicker than",
    "batch_factor_lost": "the worker's own side, told with the payment that it ends",
    "document_too_large": "the worker's own side, told on the document",
    "document_not_made": "the same",
    "receipt_not_signed": "the same",
    "method_not_allowed": "no operation has a method it does not allow",
}
RAISED_BY = {"decode_cursor": "cursor_malformed"}


@cache
def refusals() -> tuple[type[Refusal], ...]:
    """Every refusal with a code."""
    modules()
    found, waiting = [], [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "code" in kind.__dict__ and kind.__module__.startswith("chalicelib."):
            found.append(kind)
    return tuple(sorted(found, key=lambda kind: kind.code))


each = pytest.mark.parametrize("kind", refusals(), ids=lambda kind: kind.code)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in refusals()]
    assert len(codes) == len(set(codes)) > 30


@each
def test_a_refusal_has_a_stable_code_and_an_http_status(kind: type[Refusal]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert kind.status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503)
    assert isinstance(kind.rank, int)


@each
def test_a_refusal_speaks_both_languages(kind: type[Refusal]) -> None:
    # given facts for every name in its texts
    names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (kind.zh, kind.en)]
    refusal = kind(**dict.fromkeys(names[0] | names[1], "1.00"))
    # then Chinese is Chinese, English is English, and English tells no fact that Chinese does not
    zh, en = refusal.text("zh"), refusal.text("en")
    assert zh != en
    assert re.search(r"[\u4e00-\u9fff]", zh)
    assert en.isascii()
    assert zh.endswith("。")
    assert en.endswith(".")
    assert names[1] <= names[0]
    assert "{" not in zh + en


@each
def test_a_refusal_is_in_the_contract(kind: type[Refusal]) -> None:
    answered = {refusal.code for _, operation in operations() for refusal in refusals_of(operation)}
    assert (kind.code in answered) != (kind.code in NOT_OVER_HTTP)


@pytest.mark.parametrize(("module", "operation"), operations(), ids=[f"{o.method} {o.path}" for _, o in operations()])
def test_what_a_view_raises_is_declared(module: ModuleType, operation: Operation) -> None:
    # given the refusals that a view raises itself
    view = inspect.unwrap(getattr(module, operation.name))
    tree = ast.parse(textwrap.dedent(inspect.getsource(view)))
    codes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            raised = eval(compile(ast.Expression(node.exc.func), "view", "eval"), vars(module))  # noqa: S307  # our own code
            if issubclass(raised, Refusal):
                codes.add(raised.code)
        elif isinstance(node, ast.Call) and called_name(node) in RAISED_BY:
            codes.add(RAISED_BY[called_name(node)])
    # then the operation declares each
    assert codes <= {refusal.code for refusal in refusals_of(operation)}
