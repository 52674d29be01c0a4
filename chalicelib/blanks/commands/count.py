"""Count all blanks anew from their rows and histories, and compare with the counters (NB-5.3.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.blanks import domain, store
from chalicelib.blanks.domain import COUNTERS, Step
from chalicelib.platform.dynamo import Image

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Recount:
    """Counters by branch and kind, as they stand; and what does not agree with the rows, in words with serials."""

    counts: Mapping[tuple[str, str], Counts]
    findings: list[str] = field(default_factory=list)


def recount() -> Recount:
    """Read every blank and every step once. Steps taken meanwhile may look like findings: then count again."""
    histories: dict[str, list[Image]] = defaultdict(list)
    for step in store.all_steps():
        histories[step["blank_id"]].append(step)
    by_rows: dict[tuple[str, str], Counts] = defaultdict(lambda: dict.fromkeys(COUNTERS, 0))
    findings: list[str] = []
    for image in store.all_blanks():
        steps = sorted(histories.pop(image["blank_id"], []), key=lambda step: str(step["step"]))
        broken = domain.first_break(image, steps)
        if broken is not None:
            findings.append(f"{image['blank_id']}: {broken}")
        by_rows[(image["branch_id"], image["kind"])][image["state"]] += 1
        _add_flows(by_rows, image["kind"], steps)
    findings += [f"{blank}: a history without a blank" for blank in histories]
    stored = {
        (row["branch_id"], row["kind"]): {name: int(row.get(name, 0)) for name in COUNTERS}
        for row in store.all_counts()
    }
    for key in sorted({*stored, *by_rows}):
        kept, rows = stored.get(key, dict.fromkeys(COUNTERS, 0)), by_rows[key]
        findings += [
            f"{key[0]} {key[1]} {name}: counter {kept[name]}, rows {rows[name]}"
            for name in COUNTERS
            if kept[name] != rows[name]
        ]
        if not domain.is_balanced(kept):
            findings.append(f"{key[0]} {key[1]}: what came and what is there differ")
    return Recount(stored, findings)


def _add_flows(by_rows: dict[tuple[str, str], Counts], kind: str, steps: list[Image]) -> None:
    """What came and went, which only the history tells."""
    for row in steps:
        step = Step(
            row["action"], row["from_state"], row["to_state"], row["from_branch"], row["branch_id"], row["staff_id"]
        )
        for branch_id, changes in domain.deltas(step).items():
            for name in (domain.RECEIVED, domain.MOVED_IN, domain.MOVED_OUT):
                by_rows[(branch_id, kind)][name] += changes.get(name, 0)
