"""The payee book over HTTP: verified names, search, groups; a look-up that is no oracle (YQ-4.2.2-xfer, NB-5.1.4)."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.orderers import ORDERS, monthly
from tests.chain.probe import force_account, table_items, unchanged

UNKNOWN = "9000010000009999999"
OTHER_BANK = "102100099996"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def token(bank: Bank, owner: Person) -> str:
    return bank.log_in(owner)


def add(bank: Bank, token: str, payee: Person, **more: Any) -> Reply:
    return bank.request("POST", "/v1/payees", {"account": payee.account, "name": payee.name, **more}, token=token)


def look_up(bank: Bank, token: str, account: str, name: str) -> Reply:
    return bank.request("POST", "/v1/payee-lookups", {"account": account, "name": name}, token=token)


def names(reply: Reply) -> list[str]:
    assert reply.status == 200, reply
    return [payee["alias"] or payee["name"] for payee in reply.body["payees"]]


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_a_payee_is_kept_with_a_verified_name_and_serves_a_transfer(bank: Bank, owner: Person, token: str) -> None:
    payee = bank.sign_up("钱红")
    # when a payee is looked up and saved
    matched = look_up(bank, token, payee.account, "钱红")
    assert (matched.status, matched.body["matches"], matched.body["name"]) == (200, True, "*红")
    added = add(bank, token, payee, alias="房东", group="家用")
    # then the book has it, masked in the list and in full where one is opened
    assert added.status == 201, added
    assert added.body["verified_at"] == added.body["added_at"]
    (row,) = bank.request("GET", "/v1/payees", token=token).body["payees"]
    assert (row["name"], row["account"][6:15], row["last_used_at"]) == ("*红", "*********", None)
    one = bank.request("GET", f"/v1/payees/{row['id']}", token=token).body
    assert one == added.body
    # when it is paid with what the book says
    body = {"payer_account": owner.account, "payee_account": one["account"], "payee_name": one["name"]}
    created = bank.request(
        "POST", "/v1/transfers", {**body, "amount": "1.00"}, token=token, headers={"idempotency-key": "payee-key-1"}
    )
    bank.settle()
    bank.clock.advance(dt.timedelta(seconds=5))
    assert bank.confirm(token, created.body["id"], bank.code_for(owner, created.body["id"])).status == 200
    bank.settle()
    # then the book says when
    transfer = bank.request("GET", f"/v1/transfers/{created.body['id']}", token=token).body
    (row,) = bank.request("GET", "/v1/payees", token=token).body["payees"]
    assert row["last_used_at"] == transfer["posted_at"]


def test_after_a_transfer_its_payee_is_saved_without_typing(bank: Bank, owner: Person, token: str) -> None:
    payee, stranger = bank.sign_up("孙立"), bank.sign_up("李四", deposit="10.00")
    created = bank.create(token, owner, payee, "1.00", "payee-save-1")
    # an instruction that was not executed, another customer's, and one that does not exist, look the same
    other = bank.pay(stranger, payee, "1.00", "payee-save-2")
    bank.settle()
    for transfer_id in (created.body["id"], other, "a" * 26, "../x"):
        assert bank.request("POST", "/v1/payees", {"transfer_id": transfer_id}, token=token).code == "not_found"
    assert bank.confirm(token, created.body["id"], bank.code_for(owner, created.body["id"])).status == 200
    saved = bank.request("POST", "/v1/payees", {"transfer_id": created.body["id"], "group": "朋友"}, token=token)
    assert (saved.status, saved.body["account"], saved.body["name"]) == (201, payee.account, "孙立")
    assert saved.body["group"] == "朋友"


def test_the_same_payee_again_is_the_one_that_is_there(bank: Bank, token: str) -> None:
    payee = bank.sign_up("周敏")
    first = add(bank, token, payee, alias="甲")
    with unchanged(bank):
        again = add(bank, token, payee, alias="乙")
    assert (again.status, again.body) == (200, first.body)
    # and under another name it is not, whether right or wrong
    assert (add(bank, token, payee, name="周明").status, add(bank, token, payee, name="周明").code) == (
        409,
        "payee_known",
    )


@pytest.mark.requirement("NB-5.1.4")
def test_a_wrong_name_and_an_unknown_account_look_the_same(bank: Bank, owner: Person, token: str) -> None:
    payee, closed = bank.sign_up("吴九"), bank.sign_up("郑十")
    force_account(bank, closed.account, state="closed")
    seen = set()
    for account, name in ((payee.account, "吴久"), (UNKNOWN, "吴九"), (closed.account, "郑十"), ("1" * 32, "吴九")):
        answer = look_up(bank, token, account, name)
        assert (answer.status, answer.body["matches"], answer.body["name"]) == (200, False, None)
        refused = bank.request("POST", "/v1/payees", {"account": account, "name": name}, token=token)
        facts = {name: value for name, value in refused.body.items() if name != "correlation_id"}
        seen.add(json.dumps(facts, sort_keys=True))
    assert len(seen) == 1
    assert "payee_unavailable" in seen.pop()
    # nobody is a payee of themselves
    own = bank.request("POST", "/v1/payees", {"account": owner.account, "name": owner.name}, token=token)
    assert (own.status, own.code) == (422, "payee_is_own")
    assert bank.request("GET", "/v1/payees", token=token).body["payees"] == []


@pytest.mark.requirement("NB-5.1.4")
def test_so_many_guesses_a_day_and_no_more(bank: Bank, owner: Person, token: str) -> None:
    parameters.set_value("payees.lookups_day", 3)
    payee = bank.sign_up("冯一")
    assert [look_up(bank, token, payee.account, name).body["matches"] for name in ("冯二", "冯一")] == [False, True]
    assert add(bank, token, payee, name="冯三").code == "payee_unavailable"
    # then the right name is refused like any other, in every way to ask
    with unchanged(bank):
        for refused in (look_up(bank, token, payee.account, "冯一"), add(bank, token, payee)):
            assert (refused.status, refused.code) == (429, "payee_lookups_exhausted")
    # others are not held back, nor is another bank's account, which is no question
    assert look_up(bank, bank.log_in(bank.sign_up("褚二")), payee.account, "冯一").body["matches"]
    assert add(bank, token, payee, bank_code=OTHER_BANK).status == 201
    # and a new business date, in Shanghai, begins anew
    bank.clock.advance(dt.timedelta(hours=13, minutes=59))
    assert look_up(bank, bank.log_in(owner), payee.account, "冯一").code == "payee_lookups_exhausted"
    bank.clock.advance(dt.timedelta(minutes=1))
    assert look_up(bank, bank.log_in(owner), payee.account, "冯一").body["matches"]


@pytest.mark.requirement("NB-5.1.4")
def test_payments_to_wrong_payees_are_guesses_too(bank: Bank, owner: Person) -> None:
    parameters.set_value("payees.wrong_day", 3)
    payee, token = bank.sign_up("冯一"), bank.log_in(owner)

    def pay(name: str, key: str) -> str | None:
        made = bank.create(token, owner, replace(payee, name=name), "1.00", key)
        return None if made.status == 201 else made.code

    def order(name: str, key: str) -> str | None:
        body = monthly(owner, replace(payee, name=name))
        made = bank.request("POST", ORDERS, body, token=token, headers={"idempotency-key": key})
        return None if made.status == 201 else made.code

    # given wrong names, in each way to pay, and right ones between them that count nothing
    assert [pay("冯二", "misnamed-1"), pay("冯一", "misnamed-2"), order("冯三", "misnamed-3")] == [
        "payee_unavailable",
        None,
        "payee_unavailable",
    ]
    assert pay("冯四", "misnamed-4") == "payee_unavailable"
    # then the right name is refused like any other, in every way to pay, and nothing is stored
    with unchanged(bank):
        told = [pay("冯一", "misnamed-5"), pay("冯五", "misnamed-6"), order("冯一", "misnamed-7")]
    assert told == ["wrong_payees_exhausted"] * 3
    # and on the next business date in Shanghai it is paid
    bank.clock.advance(dt.timedelta(hours=14))
    token = bank.log_in(owner)
    assert pay("冯一", "misnamed-8") is None


def test_a_payee_of_another_bank_is_kept_unverified(bank: Bank, token: str) -> None:
    payee = bank.sign_up("卫三")
    here, there = add(bank, token, payee), add(bank, token, payee, bank_code=OTHER_BANK, name="卫三或他人")
    assert (here.status, there.status) == (201, 201)
    assert (there.body["bank_code"], there.body["verified_at"]) == (OTHER_BANK, None)
    assert here.body["id"] != there.body["id"]
    assert here.body["verified_at"] is not None


def test_search_groups_and_pages(bank: Bank, token: str) -> None:
    people = [bank.sign_up(name) for name in ("阿宝", "陈平", "丁玲", "高山", "周通")]
    for person, alias, group in zip(people, ("", "", "Zed", "老陈", ""), ("家", "家", "", "工作", ""), strict=True):
        assert add(bank, token, person, alias=alias, group=group).status == 201
    # in the order of what they are called: letters, then by sound
    assert names(bank.request("GET", "/v1/payees", token=token)) == ["Zed", "*宝", "*平", "老陈", "*通"]
    # found by part of a name, an alias whatever its case, the last digits
    for words, found in (("陈", ["*平", "老陈"]), ("zED", ["Zed"]), (people[4].account[-4:], ["*通"]), ("无", [])):
        assert names(bank.request("GET", f"/v1/payees?q={words}", token=token)) == found, words
    assert names(bank.request("GET", "/v1/payees?group=家", token=token)) == ["*宝", "*平"]
    assert names(bank.request("GET", "/v1/payees?group=", token=token)) == ["Zed", "*通"]
    assert bank.request("GET", "/v1/payee-groups", token=token).body["groups"] == [
        {"name": "工作", "payees": 1},
        {"name": "家", "payees": 2},
    ]
    # page by page each once
    seen, cursor = [], ""
    for _ in range(3):
        page = bank.request("GET", f"/v1/payees?limit=2{cursor}", token=token)
        seen += names(page)
        cursor = f"&cursor={page.body['next_cursor']}"
    assert (seen, page.body["next_cursor"]) == (["Zed", "*宝", "*平", "老陈", "*通"], None)
    # a group ends with its last payee
    (row,) = bank.request("GET", "/v1/payees?group=工作", token=token).body["payees"]
    moved = bank.request("PATCH", f"/v1/payees/{row['id']}", {"group": "家", "alias": ""}, token=token)
    assert (moved.status, moved.body["group"], moved.body["alias"]) == (200, "家", "")
    assert bank.request("GET", "/v1/payee-groups", token=token).body["groups"] == [{"name": "家", "payees": 3}]


def test_a_full_book_refuses_until_one_is_removed(bank: Bank, owner: Person, token: str) -> None:
    parameters.set_value("payees.max", 2)
    people = [bank.sign_up(name) for name in ("蒋一", "沈二", "韩三")]
    ids = [add(bank, token, person).body["id"] for person in people[:2]]
    full = add(bank, token, people[2])
    assert (full.status, full.code, full.body["facts"]) == (422, "payee_book_full", {"most": "2"})
    # one that is there is answered all the same
    assert add(bank, token, people[0]).status == 200
    assert bank.request("DELETE", f"/v1/payees/{ids[0]}", token=token).status == 204
    assert bank.request("DELETE", f"/v1/payees/{ids[0]}", token=token).code == "not_found"
    assert add(bank, token, people[2]).status == 201
    (book,) = [
        row
        for row in table_items(bank, "PayeesTable")
        if (row["customer_id"], row["payee_id"]) == (owner.customer_id, "#book")
    ]
    assert book["payees"] == 2


def test_changes_stand_in_the_owners_log_masked(bank: Bank, token: str) -> None:
    payee = bank.sign_up("欧阳海")
    payee_id = add(bank, token, payee).body["id"]
    bank.request("PATCH", f"/v1/payees/{payee_id}", {"alias": "海哥"}, token=token)
    bank.request("PATCH", f"/v1/payees/{payee_id}", {"alias": "海哥"}, token=token)  # nothing changes
    bank.request("PATCH", f"/v1/payees/{payee_id}", {}, token=token)
    bank.request("DELETE", f"/v1/payees/{payee_id}", token=token)
    log = bank.request("GET", "/v1/security-events?category=setting", token=token).body["events"]
    of_payees = [event for event in log if event["kind"].startswith("payee_")]
    assert sorted(event["kind"] for event in of_payees) == ["payee_added", "payee_changed", "payee_removed"]
    assert all(event["current_session"] for event in of_payees)
    for event in of_payees:
        assert event["facts"] == {"account": payee.account[:6] + "*" * 9 + payee.account[-4:], "name": "*阳海"}


@pytest.mark.requirement("NB-5.1.4")
def test_another_customers_payee_looks_unknown(bank: Bank, owner: Person, token: str) -> None:
    payee = bank.sign_up("杨四")
    payee_id = add(bank, token, payee).body["id"]
    stranger = bank.log_in(bank.sign_up("朱五"))
    with unchanged(bank):
        for method, body in (("GET", None), ("PATCH", {"alias": "x"}), ("DELETE", None)):
            for given in (payee_id, "a" * 26, "#book", "%23book", "x" * 26, "１" * 26):
                reply = bank.request(method, f"/v1/payees/{given}", body, token=stranger)
                assert (reply.status, reply.code) == (404, "not_found"), (method, given)
        # the rows that count are nobody's payees, their owner's neither
        reply = bank.request("DELETE", "/v1/payees/x", token=token, path_values={"x": "#book"})
        assert reply.code == "not_found"
    assert bank.request("GET", "/v1/payees", token=stranger).body["payees"] == []


@pytest.mark.parametrize("edition", ["express", "credit_card"])
def test_a_session_that_pays_nobody_knows_nobody(bank: Bank, owner: Person, token: str, edition: str) -> None:
    payee = bank.sign_up("秦六")
    payee_id = add(bank, token, payee).body["id"]
    body = {"login_name": owner.login_name, "password": PASSWORD, "edition": edition}
    less = bank.request("POST", "/v1/sessions", body).body["access_token"]
    with unchanged(bank):
        for refused in (
            bank.request("GET", "/v1/payees", token=less),
            bank.request("GET", f"/v1/payees/{payee_id}", token=less),
            bank.request("GET", "/v1/payee-groups", token=less),
            bank.request("PATCH", f"/v1/payees/{payee_id}", {"alias": "x"}, token=less),
            bank.request("DELETE", f"/v1/payees/{payee_id}", token=less),
            add(bank, less, payee),
            look_up(bank, less, payee.account, payee.name),
        ):
            assert (refused.status, refused.code) == (403, "edition_not_entitled")


MALFORMED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no account": ({"name": "钱红"}, "account", "missing"),
    "no name": ({"account": UNKNOWN}, "name", "missing"),
    "short account": ({"account": "1234567", "name": "钱红"}, "account", "malformed"),
    "long account": ({"account": "1" * 33, "name": "钱红"}, "account", "malformed"),
    "digits of another script": ({"account": "１" * 19, "name": "钱红"}, "account", "malformed"),
    "a number": ({"account": 9000010000000000017, "name": "钱红"}, "account", "wrong_type"),
    "empty name": ({"account": UNKNOWN, "name": " "}, "name", "too_short"),
    "long name": ({"account": UNKNOWN, "name": "钱" * 31}, "name", "too_long"),
    "hidden name": ({"account": UNKNOWN, "name": "钱\u202e红"}, "name", "malformed"),
    "long alias": ({"account": UNKNOWN, "name": "钱红", "alias": "x" * 21}, "alias", "too_long"),
    "hidden group": ({"account": UNKNOWN, "name": "钱红", "group": "a\x00"}, "group", "malformed"),
    "bank of 11 digits": ({"account": UNKNOWN, "name": "钱红", "bank_code": "1" * 11}, "bank_code", "malformed"),
    "bank in words": ({"account": UNKNOWN, "name": "钱红", "bank_code": "x" * 12}, "bank_code", "malformed"),
    "both ways": ({"transfer_id": "a" * 26, "name": "钱红"}, "name", "unknown_field"),
    "transfer at another bank": ({"transfer_id": "a" * 26, "bank_code": "1" * 12}, "bank_code", "unknown_field"),
    "unknown field": ({"account": UNKNOWN, "name": "钱红", "limit": 1}, "limit", "unknown_field"),
}


@pytest.mark.parametrize(("body", "field", "code"), MALFORMED.values(), ids=MALFORMED)
def test_what_does_not_fit_is_named(bank: Bank, token: str, body: dict[str, Any], field: str, code: str) -> None:
    with unchanged(bank):
        reply = bank.request("POST", "/v1/payees", body, token=token)
    assert (reply.status, reply.code) == (400, "malformed_request")
    assert {"field": field, "code": code} in reply.body["errors"]


def test_a_cursor_of_ones_own_making_is_refused(bank: Bank, owner: Person, token: str) -> None:
    def cursor(customer_id: str, place: Any) -> str:
        raw = json.dumps({"customer_id": {"S": customer_id}, "place": {"S": place}}).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    assert add(bank, token, bank.sign_up("尤七")).status == 201
    assert bank.request("GET", f"/v1/payees?cursor={cursor(owner.customer_id, 'ff')}", token=token).status == 200
    for wrong in (cursor("another", "ff"), cursor(owner.customer_id, "钱"), cursor(owner.customer_id, 1), "e30", "x"):
        assert bank.request("GET", f"/v1/payees?cursor={wrong}", token=token).code == "cursor_malformed"
    for query in ("q=", "q=" + "x" * 33, "group=" + "x" * 21, "limit=0", "limit=101", "sort=name"):
        assert bank.request("GET", f"/v1/payees?{query}", token=token).code == "malformed_request"
