"""A bank of a few requirements, to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compliance.judge import Evidence
from compliance.marks import Marks
from compliance.rows import Requirements, read

HEAD = """
[[standards]]
prefix = "NB"
title = "Operating Procedures"
title_zh = "操作规程"

[sections]
1 = "Notices / 公告"
2 = "Points / 积分"
"""
ROW = """
[[requirement]]
id = "{id}"
class = "A"
section = {section}
source = "5.1"
clause = "至少提前三天在网站上公告"
requires = "Announced ahead"
shows = "later is refused"
status = "{status}"
gap = "{gap}"
"""
TEST = "tests/unit/test_notices.py::test_late_is_refused"
PLACE = "chalicelib.maintenance.domain:lead"


def row(id_: str, status: str = "met", gap: str = "", section: int = 1) -> str:
    """A row as the file has it."""
    return ROW.format(id=id_, status=status, gap=gap, section=section)


def requirements(folder: Path, *rows: str) -> Requirements:
    """What `read` makes of a file with these rows."""
    file = folder / "requirements.toml"
    file.write_text(HEAD + "".join(rows), encoding="utf-8")
    return read(file)


def evidence(
    folder: Path, *rows: str, tests: dict[str, list[str]] | None = None, quoted: Sequence[str] = ("NB-1",)
) -> Evidence:
    """Rows; by default a test that shows NB-1 and a place that quotes it."""
    marked = {TEST: ["NB-1"]} if tests is None else tests
    per_file = dict.fromkeys((test.partition("::")[0] for test in marked), 2)
    return Evidence(requirements(folder, *rows), Marks(marked, per_file), {one: [PLACE] for one in quoted})
