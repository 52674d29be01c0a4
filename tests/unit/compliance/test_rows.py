"""What the file of requirements must say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from compliance.rows import ID, Class, Status, read
from tests.unit.compliance.small import requirements, row


def test_a_row_is_read(tmp_path: Path) -> None:
    (one,) = requirements(tmp_path, row("NB-5.1.8-5", "part", "Not on the website.")).rows
    assert (one.id, one.cls, one.status, one.gap) == ("NB-5.1.8-5", Class.A, Status.PART, "Not on the website.")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("NB-1", "part")], "says its gap in words"),
        ([row("NB-1", "open", " ")], "says its gap in words"),
        ([row("NB-1", "met", "Something is missing.")], "says its gap in words"),
        ([row("NB-1"), row("NB-1")], "there twice: NB-1"),
        ([row("NB-1", section=3)], "section or its standard is not declared"),
        ([row("YQ-1")], "section or its standard is not declared"),
        ([row("NB-one")], "String should match pattern"),
        ([row("NB-1", "done")], "'met', 'part' or 'open'"),
        ([row("NB-1").replace("clause", "words")], "Field required"),
    ],
)
def test_what_is_not_as_it_must_be_is_named(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        requirements(tmp_path, *rows)


def test_an_id_is_found_whole() -> None:
    text = "(NB-5.1.8-5, XJ-4.2-pw; NB-5.1.6-4-cap and YQ-4.2.2-f2f), SM-2 and NB-x are none; NB-4."
    assert ID.findall(text) == ["NB-5.1.8-5", "XJ-4.2-pw", "NB-5.1.6-4-cap", "YQ-4.2.2-f2f", "NB-4"]


@pytest.mark.requirement("XJ-7.3.3")
def test_the_banks_own_rows_are_those_of_three_standards() -> None:
    found = read()
    assert {one.id.partition("-")[0] for one in found.rows} == {"YQ", "XJ", "NB"}
    assert found.is_known("NB-5.1.8-5")
    assert found.is_known("NB-5.4.1")
    assert not found.is_known("NB-5.4")
