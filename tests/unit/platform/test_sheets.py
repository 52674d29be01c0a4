"""Tables as CSV: nothing in a cell is run, and everything can be read back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from chalicelib.platform.sheets import csv_text, write_csv


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", " =", "  -"])
def test_what_a_spreadsheet_would_run_is_text(start: str) -> None:
    assert cells(csv_text(["name"], [[f"{start}1+1"]])) == [["name"], [f"'{start}1+1"]]


@pytest.mark.parametrize("cell", ["", "0001", "12.34", "-12.34", "5-3", "a=b", 'a "quoted", one', "两\r\n行", "'=1"])
def test_any_other_cell_comes_back_as_it_was(cell: str) -> None:
    assert cells(csv_text(["name", "other"], [[cell, "x"]])) == [["name", "other"], [cell, "x"]]


def test_it_begins_with_the_mark_by_which_excel_reads_chinese() -> None:
    assert csv_text(["机构"], []).encode() == b"\xef\xbb\xbf" + "机构\r\n".encode()


def test_rows_go_to_a_sink_that_stays_open_also_when_one_fails() -> None:
    sink = io.BytesIO()

    def rows() -> Iterator[list[str]]:
        yield ["one"]
        raise ValueError("no other")

    with pytest.raises(ValueError, match="no other"):
        write_csv(sink, ["name"], rows())
    assert sink.getvalue().decode("utf-8-sig") == "name\r\none\r\n"
