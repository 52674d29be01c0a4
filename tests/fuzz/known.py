"""What exists at the bank, put in place of what was made up where a request would otherwise end at the first look-up.

Schemathesis makes up ids that name nothing. Of a part of a request that fits the contract, most values that have a
known name are replaced; parts that are wrong on purpose stay as they are, so a check that they are refused still holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response

from chalicelib.contract import flows

Values = dict[str, list[Any]]
# How often a known value is taken, of a hundred: the others find nothing, which is answered too.
KNOWN_PERCENT = 85
# As many of a kind as are chosen from; the newest stay.
MOST_OF_A_NAME = 20
# What they answer is no JSON.
_TEXTS = {"GET /v1/staff/statistics/csv", "GET /v1/staff/audit/export"}
BODY, PATH, QUERY = ParameterLocation.BODY, ParameterLocation.PATH, ParameterLocation.QUERY


class Known:
    """Values by the name of a parameter or field, and whole bodies by operation, where one that was made up hardly ever
    holds together; `confirm` answers the body that confirms what an id names, `note` is shown each answer.
    """

    def __init__(
        self,
        seed: int,
        values: Mapping[str, Sequence[Any]],
        bodies: Mapping[str, Sequence[Any]],
        confirm: Callable[[str], Any] | None = None,
        note: Callable[[Any], None] | None = None,
    ) -> None:
        self._dice = random.Random(seed)  # noqa: S311  # a seed's dice are meant to be predictable
        self._values: Values = {name: list(found) for name, found in values.items()}
        self._bodies = bodies
        self._confirm = confirm
        self._show = note

    def add(self, name: str, value: Any) -> None:
        """Note one more value; the newest stay."""
        self._values[name] = [*self._values.get(name, []), value][-MOST_OF_A_NAME:]

    def put_into(self, case: Case[Any]) -> None:
        """Replace in one request, in place."""
        if _is_right(case, PATH):
            self._replace(case.path_parameters)
        if _is_right(case, QUERY):
            self._replace(case.query)
        if not isinstance(case.body, NotSet) and _is_right(case, BODY):
            self._replace(case.body)
            self._whole(case)

    def _whole(self, case: Case[Any]) -> None:
        if not self._is_taken():
            return
        bodies = self._bodies.get(case.operation.label)
        if bodies:
            case.body = dict(self._dice.choice(bodies))
        if self._confirm is None or not case.path.endswith(("/confirmation", "/approval")):
            return
        for name in ("transfer_id", "step_up_id", "approval_id"):
            if name in case.path_parameters:
                case.body = self._confirm(str(case.path_parameters[name])) or case.body

    def _is_taken(self) -> bool:
        return self._dice.randrange(100) < KNOWN_PERCENT

    def _replace(self, part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                self._replace(one)
        if not isinstance(part, dict):
            return
        for name, value in part.items():
            # What a link brought exists already, and stays.
            if name in self._values and value not in self._values[name] and self._is_taken():
                part[name] = self._dice.choice(self._values[name])
            else:
                self._replace(value)

    def learn(self, case: Case[Any], response: Response) -> None:
        """Note what the links of an answer lead to."""
        if not 200 <= response.status_code < 300 or not response.content or case.operation.label in _TEXTS:
            return
        body = response.json()
        if self._show is not None:
            self._show(body)
        links = flows.LINKS.get(case.operation.label, ())
        for link in links:
            for name, source in link.parameters.items():
                if source.startswith("$response.body#/"):
                    self._note(name, body, source.removeprefix("$response.body#/").split("/"))

    def _note(self, name: str, body: Any, pointer: Sequence[str]) -> None:
        for part in pointer:
            body = body.get(part) if isinstance(body, dict) else None
        if body is not None:
            self.add(name, body)


def _is_right(case: Case[Any], location: ParameterLocation) -> bool:
    """Whether that part of the request fits the contract."""
    part = case.meta.components.get(location) if case.meta is not None else None
    return part is not None and part.mode.is_positive
