"""One row of the report: a measured value beside the budget that the bank promised for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Number = int | float


@dataclass(frozen=True, slots=True)
class Row:
    """`value` in `unit`; `budget` is None where the row only informs. `at_least`: the budget is a floor."""

    metric: str
    value: Number
    unit: str
    budget: Number | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the value keeps its budget."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def as_json(self) -> dict[str, Any]:
        """The row as `build/bench.json` has it."""
        return {
            "metric": self.metric,
            "value": self.value,
            "budget": self.budget,
            "unit": self.unit,
            "holds": self.holds,
        }


def whole(value: float) -> Number:
    """`9.0` units read as `9`."""
    return int(value) if value == int(value) else value


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list, one row a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row.as_json(), ensure_ascii=False) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows for a person; what is over budget says so."""
    cells = [("metric", "value", "budget", "unit", "")]
    for row in rows:
        sign = ">= " if row.at_least else "<= "
        budget = "-" if row.budget is None else f"{sign}{row.budget}"
        cells.append((row.metric, str(row.value), budget, row.unit, "" if row.holds else "OVER BUDGET"))
    widths = [max(len(line[i]) for line in cells) for i in range(5)]
    return "\n".join(
        f"{line[0]:<{widths[0]}}  {line[1]:>{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:<{widths[3]}}  {line[4]}"
        for line in cells
    )
