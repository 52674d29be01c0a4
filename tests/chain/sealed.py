"""What tests of days' seals share: a day with some entries, its close, and its seal by the schedule and the queue."""

from __future__ import annotations

import datetime as dt
from typing import Any

import boto3

from chalicelib.closing import service as closing
from chalicelib.platform import clock
from chalicelib.seals import store, workers
from chalicelib.seals.store import Seal
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import scheduled, table_items

DAY, NEXT, THIRD = "20261121", "20261122", "20261123"


def at(day: str, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    """A moment of a business date."""
    return dt.datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:{second:02d}").replace(tzinfo=clock.SHANGHAI)


def parties(bank: Bank) -> tuple[Person, Person]:
    """Two customers, one with cash in the account: one entry without a receipt."""
    return bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")


def close(bank: Bank, day: str) -> None:
    """Close a date half an hour after it is over."""
    bank.settle()
    bank.clock.set(at(closing_day_after(day), 0, 30))
    closing.close_day(day, clock.now())


def closing_day_after(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=1)).strftime("%Y%m%d")


def start(bank: Bank) -> str | None:
    """The schedule fires; which date it asks to be sealed. Nothing is done yet."""
    answer: dict[str, str | None] = workers.start_seals(scheduled(bank.clock.now()), LambdaContext())
    return answer["date"]


def seal(bank: Bank, *days: str) -> list[Seal]:
    """Close dates, let the schedule fire after each, and the workers come to rest; the seals."""
    for day in days:
        close(bank, day)
        start(bank)
        bank.settle()
    found = [store.seal_of(day) for day in days]
    return [one for one in found if one is not None]


def remove(bank: Bank, logical_id: str, **key: str) -> None:
    """Take an item away past the application."""
    table: Any = boto3.resource("dynamodb").Table(bank.references[logical_id])
    table.delete_item(Key=key)


def listing(bank: Bank, day: str = DAY) -> list[str]:
    """The entries noted under a date, in order."""
    rows = table_items(bank, "DayEntriesTable")
    return sorted(row["entry_id"] for row in rows if row["part"].startswith(f"{day}#"))


def number_of(bank: Bank, person: Person, transfer_id: str) -> str:
    """The number of a transfer's receipt."""
    bank.settle()
    reply = bank.request("GET", f"/v1/transfers/{transfer_id}/receipt", token=bank.log_in(person))
    return str(reply.body["number"])
