"""Races over files of clearing on a real engine: an order is one file, runs that read one inbox end a payment once."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.clearing import exchange, file_store, store
from chalicelib.clearing.commands.read_inbox import read_inbox
from chalicelib.clearing.domain import RETURNED, SETTLED, Order
from chalicelib.ledger import service as ledger
from chalicelib.platform import aws, clock, settings, updates
from chalicelib.platform.dynamo import Image
from tests.engine.test_clearing_races import posted
from tests.engine.test_transfer_races import available, customer, together
from tests.status_reports import report, status

pytestmark = pytest.mark.usefixtures("ledger_engine")


def sent(image: Image) -> None:
    update = store.claim_update(image["business_date"], image["entry_id"], "pacs.008", clock.to_text(clock.now()))
    updates.insist(update)


def lay(*parts: str) -> None:
    bucket, key = settings.get("CLEARING_FILES_BUCKET"), f"inbox/{uuid.uuid4().hex}.xml"
    aws.s3().put_object(Bucket=bucket, Key=key, Body=report(*parts, message_id=uuid.uuid4().hex))


def read() -> str:
    return str(read_inbox(clock.now()))


def keys(prefix: str) -> list[str]:
    return [file.key for file in file_store.files(prefix)]


def test_an_order_is_written_by_one_of_many() -> None:
    image = posted(customer("赵小明", 1_000_00))
    order = Order.from_image(image)
    key = f"outbox/race/{image['entry_id']}.xml"
    assert together(lambda i: str(file_store.put_once(key, b"%d" % i)), 16) == {"True": 1, "False": 15}
    network = exchange.FileExchange("pacs.008")
    now = clock.now()

    def chased(_: int) -> str:
        network.chase(order, now)
        return "asked"

    assert together(chased, 8) == {"asked": 8}
    assert len(keys(f"outbox/pacs.008.001.13/{image['entry_id']}")) == 1
    assert len(keys(f"outbox/pacs.028.001.06/{image['entry_id']}")) == 1


@pytest.mark.parametrize("codes", [("RJCT", "RJCT"), ("ACSC", "RJCT"), ("ACSC", "ACSC")], ids="-".join)
def test_runs_that_read_one_inbox_end_a_payment_once(codes: tuple[str, str]) -> None:
    payer = customer("赵小明", 1_000_00)
    image, before = posted(payer), available(payer.account)
    sent(image)
    for code in codes:
        lay(status(image["entry_id"], code, "AC04" if code == "RJCT" else ""))

    outcomes = together(lambda _: read(), 8)
    # what was busy is the next run's
    outcomes.update([read()])

    assert (outcomes["1"], set(outcomes) <= {"0", "1"}, keys("inbox/")) == (1, True, [])
    found = store.read(image["business_date"], image["entry_id"])
    assert found is not None
    assert found["state"] in (SETTLED, RETURNED)
    assert available(payer.account) == before + (100_00 if found["state"] == RETURNED else 0)
    said = {"ACSC": SETTLED, "RJCT": RETURNED}
    # of two ends one stands and the other is told
    assert ("contradicted" in found) == (len(set(codes)) == 2)
    assert found["state"] in {said[code] for code in codes}
    entry = ledger.read_entry(image["entry_id"])
    assert entry is not None
    assert ("reversed_by" in entry) == (found["state"] == RETURNED)
