"""One run of Schemathesis over the contract with one log-in, and what it found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
import schemathesis.hooks
from schemathesis import AuthContext, Case, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from chalicelib.contract.service import document
from tests.fuzz.known import Known

CONTRACT = json.loads(document())
TIMEOUT_S = 60
# Of one chain: create, confirm, receipt, and what may come between.
MOST_STEPS = 8
PHASES = ("examples", "coverage", "fuzzing", "stateful")
# Not asked: what fits the contract may be refused by a rule between fields, or of the bank; and whether one customer
# reaches what another has, for which the chain's tests know who owns what.
UNASKED = ("positive_data_acceptance", "object_level_authorization")


@dataclass(frozen=True)
class Role:
    """Somebody who asks: the operations they may, how they log in (None for a visitor), and what they know of."""

    name: str
    operations: Sequence[str]
    known: Known
    log_in: Callable[[], str] | None = None


@dataclass(frozen=True)
class Bounds:
    """How much is tried: so many examples an operation or chain, in which phases, right requests alone or wrong ones,
    too, from which seed; and the checks that are left out.
    """

    seed: int
    examples: int
    phases: Sequence[str]
    mode: str = "all"
    unasked: Sequence[str] = UNASKED


def bounds_of(options: pytest.Config, phases: Sequence[str]) -> Bounds:
    """As `make fuzz` was told; the seed is printed, as what a failure is repeated by."""
    seed, examples = options.getoption("--fuzz-seed"), options.getoption("--fuzz-examples")
    print(f"FUZZ_SEED={seed} FUZZ_EXAMPLES={examples}")
    return Bounds(seed, examples, phases)


@dataclass
class Found:
    """What a run asked, how it was answered, and what was wrong: a line each, the first request of its kind."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    # Operations that were done at least once, as `POST /v1/transfers`.
    done: Counter[str] = field(default_factory=Counter)
    # Links that were followed from an answer to one that was done.
    followed: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def note(self, scenario: ScenarioRecorder) -> None:
        """Count the requests of a scenario and keep what failed."""
        for case_id, interaction in scenario.interactions.items():
            self.requests += 1
            if interaction.response is not None:
                self._answered(scenario, case_id, interaction.response.status_code)
        for case_id, checks in scenario.checks.items():
            for check in filter(lambda one: one.failure_info is not None, checks):
                assert check.failure_info is not None
                failure = check.failure_info.failure
                answered = scenario.interactions[case_id].response
                text = answered.content.decode(errors="replace")[:500] if answered is not None else ""
                said = f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}\n{text}"
                self.failures.setdefault((check.name, str(failure.operation), failure.title), said)

    def _answered(self, scenario: ScenarioRecorder, case_id: str, status: int) -> None:
        node = scenario.cases[case_id]
        self.statuses[status] += 1
        if 200 <= status < 300:
            self.done[node.value.operation.label] += 1
            if node.transition is not None and node.is_transition_applied:
                self.followed[node.transition.id] += 1

    def report(self) -> str:
        """What a person reads."""
        counted = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        lines = [f"{self.requests} requests ({counted}); {len(self.done)} operations done, {len(self.followed)} links"]
        lines += [f"links followed: {', '.join(sorted(self.followed))}"] if self.followed else []
        lines += [f"{check} {operation}\n{said}" for (check, operation, _), said in sorted(self.failures.items())]
        return "\n\n".join(lines)


def run(role: Role, bounds: Bounds, *, app: Any = None, base_url: str | None = None) -> Found:
    """Ask as `role` does, of an application in this process or at an address."""
    contract = schemathesis.openapi.from_dict(CONTRACT, config=_config(bounds, base_url))
    schema = contract.include(operation_id=list(role.operations))
    schema.app = app
    found, session = Found(), _Session(role.log_in)
    if role.log_in is not None:
        schema.auth(refresh_interval=None)(session.provider())
    with _hooked(role.known, session):
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                found.note(event.recorder)
            elif isinstance(event, events.NonFatalError):
                found.failures[("error", event.label, str(event.phase))] = repr(event.value)
            elif isinstance(event, events.FatalError):
                raise event.exception
    return found


def _config(bounds: Bounds, base_url: str | None) -> SchemathesisConfig:
    # Shrinking asks again and again, of a bank that has moved on since.
    generation = {"max-examples": bounds.examples, "no-shrink": True, "database": "none", "mode": bounds.mode}
    return SchemathesisConfig.from_dict(
        {
            "seed": bounds.seed,
            "suppress-health-check": ["all"],
            "continue-on-failure": True,
            "request-timeout": TIMEOUT_S,
            "generation": generation | {"with-security-parameters": False},
            "phases": {
                **{phase: {"enabled": phase in bounds.phases} for phase in PHASES},
                "stateful": {"enabled": "stateful" in bounds.phases, "max-steps": MOST_STEPS},
            },
            "checks": {name: {"enabled": False} for name in bounds.unasked},
            **({"base-url": base_url} if base_url else {}),
        }
    )


class _Session:
    """The token of a role, fetched again after an answer that nobody is logged in."""

    def __init__(self, log_in: Callable[[], str] | None) -> None:
        self._log_in = log_in
        self._token = ""

    def note(self, response: Response) -> None:
        """Look at an answer."""
        if response.status_code == 401:
            self._token = ""

    def provider(self) -> type:
        """What Schemathesis asks for the token of each request, and puts into it."""

        class Provider:
            def get(_, case: Case[Any], context: AuthContext) -> str:  # noqa: N805  # the session is `self` here
                del case, context
                if not self._token and self._log_in is not None:
                    self._token = self._log_in()
                return self._token

            def set(_, case: Case[Any], data: str, context: AuthContext) -> None:  # noqa: N805  # as above
                del context
                case.headers["Authorization"] = f"Bearer {data}"

        return Provider


@contextmanager
def _hooked(known: Known, session: _Session) -> Iterator[None]:
    def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
        del context, kwargs
        known.put_into(case)

    def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
        del context
        session.note(response)
        known.learn(case, response)

    for hook in (before_call, after_call):
        schemathesis.hook(hook)
    try:
        yield
    finally:
        for hook in (before_call, after_call):
            schemathesis.hooks.unregister(hook)
