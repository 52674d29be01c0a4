"""Accounts with many lines, and the ways lines get lost or tampered with."""

from __future__ import annotations

import datetime as dt
from typing import Any

import boto3

from chalicelib.accounts import workers
from chalicelib.parameters import service as parameters
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import lines_of, scheduled

Lines = list[dict[str, Any]]
FEE_FEN = 2_00


def busy_customer(bank: Bank, entries: int = 14) -> Person:
    """A customer whose account has `entries` entries a second apart: deposits, and transfers with a fee."""
    parameters.set_value("fee.transfer.own_bank_fen", FEE_FEN)
    person, other = bank.sign_up("赵小明"), bank.sign_up("钱红")
    for number in range(entries):
        bank.clock.advance(dt.timedelta(seconds=1))
        if number % 5 == 3:
            bank.pay(person, other, "10.00", f"key-busy-{number:04d}")
        else:
            bank.deposit(person.account, 1_000_00 + number)
    bank.settle()
    return person


def lose(bank: Bank, account_id: str, seqs: list[int]) -> Lines:
    """Take lines away; what they were."""
    lost = [line for line in lines_of(bank, account_id) if line["seq"] in seqs]
    for line in lost:
        table(bank).delete_item(Key={"account_id": account_id, "line": line["line"]})
    return lost


def lose_last(bank: Bank, account_id: str, count: int) -> Lines:
    """Take the newest lines away."""
    last = len(lines_of(bank, account_id))
    return lose(bank, account_id, list(range(last - count + 1, last + 1)))


def put_line(bank: Bank, line: dict[str, Any]) -> None:
    """Put a line as an intruder would."""
    table(bank).put_item(Item={name: value for name, value in line.items() if value is not None})


def table(bank: Bank) -> Any:
    resource: Any = boto3.resource("dynamodb")
    return resource.Table(bank.references["MovementsTable"])


def sweep(bank: Bank) -> None:
    """The schedule fires and the workers come to rest."""
    workers.start_sweep(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
