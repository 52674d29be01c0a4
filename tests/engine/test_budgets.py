"""What a transfer may cost, where it is counted and not timed: the budgets that `make bench` prints with the rest."""

from __future__ import annotations

import pytest

from bench.items import size_rows
from bench.meter import metered
from bench.rows import Row
from bench.units import factor_rows, old_account_rows, transfer_rows, warmed
from tests.engine.test_factor_races import awaiting, cloud_certified, on_device, outcome, pin_of
from tests.engine.test_transfer_races import customer

pytestmark = pytest.mark.usefixtures("ledger_engine")

# One page and a little more; `make bench` looks at an account of 100,000 lines.
LINES = 130


def over_budget(rows: list[Row]) -> list[str]:
    """The rows that do not hold, as `metric=value`."""
    return [f"{row.metric}={row.value}" for row in rows if not row.holds]


def test_a_transfer_costs_no_more_round_trips_and_units_than_promised_a_fee_nothing_extra() -> None:
    rows = transfer_rows()

    assert over_budget(rows) == []
    # and the figures were really taken: an engine that reports no capacity would pass any budget
    values = {row.metric: row.value for row in rows}
    assert values["transfer.one_shot.write_units"] == 8
    assert values["transfer.confirm.write_units"] == 9
    assert values["transfer.confirm.deferred_payee.write_units"] == 7
    assert values["transfer.one_shot_account_only.write_units"] == 6


def test_the_other_factors_cost_what_was_promised() -> None:
    rows = factor_rows()

    assert over_budget(rows) == []
    values = {row.metric: row.value for row in rows}
    assert values["transfer.confirm.certificate.write_units"] == 9
    assert values["transfer.confirm.token.read_units"] == 1


def test_a_cloud_certificates_pin_costs_what_was_promised() -> None:
    payer, payee = on_device(customer("赵小明", 10_000_00)), customer("钱红", 0)
    cloud_certified(payer, "802731")
    image = awaiting(payer, payee, "certificate")
    with warmed(), metered() as cost:
        assert outcome(payer, image, pin_of(payer, "802731")) == "posted"
    # the two of any confirmation, a try at the PIN claimed and released; and KMS beside DynamoDB
    assert (cost.round_trips, cost.write_units, cost.read_units) == (4, 11, 0)


def test_an_older_account_costs_the_same_and_a_page_is_one_query() -> None:
    rows = old_account_rows(LINES)

    assert over_budget(rows) == []
    assert {row.value for row in rows if row.metric.endswith(".queries")} == {1}


def test_what_a_transfer_writes_stays_under_one_kilobyte_at_its_longest_too() -> None:
    assert over_budget(size_rows()) == []


def test_a_row_over_its_budget_does_not_hold() -> None:
    assert Row("units", 8, "WCU", 8).holds
    assert not Row("units", 9, "WCU", 8).holds
    assert Row("ratio", 0.8, "ratio", 0.8, at_least=True).holds
    assert not Row("ratio", 0.79, "ratio", 0.8, at_least=True).holds
    assert Row("informs", 10**9, "bytes").holds
