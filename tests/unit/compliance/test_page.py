"""The page: untested rows first, each with clause, code, tests, result and gap, and nothing that changes by itself."""

from __future__ import annotations

import re
from pathlib import Path

from compliance.judge import verdicts
from compliance.page import page
from compliance.record import Outcome
from tests.unit.compliance.small import TEST, evidence, row

ROWS = (row("NB-1"), row("NB-2.1", "part", "No website."), row("NB-3", "open", "Not built.", section=2))
CHAIN = "tests/chain/test_notices.py::test_a_notice_is_read"


def written(folder: Path, outcome: Outcome) -> str:
    """The page when NB-1's two tests end so."""
    found = evidence(folder, *ROWS, tests={CHAIN: ["NB-1"], TEST: ["NB-1"]})
    return page(found.requirements, verdicts(found, dict.fromkeys((TEST, CHAIN), outcome)), found.marks)


def test_rows_without_a_test_come_first(tmp_path: Path) -> None:
    text = written(tmp_path, Outcome.PASSED)
    heads = re.findall(r"^##+ (.*)$", text, re.MULTILINE)
    assert heads == ["Rows without a test / 尚无测试的条款", "NB-2.1", "NB-3", "1. Notices / 公告", "NB-1"]
    assert "| A | 1 | 1 | 1 |\n| B | 0 | 0 | 0 |\n| C | 0 | 0 | 0 |\n| all | 1 | 1 | 1 |" in text
    assert "- A, part: [NB-2.1](#nb-21)\n- A, open: [NB-3](#nb-3)\n" in text


def test_a_row_says_all_that_there_is_to_it(tmp_path: Path) -> None:
    text = written(tmp_path, Outcome.PASSED)
    assert text.endswith("""### NB-1

**met** · class A · NB 5.1

> 至少提前三天在网站上公告

- Asks for: Announced ahead.
- Seen by: later is refused.
- In code: `chalicelib.maintenance.domain:lead`
- Tests (2):
    - `tests/chain/test_notices.py`: `test_a_notice_is_read`
    - `tests/unit/test_notices.py`: `test_late_is_refused`
- Result: passed
- Gap: none
""")
    assert "- In code: no place quotes it\n- Result: no test\n- Gap: Not built.\n" in text


def test_what_fails_is_named(tmp_path: Path) -> None:
    assert f"- Result: **failed**: `{CHAIN}`; **failed**: `{TEST}`\n" in written(tmp_path, Outcome.FAILED)
