"""How long each kind of record is kept (NB-5.1.6-2): `retention.toml`, and the page that is made of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.parameters import service as parameters

FILE = Path(__file__).parent / "retention.toml"
PERMANENT, ACCOUNTING, KEPT, LOG, WORKING = "permanent", "accounting", "kept", "log", "working"
YEARS = "documents.voucher.kept_years"
WORDS = {
    PERMANENT: ("永久", "for ever"),
    ACCOUNTING: ("会计档案年限，到期不自动销毁", "the term of accounting archives; nothing ends it by itself"),
    KEPT: ("不设自动终止", "without end; the bank decides"),
    LOG: ("日志年限", "the term of logs"),
    WORKING: ("用毕即止", "until its purpose is over"),
}
HEADER = """# Retention / 档案与数据保管期限

<!-- Written by `.venv/bin/python -m docs.generate` from compliance/retention.toml; do not edit. -->

How long each kind of record is kept, and where. Nothing in the bank destroys what has the term of accounting archives
or is kept for ever: no function may, no time-to-live and no rule of a bucket does, and deleting the stack does not.
What is over its term stays until the bank decides on it, on paper.

各类档案与数据的保管期限及存放位置。永久及会计档案类数据，任何函数、过期规则、存储桶规则均不能删除，删除栈亦保留；
到期后由本行另行鉴定销毁。

"""


@dataclass(frozen=True, slots=True)
class Record:
    """A kind of record: `held` names tables and buckets, a folder of one behind a slash; `parameter` its term."""

    zh: str
    en: str
    held: list[str] = field(hash=False)
    term: str
    source: str
    parameter: str = ""
    ends: str = ""


def records() -> list[Record]:
    """Every kind, in the order of the file. Raises TypeError for a row that is none."""
    return [Record(**row) for row in tomllib.loads(FILE.read_text(encoding="utf-8"))["record"]]


def page() -> str:
    """`docs/retention.md`."""
    defaults = {name: rule.default for name, rule in parameters.ALL.items()}
    lines = ["| record | where | term | source |", "| --- | --- | --- | --- |"]
    for one in records():
        named = one.parameter or (YEARS if one.term == ACCOUNTING else "")
        term = [" / ".join(WORDS[one.term])]
        term += [f"`{named}` ({defaults[named]})"] if named else []
        term += [one.ends] if one.ends else []
        held = ", ".join(f"`{place}`" for place in one.held)
        lines.append(f"| {one.zh} / {one.en} | {held} | {'; '.join(term)} | {one.source} |")
    return HEADER + "\n".join(lines) + "\n"
