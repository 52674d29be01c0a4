"""E-receipts (电子回单): what they say, who signed it, and that anybody can verify it (YQ-4.2.2-receipt)."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import reversal_id_of
from chalicelib.platform import aws, clock, jws, log
from chalicelib.receipts import service, store, workers
from chalicelib.receipts.domain import receipt_number
from chalicelib.receipts.keys import RING
from chalicelib.reports.commands.find_stuck import RECEIPT, missing_stages
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, LambdaContext, Person, Reply
from tests.chain.probe import force, scheduled, table_items
from tests.chain.test_hostile_requests import HOSTILE
from tests.chain.test_sweep_receipts import lose_records

FOREVER = dt.timedelta(days=3650)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    RING.forget()
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def paid(bank: Bank, payer: Person) -> str:
    """A transfer of 107.53 to 钱红, with its receipt."""
    entry_id = bank.pay(payer, bank.sign_up("钱红"), "107.53", f"key-paid-{payer.login_name}")
    bank.settle()
    return entry_id


def receipt(bank: Bank, payer: Person, entry_id: str, which: str = "receipt") -> Reply:
    return bank.request("GET", f"/v1/transfers/{entry_id}/{which}", token=bank.log_in(payer))


def published(bank: Bank) -> dict[str, Any]:
    reply = bank.request("GET", "/v1/receipt-keys.json")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "public, max-age=300")
    return {key["kid"]: key for key in reply.body["keys"]}


def said_by(signed: str, jwk: dict[str, Any]) -> dict[str, str]:
    """What a receipt says, by another library and the published key alone."""
    facts: dict[str, str] = json.loads(jwt.PyJWS().decode(signed, jwt.PyJWK(jwk).key, algorithms=["ES256"]))
    return facts


def kid_of(signed: str) -> str:
    return str(jwt.get_unverified_header(signed)["kid"])


def asked(bank: Bank, number: str, code: str) -> Reply:
    return bank.request("POST", "/v1/receipt-verifications", {"number": number, "code": code})


def stored(entry_id: str) -> store.ReceiptItem:
    found = store.get(entry_id)
    assert found is not None
    return found


def reverse(bank: Bank, entry_id: str) -> str:
    """Reverse a transfer; the reversal's id, with its receipt."""
    reverse_transfer(entry_id, reason="内部原因", by="S1", correlation_id="c-reverse")
    bank.settle()
    return reversal_id_of(entry_id)


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_receipt_says_what_chinese_banks_print_and_its_signature_says_the_same(
    bank: Bank, payer: Person, paid: str
) -> None:
    # given the receipt of a transfer
    view = receipt(bank, payer, paid).body
    entry = ledger.read_entry(paid)
    assert entry is not None
    local = clock.to_local_text(clock.from_text(entry["posted_at"]))
    # then its owner reads all of it
    assert {name: view[name] for name in ("title", "channel", "amount", "amount_in_words", "fee", "currency")} == {
        "title": "网上银行电子回单",
        "channel": "手机银行",
        "amount": "107.53",
        "amount_in_words": "人民币壹佰零柒元伍角叁分",
        "fee": "0.00",
        "currency": "CNY",
    }
    assert (view["local_time"], view["purpose"], view["factor"]) == (local, "货款", "sms")
    assert (view["transfer_id"], view["digest"], view["reverses"]) == (paid, entry["digest"].hex(), None)
    assert view["number"] == receipt_number(entry["business_date"], paid)
    assert (view["payer"]["name"], view["payer"]["account"]) == ("赵小明", payer.account)
    assert (view["payee"]["name"], view["payee"]["account"]) == ("钱红", entry["payee_account"])
    assert view["payer"]["bank"] == view["payee"]["bank"] != ""
    # and who has the public key alone reads the same
    said = said_by(view["signed"], published(bank)[kid_of(view["signed"])])
    assert jwt.get_unverified_header(view["signed"]) == {
        "alg": "ES256",
        "kid": kid_of(view["signed"]),
        "typ": "receipt+jws",
    }
    same = view.keys() & said.keys() - {"channel", "code", "reverses"}
    assert {name: said[name] for name in same} == {name: view[name] for name in same}
    assert said["code"] == view["code"].replace("-", "")
    for side in ("payer", "payee"):
        assert {name: said[f"{side}_{name}"] for name in ("name", "account", "bank")} == view[side]
    assert (said["version"], said["issuer"], said["entry_id"]) == ("rural-bank-receipt-1", "rural-bank-local", paid)
    assert (said["kind"], said["channel"], said["reverses"]) == ("transfer", "mobile", "")


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_reversal_has_a_receipt_of_its_own_that_names_what_it_reverses(bank: Bank, payer: Person, paid: str) -> None:
    # given a transfer that nobody has reversed: there is no such receipt
    before = receipt(bank, payer, paid).body
    assert receipt(bank, payer, paid, "reversal-receipt").code == "not_found"
    # when it is reversed
    reversal_id = reverse(bank, paid)
    # then the payer has a second receipt, with the sides changed, and the first stays as it was
    after = receipt(bank, payer, paid, "reversal-receipt").body
    assert receipt(bank, payer, paid).body == before
    assert (after["title"], after["channel"]) == ("网上银行电子回单（冲正）", "银行")
    assert (after["transfer_id"], after["reverses"]) == (reversal_id, before["number"])
    assert (after["payer"], after["payee"]) == (before["payee"], before["payer"])
    assert (after["amount"], after["digest"]) == (before["amount"], before["digest"])
    assert after["number"] != before["number"]
    assert after["code"] != before["code"]
    # and what staff wrote for each other is not on it
    said = said_by(after["signed"], published(bank)[kid_of(after["signed"])])
    assert (said["purpose"], said["kind"], said["reverses"]) == ("货款", "reversal", before["number"])
    assert "内部原因" not in json.dumps(said, ensure_ascii=False)
    # and it is the payer's alone
    stranger = bank.sign_up("孙建国")
    assert receipt(bank, stranger, paid, "reversal-receipt").code == "not_found"


def test_a_reversal_whose_receipt_was_lost_is_missed_and_gets_one(bank: Bank, payer: Person, paid: str) -> None:
    # given that the relay never hears of a reversal
    reverse_transfer(paid, reason="x", by="S1", correlation_id="c-lost")
    lose_records(bank, "relay_journal")
    bank.settle()
    reversal_id = reversal_id_of(paid)
    image = ledger.read_entry(reversal_id)
    assert image is not None
    assert RECEIPT in missing_stages(image, bank.clock.now())
    assert receipt(bank, payer, paid, "reversal-receipt").code == "receipt_not_ready"
    # when the sweep comes, then it is told, and there is one
    bank.clock.advance(dt.timedelta(minutes=11))
    workers.start_receipt_sweep(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    assert receipt(bank, payer, paid, "reversal-receipt").status == 200
    assert missing_stages(image, bank.clock.now()) == []


@contextmanager
def signings() -> Iterator[Counter[str]]:
    """Calls to KMS by their name, inside the `with`."""
    calls: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = aws.kms().meta.events
    events.register("before-call.kms", note)
    try:
        yield calls
    finally:
        events.unregister("before-call.kms", note)


def test_a_repeat_signs_nothing_and_of_two_at_once_the_first_is_kept(
    bank: Bank, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a receipt
    first = stored(paid).attribute_values
    # when its message comes again, then nothing is signed and nothing changes
    with signings() as calls:
        assert service.issue(paid, bank.clock.now()) is False
    assert calls["Sign"] == 0
    # when another instance had looked before it was there, then what that one signs is dropped
    with monkeypatch.context() as patched, signings() as calls:
        patched.setattr(store, "get", lambda entry_id: None)
        assert service.issue(paid, bank.clock.now()) is False
    assert calls["Sign"] == 1
    assert stored(paid).attribute_values == first


def test_an_altered_instruction_gets_no_voucher(bank: Bank, payer: Person, paid: str) -> None:
    # given a posted transfer whose receipt is still to come, and somebody who can write the journal
    store.ReceiptItem(paid).delete()
    force(bank, "JournalTable", {"entry_id": paid}, payee_name="孙建国")
    with signings() as calls, pytest.raises(service.InstructionAltered):
        service.issue(paid, bank.clock.now())
    assert calls["Sign"] == 0
    assert store.get(paid) is None
    # and neither does its reversal
    reverse_transfer(paid, reason="x", by="S1", correlation_id="c-altered")
    with pytest.raises(service.InstructionAltered):
        service.issue(reversal_id_of(paid), bank.clock.now())
    bank._streams()
    aws.sqs().purge_queue(QueueUrl=bank.references["ReceiptsQueue"])


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_a_rotation_leaves_every_receipt_verifiable(bank: Bank, payer: Person, paid: str) -> None:
    # given a receipt, and a new key years later
    old = receipt(bank, payer, paid).body
    kid, signs_from = RING.rotate(int(bank.clock.now().timestamp()))
    assert published(bank).keys() == {kid_of(old["signed"]), kid}
    bank.clock.advance(dt.timedelta(seconds=signs_from - int(bank.clock.now().timestamp())))
    newer = bank.pay(payer, bank.sign_up("钱红"), "1.00", f"key-newer-{payer.login_name}")
    bank.settle()
    new = receipt(bank, payer, newer).body
    assert kid_of(new["signed"]) == kid != kid_of(old["signed"])
    # then both verify after any time, by the published keys and at the bank
    bank.clock.advance(FOREVER)
    RING.forget()
    keys = published(bank)
    for one in (old, new):
        assert said_by(one["signed"], keys[kid_of(one["signed"])])["number"] == one["number"]
        assert asked(bank, one["number"], one["code"]).status == 200
    # and the next one only begins what this one ended
    tags = aws.kms().list_resource_tags(KeyId=RING.stored()[0].key_id)["Tags"]
    assert [tag["TagKey"] for tag in tags] == ["signs-receipts-of"]


def test_a_key_of_tokens_signs_no_receipt_and_the_other_way_round(bank: Bank, payer: Person, paid: str) -> None:
    tokens = {key["kid"] for key in bank.request("GET", "/v1/jwks.json").body["keys"]}
    assert tokens.isdisjoint(published(bank))
    signed = receipt(bank, payer, paid).body["signed"]
    assert bank.request("GET", "/v1/accounts", token=signed).code == "not_logged_in"
    with pytest.raises(jws.BadSignature):
        jws.verified(
            bank.log_in(payer), "receipt+jws", {kid: jws.key_of(k["x"], k["y"]) for kid, k in published(bank).items()}
        )


NEWER = ("kind", "channel", "reverses", "code", "signed")


def make_old(bank: Bank, entry_id: str) -> None:
    """Take from a receipt what receipts did not have at first."""
    row = stored(entry_id)
    store.ReceiptItem(entry_id).delete()
    facts = {name: value for name, value in row.attribute_values.items() if name not in NEWER}
    store.ReceiptItem(**{**facts, "amount_in_words": "壹佰零柒元伍角叁分"}).save()


def test_a_receipt_of_before_stays_readable(bank: Bank, payer: Person, paid: str) -> None:
    newer = receipt(bank, payer, paid).body
    make_old(bank, paid)
    older = receipt(bank, payer, paid)
    assert older.status == 200
    changed = {name for name in newer if newer[name] != older.body[name]}
    assert changed == {"code", "signed", "amount_in_words"}
    assert (older.body["code"], older.body["signed"]) == (None, None)
    # and nobody verifies it by anything
    for code in ("", "-", "None", newer["code"]):
        assert asked(bank, newer["number"], code).code == "receipt_not_verified"


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_anybody_verifies_a_receipt_and_learns_masked_facts_only(bank: Bank, payer: Person, paid: str) -> None:
    view = receipt(bank, payer, paid).body
    # given what stands on a receipt, however it is typed
    spaced = " ".join(view["number"])
    for number, code in ((view["number"], view["code"]), (spaced, view["code"].replace("-", " ").lower())):
        reply = asked(bank, number, code)
        assert reply.status == 200
        assert reply.body == {
            "number": view["number"],
            "title": view["title"],
            "business_date": view["business_date"],
            "local_time": view["local_time"],
            "payer_name": "*小明",
            "payee_name": "*红",
            "currency": "CNY",
            "amount": "107.53",
            "amount_in_words": view["amount_in_words"],
            "gone_back": False,
        }
    # and once the money has gone back, the receipt is as genuine as before and says so
    reverse(bank, paid)
    again = asked(bank, view["number"], view["code"]).body
    assert again == {**reply.body, "gone_back": True}
    mirrored = receipt(bank, payer, paid, "reversal-receipt").body
    of_reversal = asked(bank, mirrored["number"], mirrored["code"]).body
    assert (of_reversal["title"], of_reversal["payer_name"]) == ("网上银行电子回单（冲正）", "*红")


@contextmanager
def work() -> Iterator[list[tuple[str, int]]]:
    """Calls to the engine: their names, and how many keys they ask for."""
    calls: list[tuple[str, int]] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        asked_for = json.loads(params["body"]).get("RequestItems", {})
        calls.append((model.name, sum(len(table["Keys"]) for table in asked_for.values())))

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", note)
    try:
        yield calls
    finally:
        events.unregister("before-call.dynamodb", note)


def changed(text: str, place: int) -> str:
    """One character different."""
    other = "2" if text[place] != "2" else "3"
    return text[:place] + other + text[place + 1 :]


def test_whatever_is_wrong_is_refused_alike_and_costs_the_same(bank: Bank, payer: Person, paid: str) -> None:
    view = receipt(bank, payer, paid).body
    other = bank.pay(payer, bank.sign_up("钱红"), "1.00", f"key-other-{payer.login_name}")
    bank.settle()
    another = receipt(bank, payer, other).body
    old = bank.pay(payer, bank.sign_up("钱红"), "2.00", f"key-old-{payer.login_name}")
    bank.settle()
    code_of_old, number_of_old = stored(old).code or "", stored(old).number
    make_old(bank, old)
    number, code = view["number"], view["code"]
    wrong = {
        "a wrong check digit": (changed(number, 25), code),
        "another digit": (changed(number, 12), code),
        "a number that nobody has": (receipt_number("20261121", "nobody's"), code),
        "another receipt's number": (another["number"], code),
        "a wrong code": (number, changed(code, 0)),
        "a code that goes on": (number, code + "A"),
        "another receipt's code": (number, another["code"]),
        "no code": (number, ""),
        "no number": ("", code),
        "signs": ("-- --", "- -"),
        "not ASCII": ("２" * 26, "验证码"),
        "of before codes": (number_of_old, code_of_old),
        "of before codes, without": (number_of_old, "-"),
        "the entry's id": (paid, code),
    }
    asked(bank, number, code)  # what is cached for all is cached
    bodies, costs = {}, {}
    for why, given in wrong.items():
        with work() as calls, signings() as kms:
            reply = asked(bank, *given)
        bodies[why] = (reply.status, {name: value for name, value in reply.body.items() if name != "correlation_id"})
        costs[why] = (tuple(calls), sum(kms.values()))
    assert {str(body) for body in bodies.values()} == {str(bodies["a wrong code"])}
    assert bodies["a wrong code"][0] == 404
    assert bodies["a wrong code"][1]["code"] == "receipt_not_verified"
    # one look by number, the receipts of that number, the entry; and nothing of KMS
    assert set(costs.values()) == {((("Query", 0), ("BatchGetItem", 2), ("BatchGetItem", 1)), 0)}


def test_whatever_is_typed_is_refused_and_never_an_error(bank: Bank, payer: Person, paid: str) -> None:
    genuine = {"number": stored(paid).number, "code": stored(paid).code}
    for name in genuine:
        for value in HOSTILE:
            reply = bank.request("POST", "/v1/receipt-verifications", {**genuine, name: value})
            assert (reply.status, reply.code) in {(404, "receipt_not_verified"), (400, reply.code)}, (name, value)


def test_what_was_put_into_the_table_past_the_bank_is_not_genuine(
    bank: Bank, payer: Person, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given two receipts, and somebody who can write the table
    other = bank.pay(payer, bank.sign_up("钱红"), "1.00", f"key-table-{payer.login_name}")
    bank.settle()
    mine, others = stored(paid), stored(other)
    assert mine.signed is not None
    told: list[str] = []
    monkeypatch.setattr(log.logger, "error", lambda text, **_: told.append(text))
    monkeypatch.setattr(log.logger, "exception", lambda text, **_: told.append(text))
    key = {"entry_id": paid}
    # when a row says more than was signed, then what was signed is told
    force(bank, "ReceiptsTable", key, amount_fen=99_999_99, payee_name="孙建国")
    genuine = asked(bank, mine.number, mine.code or "").body
    assert (genuine["amount"], genuine["payee_name"]) == ("107.53", "*红")
    assert told == []
    # when it carries another's signature, a changed one, or a text, or another's code, then it is not genuine
    for signed in (others.signed, changed(mine.signed, -3), "x"):
        force(bank, "ReceiptsTable", key, signed=signed)
        assert asked(bank, mine.number, mine.code or "").code == "receipt_not_verified"
    force(bank, "ReceiptsTable", key, signed=mine.signed, code=others.code)
    assert asked(bank, mine.number, others.code or "").code == "receipt_not_verified"
    assert len(told) == 4


def test_two_receipts_of_one_number_are_told_apart_by_their_codes(
    bank: Bank, payer: Person, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given, by a chance that nobody waits for, two receipts of one number
    number = stored(paid).number
    monkeypatch.setattr("chalicelib.receipts.domain.receipt_number", lambda *_: number)
    twin = bank.pay(payer, bank.sign_up("钱红"), "1.00", f"key-twin-{payer.login_name}")
    bank.settle()
    assert stored(twin).number == number
    # then each is found by its own code
    for entry_id, amount in ((paid, "107.53"), (twin, "1.00")):
        assert asked(bank, number, stored(entry_id).code or "").body["amount"] == amount


def test_cash_has_the_counters_voucher_and_no_receipt(bank: Bank, payer: Person, paid: str) -> None:
    receipted = {row["entry_id"] for row in table_items(bank, "ReceiptsTable")}
    kinds = {entry["entry_id"]: entry["kind"] for entry in table_items(bank, "JournalTable")}
    assert "cash_deposit" in kinds.values()
    assert {kinds[entry_id] for entry_id in receipted} <= {"transfer", "reversal"}
