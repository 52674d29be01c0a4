"""The stock of blanks at the counter over HTTP: scope, repeats, and a voucher for each step (NB-5.3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.counter import store
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import CITY, OTHER, Clerk
from tests.chain.tellers import get, operator, post, printed, tellers

pytestmark = pytest.mark.requirement("NB-5.3.5")

REFERENCE = "delivery-1"


def delivery(**changes: Any) -> dict[str, Any]:
    body = {"kind": "token", "first": "TK0001", "last": "TK0100", "branch": "0001", "order": "DN-1"}
    return {**body, "reference": REFERENCE, **changes}


def counts(bank: Bank, clerk: Clerk, branch: str = "0001") -> dict[str, Any]:
    reply = get(bank, clerk, f"stock/branches/{branch}")
    assert reply.status == 200, reply
    return {row["kind"]: row for row in reply.body["counts"]}


def test_blanks_come_go_and_are_spoiled_with_a_voucher_each(bank: Bank) -> None:
    teller, _ = tellers(bank)
    received, again = (post(bank, teller, "stock/deliveries", delivery()) for _ in range(2))
    assert (received.status, again.body) == (201, received.body)
    assert counts(bank, teller)["token"]["in_stock"] == 100
    text = printed(bank, teller, received.body["voucher"])
    assert "TK0001 … TK0100" in text
    # another delivery with a known number is refused whole
    assert post(
        bank, teller, "stock/deliveries", delivery(last="TK0101", order="DN-2", reference="delivery-2")
    ).code == ("blank_known")
    transfer = {
        "kind": "token",
        "first": "TK0001",
        "last": "TK0050",
        "from_branch": "0001",
        "to_branch": CITY,
        "order": "MV-1",
        "reference": "transfer-1",
    }
    moved = post(bank, teller, "stock/transfers", transfer)
    assert moved.status == 201, moved
    assert (counts(bank, teller)["token"]["in_stock"], counts(bank, teller, CITY)["token"]["in_stock"]) == (50, 50)
    away = {**transfer, "first": "TK0050", "last": "TK0051", "order": "MV-2", "reference": "transfer-2"}
    assert post(bank, teller, "stock/transfers", away).code == "blank_not_in_stock"
    removal = {"kind": "token", "serials": ["TK0051", "TK0052"], "reason": "外壳破损", "reference": "spoilage-1"}
    spoiled, once_more = (post(bank, teller, "stock/spoilages", removal) for _ in range(2))
    assert spoiled.body == once_more.body
    assert counts(bank, teller)["token"]["spoiled"] == 2
    assert post(bank, teller, "stock/spoilages", {**removal, "reference": "spoilage-2"}).code == "blank_spoiled"
    # what no customer ever had does not come back
    returned = {**removal, "serials": ["TK0060"], "reason": "客户取消申请", "reference": "return-01"}
    assert post(bank, teller, "stock/returns", returned).code == "blank_used"
    # and a blank tells its history
    blank = get(bank, teller, "stock/blanks/token/TK0051").body
    assert (blank["state"], [step["action"] for step in blank["steps"]]) == ("spoiled", ["receive", "spoil"])
    assert blank["steps"][1]["note"] == "外壳破损（spoilage-1）"


def test_a_spoilage_whose_voucher_was_lost_is_not_done_twice(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    teller, _ = tellers(bank)
    assert post(bank, teller, "stock/deliveries", delivery()).status == 201
    removal = {"kind": "token", "serials": ["TK0001"], "reason": "外壳破损", "reference": "spoilage-1"}
    with monkeypatch.context() as patched:
        patched.setattr(store, "voucher_put", dies)
        assert post(bank, teller, "stock/spoilages", removal).status == 500
    assert counts(bank, teller)["token"]["spoiled"] == 1
    done = post(bank, teller, "stock/spoilages", removal)
    assert done.status == 201, done
    assert counts(bank, teller)["token"]["spoiled"] == 1


def dies(*_: Any) -> None:
    raise RuntimeError("the function died")


def everything(bank: Bank, clerk: Clerk) -> list[Reply]:
    """Each operation of the stock, at the head office."""
    removal = {"kind": "token", "serials": ["TK0001"], "reason": "破损", "reference": "spoilage-1"}
    transfer = delivery(reference="transfer-1", from_branch="0001", to_branch=OTHER, order="MV-1")
    del transfer["branch"]
    return [
        post(bank, clerk, "stock/deliveries", delivery(first="TK0201", last="TK0202", reference="delivery-2")),
        post(bank, clerk, "stock/transfers", transfer),
        post(bank, clerk, "stock/spoilages", removal),
        post(bank, clerk, "stock/returns", removal),
        get(bank, clerk, "stock/branches/0001"),
        get(bank, clerk, "stock/blanks/token/TK0001"),
    ]


@pytest.mark.requirement("NB-5.2.3")
def test_who_may_not(bank: Bank) -> None:
    teller, checker = tellers(bank)
    assert post(bank, teller, "stock/deliveries", delivery()).status == 201
    for clerk in (operator(bank), checker):
        assert {reply.code for reply in everything(bank, clerk)} == {"staff_permission_denied"}
    # a branch's teller sees nothing of the head office's stock, and moves nothing of it
    elsewhere, _ = tellers(bank, OTHER)
    assert {reply.code for reply in everything(bank, elsewhere)} == {"not_found", "staff_not_entitled"}
    assert counts(bank, teller)["token"]["in_stock"] == 100


def test_what_cannot_be(bank: Bank) -> None:
    teller, _ = tellers(bank)
    for changes, code in (
        ({"first": "TK2", "last": "TK1"}, "blank_malformed"),
        ({"first": "TK0001", "last": "TK9999"}, "blank_malformed"),
        ({"first": "AB0001", "last": "TK0002"}, "blank_malformed"),
        ({"branch": "0099"}, "not_found"),
        ({"kind": "card"}, "malformed_request"),
        ({"first": "tk0001"}, "malformed_request"),
        ({"order": ""}, "malformed_request"),
        ({"reference": "x" * 65}, "malformed_request"),
    ):
        assert post(bank, teller, "stock/deliveries", delivery(**changes)).code == code, changes
    assert get(bank, teller, "stock/blanks/token/NONE").code == "blank_not_in_stock"
    assert get(bank, teller, f"stock/blanks/card/{'1' * 900}").code in ("blank_not_in_stock", "not_found")
    assert counts(bank, teller) == {}
