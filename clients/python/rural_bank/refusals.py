"""What the bank refuses, raised: programs decide by `code`, which never changes, and show people `detail`."""

from __future__ import annotations

from typing import TypeVar, cast

from rural_bank_api.models.problem import Problem
from rural_bank_api.types import Response, Unset

T = TypeVar("T")


class Refused(Exception):
    """The bank refused; `facts` are the figures of the sentence, `errors` the fields that do not fit and how."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.detail}")
        self.status, self.code, self.detail = problem.status, problem.code, problem.detail
        self.correlation_id = problem.correlation_id
        self.facts: dict[str, str] = {} if isinstance(problem.facts, Unset) else problem.facts.to_dict()
        found = [] if isinstance(problem.errors, Unset) else problem.errors
        self.errors = {error.field: error.code for error in found}


class AppOutdated(Refused):
    """This version of the app is too old: nothing but an update helps. Log-out and reports of loss still work."""

    @property
    def minimum(self) -> str:
        """The oldest version that is served."""
        return self.facts["minimum"]

    @property
    def address(self) -> str:
        """Where to update."""
        return self.facts["address"]


class StepUpRequired(Refused):
    """What was asked for must be confirmed first; see `with_step_up`."""

    @property
    def step_up(self) -> str:
        """The id that is confirmed and then goes along as `Step-Up`."""
        return self.facts["step_up"]

    @property
    def factors(self) -> list[str]:
        """The factors that would do."""
        return self.facts["factors"].split(",")


_OF_CODE: dict[str, type[Refused]] = {"app_outdated": AppOutdated, "step_up_required": StepUpRequired}


def answered(response: Response[T | Problem]) -> T:
    """What a successful answer carries, None where it carries nothing. Raises Refused for any other."""
    if isinstance(response.parsed, Problem):
        raise _OF_CODE.get(response.parsed.code, Refused)(response.parsed)
    return cast(T, response.parsed)
