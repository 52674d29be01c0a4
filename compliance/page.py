"""`docs/compliance.md`: for auditors, and the same at every run of the same code."""

from __future__ import annotations

from collections import defaultdict

from compliance import judge
from compliance.judge import Verdict
from compliance.marks import Marks
from compliance.record import Outcome
from compliance.rows import Class, Requirements, Status

HEADER = """# Compliance / 合规对照表

<!-- Written by `make compliance` with the results of a run, and by `.venv/bin/python -m docs.generate` as it is when
every test passes; do not edit. -->

Every clause of the bank's standards that software can meet, and how far the bank meets it. Each row has the clause,
what it asks for, how one sees that it holds, the places in the code that say they keep to it, the tests that show it,
their result, and the gap.

本表逐条列出行内标准中可由系统落实的条款：条款原文、要求、代码位置、测试、结果及差距。

- **met**: all that the row asks for is there. At least one test shows it, and none of its tests fails.
- **part**: some of it is there; the gap says what is not.
- **open**: not built.

Rows, clauses, statuses and gaps are data: `compliance/requirements.toml`. Code is found by the row's id in docstrings,
comments and texts, and named as `module:name`; tests are found by their mark, `@pytest.mark.requirement("<id>")`.
`make compliance` fails when a test of a row fails or did not run. A test that needs a program which a machine lacks is
skipped there, and `make compliance` says so; the row then stands on its other tests.

What connects the bank with companies outside (SMS, identity provider) is no gap where the adaptor is there, though the
local bank uses a stand-in. It is one where there is no adaptor.

Class A is the main chain (log-in, transfer within limits, receipt, notification, maintenance notice, statement).
Class B is the rest of a personal customer's bank and the bank's own staff, class C corporate banking and reach.
"""
WITHOUT_TEST = "Rows without a test / 尚无测试的条款"
# Whole deployed bank first, single rules last.
FOLDERS = ("deploy", "chain", "engine", "simulation", "unit", "architecture")


def link(row_id: str) -> str:
    """A link to a row's heading on the same page."""
    return f"[{row_id}](#{row_id.lower().replace('.', '')})"


def _summary(found: list[Verdict]) -> str:
    lines = ["| class | met | part | open |", "| --- | --- | --- | --- |"]
    for cls in Class:
        counts = [sum(one.row.cls is cls and one.row.status is status for one in found) for status in Status]
        lines.append(f"| {cls} | {' | '.join(map(str, counts))} |")
    totals = [sum(one.row.status is status for one in found) for status in Status]
    return "\n".join([*lines, f"| all | {' | '.join(map(str, totals))} |", ""])


def _missing(found: list[Verdict]) -> str:
    """Where to look first: what is not met, by class."""
    lines = []
    for cls in Class:
        for status in (Status.PART, Status.OPEN):
            links = [link(one.row.id) for one in found if one.row.cls is cls and one.row.status is status]
            if links:
                lines.append(f"- {cls}, {status}: {', '.join(links)}")
    return "\n".join([*lines, ""])


def _folder(name: str) -> int:
    return FOLDERS.index(name.split("/")[1])


def _tests(verdict: Verdict, marks: Marks) -> list[str]:
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in verdict.tests:
        name, _, function = test.partition("::")
        by_file[name].append(function)
    lines = []
    for name, functions in sorted(by_file.items(), key=lambda item: (_folder(item[0]), item[0])):
        whole = len(functions) == marks.per_file[name] and len(functions) > 1
        named = f"all {len(functions)}" if whole else ", ".join(f"`{one}`" for one in functions)
        lines.append(f"    - `{name}`: {named}")
    return lines


def _result(verdict: Verdict) -> str:
    if not verdict.tests:
        return "no test"
    bad = verdict.of(Outcome.FAILED, Outcome.NOT_RUN)
    if bad:
        return "; ".join(f"**{verdict.tests[test]}**: `{test}`" for test in bad)
    return "passed" if verdict.of(Outcome.PASSED) else "**skipped**"


def _row(verdict: Verdict, marks: Marks) -> str:
    row = verdict.row
    tests = _tests(verdict, marks)
    return "\n".join(
        [
            f"### {row.id}\n",
            f"**{row.status}** · class {row.cls} · {row.id.split('-')[0]} {row.source}\n",
            f"> {row.clause}\n",
            f"- Asks for: {row.requires}.",
            f"- Seen by: {row.shows}.",
            f"- In code: {', '.join(f'`{place}`' for place in verdict.places) or 'no place quotes it'}",
            *([f"- Tests ({len(verdict.tests)}):", *tests] if tests else []),
            f"- Result: {_result(verdict)}",
            f"- Gap: {row.gap.strip() or 'none'}",
            "",
        ]
    )


def page(requirements: Requirements, found: list[Verdict], marks: Marks) -> str:
    """The whole page: rows without a test, then the others by section."""
    titles = {one.prefix: f"{one.title} ({one.title_zh})" for one in requirements.standards}
    groups = {WITHOUT_TEST: [one for one in found if not one.tests]}
    for number, title in requirements.sections.items():
        groups[f"{number}. {title}"] = [one for one in found if one.tests and one.row.section == number]
    parts = [
        HEADER,
        *(f"- {prefix}: {title}" for prefix, title in titles.items()),
        "",
        _summary(found),
        _missing(found),
    ]
    for title, some in groups.items():
        if some:
            parts += [f"## {title}\n", *(_row(one, marks) for one in some)]
    return "\n".join(parts)


def page_when_all_pass() -> str:
    """The page as it is committed: whatever is not so when the tests run, `make compliance` fails for."""
    evidence = judge.gather()
    passed = dict.fromkeys(evidence.marks.tests, Outcome.PASSED)
    return page(evidence.requirements, judge.verdicts(evidence, passed), evidence.marks)
