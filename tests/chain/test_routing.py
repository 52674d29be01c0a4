"""The table of channels in force decides, and a table that is none is ignored."""

from __future__ import annotations

from chalicelib.parameters import service as parameters
from chalicelib.routing import service as routing
from tests.chain.bank import START, Bank
from tests.chain.probe import force

NAME = "routing.channels"


def test_the_table_in_force_decides(shared_bank: Bank) -> None:
    assert routing.route(1_00, START, "realtime").channel == "ibps"
    parameters.set_value(NAME, "beps 1-100 realtime every 00:00-24:00 30")
    assert routing.route(1_00, START, "realtime").channel == "beps"


def test_a_table_that_says_nothing_is_ignored(shared_bank: Bank) -> None:
    force(shared_bank, "ParametersTable", {"name": NAME}, value="beps 1-100")
    parameters.forget()
    assert routing.route(1_00, START, "realtime").channel == "ibps"
