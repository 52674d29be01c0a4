"""What test_expressions.py plays of payments besides: by clearing and codes, to several and wrong payees."""

from __future__ import annotations

from chalicelib.batches import service as batches
from chalicelib.batches import store as batches_store
from chalicelib.clearing import store as clearing_store
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import RETURNED, SETTLED, Answer
from chalicelib.customers.commands.count_wrong_payee import count_wrong_payee
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.paycodes import service as paycodes
from chalicelib.platform import clock
from tests.engine.test_batch_races import batch, delivered
from tests.engine.test_clearing_races import answered, claimed, posted
from tests.engine.test_receive_code_races import made
from tests.engine.test_transfer_races import Customer, confirmed, customer


def to_another_bank(payer: Customer) -> None:
    """Two payments sent, one settled and contradicted, one returned; the day's list, and what is open."""
    settled, returned = posted(payer), posted(payer)
    assert [claimed(image) for image in (settled, returned)] == ["mine", "mine"]
    assert [answered(settled, Answer(SETTLED)), answered(returned, Answer(RETURNED, "AC01"))] == ["applied", "applied"]
    assert not take_answer(settled["entry_id"], Answer(RETURNED, "AC04"), clock.now())
    day = {row["entry_id"]: row for row in clearing_store.payments_of(settled["business_date"])}
    assert [day[image["entry_id"]]["state"] for image in (settled, returned)] == ["settled", "returned"]
    assert day[settled["entry_id"]]["contradicted"] == "returned AC04"
    open_rows = [row for row in clearing_store.open_until("9999", 1000) if row.entry_id == settled["entry_id"]]
    assert len(open_rows) == 1
    clearing_store.drop_open(open_rows[0])


def by_receive_codes(payer: Customer, payee: Customer) -> None:
    """A code paid, a static one paid, exchanged for another, and that withdrawn."""
    now = clock.now()
    single = paycodes.show(payee.caller, payee.account, paycodes.SINGLE, 1_00, now)
    static, other = (paycodes.show(payee.caller, payee.account, paycodes.STATIC, None, now) for _ in range(2))
    assert paycodes.static_code(payee.caller, payee.account).code_id == other.code.code_id
    for shown in (single, other):
        assert confirmed(payer, made(payer, shown.payload, 1_00)) == "posted"
    assert [paycodes.scanned(one.payload).state for one in (single, static)] == ["used", "withdrawn"]
    assert paycodes.withdraw(payee.caller, other.code.code_id).state == "withdrawn"


def to_wrong_payees(payer: Customer) -> None:
    """The first of a day, and the next."""
    for _ in range(2):
        count_wrong_payee(payer.caller.customer_id, clock.now())


def to_several(payer: Customer, payee: Customer) -> None:
    """Two batches made, one of them with a payment that is refused; the list, and what confirmed them."""
    switched = customer("周芳", 0)
    made, other = batch(payer, [payee, switched], 1_00, 2_00), batch(payer, [payee], 1_00, 2_00)
    change_state(switched.account, before="open", after="closed")
    assert {made.batch_id, other.batch_id} <= set(batches_store.waiting_before("9999", 1000))
    assert [delivered(one) for one in (made, other)] == ["worked off"] * 2
    found = batches.told(made.batch_id)
    assert found is not None
    assert [line.state for line in found[1]] == ["paid", "refused"]
    owner = payer.caller.customer_id
    (first,), cursor = batches.batch_page(owner, 1, None)
    rest, _ = batches.batch_page(owner, 9, cursor)
    assert {one.batch_id for one in (first, *rest)} >= {made.batch_id, other.batch_id}
    kept = batches_store.evidence_of(made.batch_id)
    assert kept is not None
    assert kept.form.decode().count("line_0") == 2
