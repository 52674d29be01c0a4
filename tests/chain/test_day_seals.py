"""A closed business date is sealed once, over all its entries and their receipts, in order, whatever fails (XJ-3.5)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from stdnum.iso7064 import mod_97_10

from chalicelib.closing.commands import closed_days
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, jws, metrics, queues
from chalicelib.reports.commands.rebuild_lists import rebuild_lists
from chalicelib.seals import keys, merkle, store
from chalicelib.seals.commands import seal_day as command
from chalicelib.seals.commands.seal_day import Outcome, seal_page, start_next
from chalicelib.seals.domain import Proof, receipt_hash
from chalicelib.seals.tiles import Record
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, Person
from tests.chain.probe import force, table_items
from tests.chain.sealed import DAY, NEXT, THIRD, at, close, listing, number_of, parties, remove, seal, start
from tests.chain.test_hostile_requests import HOSTILE
from tests.chain.test_sweep_receipts import LIST, confirmed, lose_records, sweep

pytestmark = pytest.mark.requirement("XJ-3.5")
# What could be a receipt's number, and is none's.
_BODY = f"{DAY}{0:016d}"
NOBODYS = _BODY + mod_97_10.calc_check_digits(_BODY)


def paid(bank: Bank, payer: Person, payee: Person, count: int) -> list[str]:
    """That many transfers, with their receipts."""
    ids = [bank.pay(payer, payee, f"{number}.00", f"key-sealed-{number:02d}") for number in range(1, count + 1)]
    bank.settle()
    return ids


def proof(bank: Bank, number: str) -> Proof:
    reply = bank.request("GET", f"/v1/receipt-proofs/{number}")
    assert reply.status == 200, reply
    return Proof.from_facts(reply.body)


def signed_of(bank: Bank, entry_id: str) -> str:
    (row,) = [row for row in table_items(bank, "ReceiptsTable") if row["entry_id"] == entry_id]
    return str(row["signed"])


# ---- what is sealed --------------------------------------------------------------------------------------------
def test_every_entry_of_the_day_is_a_leaf_and_every_receipt_can_be_proved(bank: Bank) -> None:
    payer, payee = parties(bank)
    ids = paid(bank, payer, payee, 5)
    numbers = [number_of(bank, payer, id_) for id_ in ids]
    (sealed,) = seal(bank, DAY)
    # five transfers, and a deposit that gets no receipt
    assert (sealed.sequence, sealed.entries) == (1, 6)
    head = keys.verified(sealed.signed, int(clock.now().timestamp()))
    assert (head.root, head.entries, head.previous_seal) == (sealed.root.hex(), "6", "")
    for entry_id, number in zip(ids, numbers, strict=True):
        (place,) = proof(bank, number).places
        assert place.proves(receipt_hash(signed_of(bank, entry_id)), head)
        # and with no other receipt, nor none
        others = [receipt_hash(signed_of(bank, other)) for other in ids if other != entry_id]
        assert not any(place.proves(one, head) for one in (*others, b""))


def test_the_proof_tells_hashes_and_a_signature_only(bank: Bank) -> None:
    payer, payee = parties(bank)
    (entry_id,) = paid(bank, payer, payee, 1)
    number = number_of(bank, payer, entry_id)
    seal(bank, DAY)
    reply = bank.request("GET", f"/v1/receipt-proofs/{number}")
    assert reply.body.keys() == {"version", "number", "business_date", "places", "seal"}
    assert [one.keys() for one in reply.body["places"]] == [{"entry", "index", "path"}]
    said = json.dumps(reply.body, ensure_ascii=False)
    assert not any(word in said for word in (payer.name, payee.name, payer.account, payee.account, entry_id))


def test_seals_are_listed_newest_first_and_each_names_the_one_before(bank: Bank) -> None:
    payer, payee = parties(bank)
    paid(bank, payer, payee, 1)
    # a day with entries, and two without
    one, two, three = seal(bank, DAY, NEXT, THIRD)
    assert [found.entries for found in (one, two, three)] == [2, 0, 0]
    assert (two.root, two.sequence, three.sequence) == (merkle.EMPTY, 2, 3)
    now_s = int(clock.now().timestamp())
    for before, after in ((one, two), (two, three)):
        head = keys.verified(after.signed, now_s)
        assert (head.previous_date, head.previous_root) == (before.business_date, before.root.hex())
        assert head.previous_seal == hashlib.sha256(before.signed.encode()).hexdigest()
    # and anybody reads them without log-in, a page at a time
    first = bank.request("GET", "/v1/day-seals?limit=2").body
    rest = bank.request("GET", f"/v1/day-seals?limit=2&cursor={first['next_cursor']}").body
    listed = [*first["seals"], *rest["seals"]]
    assert [row["business_date"] for row in listed] == [THIRD, NEXT, DAY]
    assert bank.request("GET", f"/v1/day-seals/{NEXT}").body == listed[1]
    assert listed[1]["signed"] == two.signed
    kids = {key["kid"] for key in bank.request("GET", "/v1/day-seal-keys.json").body["keys"]}
    assert kids == set(keys.RING.verifying(now_s))
    assert not kids & {key["kid"] for key in bank.request("GET", "/v1/receipt-keys.json").body["keys"]}


def test_what_has_no_seal_or_no_receipt_is_refused(bank: Bank) -> None:
    payer, payee = parties(bank)
    number = number_of(bank, payer, paid(bank, payer, payee, 1)[0])
    # before the day is sealed a number says nothing, whether a receipt has it or not
    for asked in (number, NOBODYS):
        assert bank.request("GET", f"/v1/receipt-proofs/{asked}").code == "day_not_sealed"
    assert bank.request("GET", f"/v1/day-seals/{DAY}").code == "day_not_sealed"
    assert [bank.request("GET", f"/v1/day-seals/{text}").code for text in ("x", "20261131")] == ["not_found"] * 2
    seal(bank, DAY)
    assert bank.request("GET", f"/v1/receipt-proofs/{number}").status == 200
    for asked in (NOBODYS, number[:-1] + str((int(number[-1]) + 1) % 10), "x"):
        reply = bank.request("GET", f"/v1/receipt-proofs/{asked}")
        assert (reply.status, reply.code) == (404, "receipt_proof_not_found")


def test_a_receipt_that_came_after_the_seal_has_no_proof(bank: Bank) -> None:
    payer, payee = parties(bank)
    (entry_id,) = paid(bank, payer, payee, 1)
    seal(bank, DAY)
    # given a receipt that somebody writes into the sealed day
    (row,) = [row for row in table_items(bank, "ReceiptsTable") if row["entry_id"] == entry_id]
    table: Any = boto3.resource("dynamodb").Table(bank.references["ReceiptsTable"])
    table.put_item(Item={**row, "entry_id": "z" * 26, "number": NOBODYS})
    # then it is in no tree, whatever the table says
    assert bank.request("GET", f"/v1/receipt-proofs/{NOBODYS}").code == "receipt_proof_not_found"


def test_nothing_that_is_asked_is_an_internal_error(bank: Bank) -> None:
    parties(bank)
    seal(bank, DAY)
    texts = [text for text in HOSTILE if isinstance(text, str)]
    for text in texts:
        for path, name in (("receipt-proofs", "number"), ("day-seals", "business_date")):
            reply = bank.request("GET", f"/v1/{path}/x", path_values={"x": text})
            assert (reply.status, reply.code) in ((404, "not_found"), (404, "receipt_proof_not_found")), (name, text)
    for query in ("limit=0", "limit=101", "limit=x", "cursor=x", "cursor=e30", "more=1"):
        assert bank.request("GET", f"/v1/day-seals?{query}").status == 400, query


# ---- days ------------------------------------------------------------------------------------------------------
def test_an_entry_belongs_to_the_day_on_which_it_was_posted_at_midnight_too(bank: Bank) -> None:
    payer, payee = parties(bank)
    bank.clock.set(at(DAY, 23, 59, 30))
    before = bank.pay(payer, payee, "1.00", "key-midnight-1")
    bank.clock.set(at(NEXT, 0, 0, 0))
    after = bank.pay(payer, payee, "2.00", "key-midnight-2")
    bank.settle()
    assert (before in listing(bank, DAY), after in listing(bank, NEXT)) == (True, True)
    one, two = seal(bank, DAY, NEXT)
    assert (one.entries, two.entries) == (2, 1)


def test_a_day_is_sealed_once_it_is_closed_and_not_before_the_day_before_it(bank: Bank) -> None:
    payer, payee = parties(bank)
    paid(bank, payer, payee, 1)
    bank.clock.set(at(NEXT, 0, 20))
    assert start(bank) is None
    # closed twice, sealed once
    close(bank, DAY)
    close(bank, DAY)
    close(bank, NEXT)
    assert start(bank) == DAY
    bank.settle()
    # the one after follows by itself
    assert [one.business_date for one in store.page(9, None)[0]] == [NEXT, DAY]
    assert start(bank) is None


def test_the_chain_begins_where_the_parameter_says(bank: Bank) -> None:
    parties(bank)
    parameters.set_value("seal.first_date", int(NEXT))
    close(bank, DAY)
    assert start(bank) is None
    (one,) = seal(bank, NEXT)
    assert (one.sequence, store.seal_of(DAY)) == (1, None)


def test_a_reversal_is_an_entry_of_its_own_day_and_leaves_the_sealed_one_as_it_is(bank: Bank) -> None:
    payer, payee = parties(bank)
    (entry_id,) = paid(bank, payer, payee, 1)
    (one,) = seal(bank, DAY)
    reverse_transfer(entry_id, reason="误转", by="S1", correlation_id="c-seal")
    bank.settle()
    (two,) = seal(bank, NEXT)
    assert (one.entries, two.entries) == (2, 1)
    # the mark that it was reversed is no part of what was sealed
    (place,) = proof(bank, number_of(bank, payer, entry_id)).places
    head = keys.verified(one.signed, int(clock.now().timestamp()))
    assert place.proves(receipt_hash(signed_of(bank, entry_id)), head)


def test_days_go_on_over_a_rotation_and_over_a_key_that_was_withdrawn(bank: Bank) -> None:
    parties(bank)
    now_s = int(clock.now().timestamp())
    first = keys.RING.signing(now_s).kid
    seal(bank, DAY)
    kid, _ = keys.RING.rotate(int(clock.now().timestamp()))
    one, two = seal(bank, DAY, NEXT)
    later_s = int(clock.now().timestamp())
    assert set(keys.RING.verifying(later_s)) == {first, kid}
    keys.RING.withdraw(first, later_s)
    (three,) = seal(bank, THIRD)
    kids = [json.loads(jws.decoded(found.signed.split(".")[0]))["kid"] for found in (one, two, three)]
    assert kids == [first, kid, kid]
    assert [found.sequence for found in (one, two, three)] == [1, 2, 3]
    shown = {key["kid"] for key in bank.request("GET", "/v1/day-seal-keys.json").body["keys"]}
    assert shown == {kid}
    # and what follows a day whose key was withdrawn since names it all the same
    keys.RING.withdraw(kid, int(clock.now().timestamp()))
    (four,) = seal(bank, "20261124")
    assert keys.verified(four.signed, int(clock.now().timestamp())).previous_date == THIRD


# ---- what fails ------------------------------------------------------------------------------------------------
def test_a_missing_receipt_is_asked_for_and_the_seal_waits(bank: Bank, counted: list[str]) -> None:
    payer, payee = parties(bank)
    (entry_id,) = paid(bank, payer, payee, 1)
    close(bank, DAY)
    remove(bank, "ReceiptsTable", entry_id=entry_id)
    start(bank)
    with patch("chalicelib.receipts.service.issue", side_effect=lambda *_: False):
        bank.settle()
    assert (store.seal_of(DAY), counted) == (None, [])
    # while it stays away, that rings after some hours, and what has happened is not done again
    bank.clock.advance(dt.timedelta(hours=7))
    start(bank)
    assert counted == [metrics.DAYS_NOT_SEALED]
    # when its worker issues it, then the next run seals the day with it
    bank.settle()
    assert store.seal_of(DAY) is None
    start(bank)
    bank.settle()
    found = store.seal_of(DAY)
    assert found is not None
    assert found.entries == 2


def test_a_record_of_the_stream_that_was_lost_is_not_sealed_without(bank: Bank) -> None:
    payer, payee = parties(bank)
    token_id = confirmed(bank, payer, payee, "3.00", "key-lost-seal")
    lose_records(bank, LIST)
    bank.settle()
    assert token_id not in listing(bank)
    close(bank, DAY)
    start(bank)
    bank.settle()
    assert store.seal_of(DAY) is None
    # when the sweep finds it, or an operator makes the date's lists good, then it is
    rebuild_lists(DAY, most_pages=10)
    start(bank)
    bank.settle()
    found = store.seal_of(DAY)
    assert found is not None
    assert found.entries == 2


def test_the_sweep_of_receipts_lists_for_the_seal_what_it_lists_for_the_day(bank: Bank) -> None:
    payer, payee = parties(bank)
    entry_id = confirmed(bank, payer, payee, "3.00", "key-lost-swept")
    lose_records(bank, LIST)
    bank.settle()
    bank.clock.advance(dt.timedelta(minutes=11))
    sweep(bank)
    assert entry_id in listing(bank)


def test_an_entry_that_is_listed_and_not_there_is_not_sealed_over(bank: Bank) -> None:
    payer, payee = parties(bank)
    entry_id, _ = paid(bank, payer, payee, 2)
    close(bank, DAY)
    remove(bank, "JournalTable", entry_id=entry_id)
    start(bank)
    bank.settle()
    assert store.seal_of(DAY) is None


def test_pages_make_the_same_tree_and_none_is_done_twice(bank: Bank) -> None:
    payer, payee = parties(bank)
    paid(bank, payer, payee, 6)
    close(bank, DAY)
    with patch.object(command, "PAGE", 3):
        start(bank)
        start(bank)
        bank.settle()
    found = store.seal_of(DAY)
    assert found is not None
    assert found.entries == 7
    run = store.run_of(DAY)
    assert run is not None
    # seven entries: two pages of three, and the last; each step was taken by one of the two that were told
    assert run.step == 2
    assert seal_page(DAY, 0, clock.now()) is Outcome.STALE
    assert seal_page(DAY, 2, clock.now()) is Outcome.STALE
    assert store.put_seal(found) is False


def crash(*_: Any, **__: Any) -> None:
    raise RuntimeError("the function dies here")


@pytest.mark.parametrize("where", ["put_tile", "advance", "put_seal", "send"])
def test_a_crash_anywhere_leaves_the_rest_to_the_next_run(bank: Bank, where: str) -> None:
    payer, payee = parties(bank)
    paid(bank, payer, payee, 4)
    close(bank, DAY)
    assert start_next(clock.now()) == DAY
    target = queues if where == "send" else store
    with patch.object(command, "PAGE", 2):
        for step in range(3):
            with patch.object(target, where, crash):
                run = store.run_of(DAY)
                assert run is not None
                try:
                    seal_page(DAY, run.step, clock.now())
                except RuntimeError:
                    assert store.seal_of(DAY) is None, step
            start(bank)
            bank.settle()
    found = store.seal_of(DAY)
    assert found is not None
    assert (found.entries, len(table_items(bank, "DaySealsTable"))) == (5, 1)
    # the tree is that of the entries in order of their ids
    rows = [row for row in store.tile_at(DAY, 0, found.root).rows if isinstance(row, Record)]
    assert [row.first for row in rows] == listing(bank)


def test_an_entry_that_does_not_balance_is_not_sealed(bank: Bank) -> None:
    payer, payee = parties(bank)
    (entry_id,) = paid(bank, payer, payee, 1)
    close(bank, DAY)
    (image,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == entry_id]
    postings = [{**leg, "f": leg["f"] * 2} if leg["f"] > 0 else leg for leg in image["postings"]]
    force(bank, "JournalTable", {"entry_id": entry_id}, postings=postings)
    start_next(clock.now())
    with pytest.raises(ValueError, match="zero"):
        seal_page(DAY, 0, clock.now())


def test_a_date_that_is_not_closed_is_not_sealed_by_a_message_alone(bank: Bank) -> None:
    parties(bank)
    bank.settle()
    assert seal_page(DAY, 0, clock.now()) is Outcome.STALE
    store.begin_run(DAY)
    with pytest.raises(RuntimeError, match="not closed"):
        seal_page(DAY, 0, clock.now())
    assert closed_days.closed_day(DAY) is None
