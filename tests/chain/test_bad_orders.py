"""What no standing order can be made of is refused by name, and nothing is made of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chain.bank import Bank
from tests.chain.orderers import ORDERS, Orderer, monthly
from tests.chain.probe import table_items

BAD: list[tuple[dict[str, Any], str]] = [
    ({"amount": "0.00"}, "amount_out_of_range"),
    ({"amount": "-1.00"}, "amount_malformed"),
    ({"amount": 20}, "amount_malformed"),
    ({"amount": "99999999999999999.00"}, "amount_out_of_range"),
    ({"amount": "60000.00"}, "factor_ceiling_exceeded"),
    ({"payee_name": "钱大红"}, "payee_unavailable"),
    ({"payee_account": "9000019999999999999"}, "payee_unavailable"),
    ({"payer_account": "9000019999999999999"}, "not_found"),
    ({"payee_account": None}, "malformed_request"),
    ({"repeat": "daily"}, "malformed_request"),
    ({"day": 32}, "malformed_request"),
    ({"day": 0}, "malformed_request"),
    ({"day": True}, "malformed_request"),
    ({"repeat": "weekly", "day": 8}, "malformed_request"),
    ({"repeat": "once", "day": 1}, "malformed_request"),
    ({"first_date": "2026-11-31"}, "malformed_request"),
    ({"first_date": "20261130"}, "malformed_request"),
    ({"first_date": "2026-W48-1"}, "malformed_request"),
    ({"first_date": ""}, "malformed_request"),
    ({"first_date": "2026-11-29"}, "order_dates_unfit"),
    ({"day": 20, "first_date": "2026-11-20"}, "order_dates_unfit"),
    ({"first_date": "2027-11-30"}, "order_dates_unfit"),
    ({"until": "2026-11-29"}, "order_dates_unfit"),
    ({"until": "2036-12-01"}, "order_dates_unfit"),
    ({"until": "2027-11-30", "count": 3}, "order_dates_unfit"),
    ({"repeat": "once", "day": 0, "count": 1}, "order_dates_unfit"),
    ({"count": 0}, "malformed_request"),
    ({"count": 10**9}, "malformed_request"),
    ({"currency": "USD"}, "malformed_request"),
]


@pytest.mark.parametrize(("change", "code"), BAD, ids=[str(change) for change, _ in BAD])
def test_what_does_not_fit_is_refused_and_makes_nothing(shared_bank: Bank, change: dict[str, Any], code: str) -> None:
    bank = shared_bank
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    before = len(table_items(bank, "OrdersTable"))
    refused = Orderer(bank, payer).asked(monthly(payer, payee, **change), "order-key-1")
    assert refused.code == code
    assert len(table_items(bank, "OrdersTable")) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "0.00"}, "amount_out_of_range"),
        ({"amount": None, "count": 0}, "malformed_request"),
        ({"until": "2026-11-29"}, "order_dates_unfit"),
        ({"until": "2027-11-30", "count": 3}, "order_dates_unfit"),
        ({"payee_name": "钱大红"}, "payee_unavailable"),
        ({"amount": "60000.00"}, "factor_ceiling_exceeded"),
        ({"payer_account": "9000019999999999999"}, "malformed_request"),
        ({"first_date": "2026-12-31"}, "malformed_request"),
    ],
    ids=str,
)
def test_no_order_can_be_changed_into_what_does_not_fit(shared_bank: Bank, change: dict[str, Any], code: str) -> None:
    bank = shared_bank
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    app = Orderer(bank, payer)
    order_id = app.order(monthly(payer, payee))
    before = app.read(order_id)
    assert app.send("PATCH", f"{ORDERS}/{order_id}", change).code == code
    assert app.read(order_id) == before
