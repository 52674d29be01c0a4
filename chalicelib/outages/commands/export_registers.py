"""Both registers as JSON, each row with its history, or as tables for a spreadsheet."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.outages import service, store
from chalicelib.outages.cases import Case
from chalicelib.outages.domain import Outage
from chalicelib.platform import clock, sheets

_STEP_COLUMNS = ("number", "step", "action", "by", "at", "reason", "changes")


def outages(now: dt.datetime) -> list[dict[str, Any]]:
    """Every outage with its sums as they stand, in seconds, and its deadlines; the latest first."""
    return [_outage(service.standing(outage, now)) for outage in store.outages()]


def _outage(stands: service.Standing) -> dict[str, Any]:
    split, outage = stands.split, stands.outage
    terms = outage.terms
    return {
        "state": outage.state,
        **{name: _plain(getattr(outage, name)) for name in Outage.__dataclass_fields__ if name != "terms"},
        **asdict(terms),
        "inside_s": int(split.inside.total_seconds()),
        "outside_s": int(split.outside.total_seconds()),
        "unknown_s": int(split.unknown.total_seconds()),
        "reportable": stands.is_reportable,
        "assumed": stands.is_assumed,
        "report_due": None if stands.report_due is None else clock.to_text(stands.report_due),
        "final_due": None if stands.final_due is None else clock.to_text(stands.final_due),
    }


def cases(month: str) -> list[dict[str, Any]]:
    """Every case of a month, whichever branch noted it; newest first."""
    found = store.cases(month)
    return [
        {"state": case.state, **{name: getattr(case, name) for name in Case.__dataclass_fields__}} for case in found
    ]


def _plain(value: Any) -> Any:
    """Words for customers as both their texts, marks as a list."""
    if value is None or isinstance(value, str | int):
        return value
    return list(value) if isinstance(value, tuple) else asdict(value)


def as_json(rows: Sequence[Mapping[str, Any]], id_name: str) -> str:
    """The rows, each with its history."""
    found = [{**row, "history": [asdict(step) for step in store.steps(row[id_name])]} for row in rows]
    return json.dumps(found, ensure_ascii=False, indent=2)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a table; where there is none, its columns are not known either, and it is empty."""
    columns = list(rows[0]) if rows else []
    return sheets.csv_text(columns, [[_cell(row[name]) for name in columns] for row in rows])


def history_as_csv(rows: Sequence[Mapping[str, Any]], id_name: str) -> str:
    """The steps of all rows as a table, those of each in order."""
    steps = [asdict(step) for row in rows for step in store.steps(row[id_name])]
    return sheets.csv_text(_STEP_COLUMNS, [[_cell(step[name]) for name in _STEP_COLUMNS] for step in steps])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
