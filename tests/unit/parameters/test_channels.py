"""A table of channels as a parameter: what is one, and what is not."""

from __future__ import annotations

import pytest

from chalicelib.parameters.channels import MAX_CHANNELS, Channel, ChannelTable, channels_of

ROW = "ibps 1-100000000 realtime,normal every 00:00-24:00 1"
TABLE = ChannelTable("a.table", ROW, "test")


def test_a_row_is_read_as_it_says() -> None:
    assert channels_of(ROW) == (Channel("ibps", 1, 100_000_000, ("realtime", "normal"), False, 0, 1440, 1),)
    (row,) = channels_of("hvps 5-7 next_day working 08:30-17:15 90")
    assert [row.takes(amount, "next_day") for amount in (4, 5, 7, 8)] == [False, True, True, False]
    assert not row.takes(5, "realtime")
    assert [row.is_open_at(minute) for minute in (509, 510, 1034, 1035)] == [False, True, True, False]
    assert row.is_on_working_days


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ibps",
        f"{ROW};{ROW}",
        f"{ROW}; {ROW}",
        f"{ROW}; ",
        "; ".join(ROW.replace("ibps", f"c{i}") for i in range(MAX_CHANNELS + 1)),
        ROW.replace("1-", "0-"),
        ROW.replace("1-100000000", "8-7"),
        ROW.replace("realtime", "soon"),
        ROW.replace("normal", "realtime"),
        ROW.replace("every", "never"),
        ROW.replace("00:00-24:00", "10:00-10:00"),
        ROW.replace("00:00-24:00", "17:00-09:00"),
        ROW.replace("24:00", "24:01"),
        ROW.replace("24:00", "23:60"),
        ROW + "\n",
        None,
        1,
        {"zh": ROW, "en": ROW},
    ],
)
def test_what_is_no_table_is_refused(text: object) -> None:
    assert not TABLE.admits(text)


def test_what_is_one_is_taken() -> None:
    assert TABLE.admits(ROW)
    assert TABLE.admits("; ".join(ROW.replace("ibps", f"c{i}") for i in range(MAX_CHANNELS)))
    assert TABLE.admits(f"{ROW.replace('00:00', '20:30')}; {ROW.replace('24:00', '17:15')}")
    assert f"1..{MAX_CHANNELS} rows" in TABLE.bounds
