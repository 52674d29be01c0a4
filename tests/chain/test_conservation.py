"""Whatever customers do in whatever order: no fen appears or is lost, and every book adds up (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import is_house
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.statements.workers import start_bill_run
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import lines_of, scheduled, table_items, wrong_code

SEED = 20261121
STEPS = 60
FEE_FEN = 7
NEW_YEAR = dt.datetime(2027, 1, 1, 2, 0, tzinfo=clock.SHANGHAI)


class Play:
    """Random customers; what they should have is kept by other arithmetic than the bank's."""

    def __init__(self, bank: Bank, rng: random.Random) -> None:
        self.bank, self.rng = bank, rng
        self.people = [bank.sign_up(f"客户{index}") for index in range(4)]
        self.expected = {person.account: 0 for person in self.people}
        self.deposited = self.fees = 0
        self.keys: list[tuple[Person, Person, str, str]] = []
        for _ in self.people * 2:
            self.deposit(0)

    def step(self, number: int) -> None:
        action = self.rng.choices([self.deposit, self.transfer, self.repeat, self.pass_time], weights=[3, 8, 2, 2])[0]
        action(number)
        if self.rng.random() < 0.4:
            self.bank.settle()

    def deposit(self, _: int) -> None:
        person, fen = self.rng.choice(self.people), self.rng.choice([1, 99, 10_000, self.rng.randrange(1, 10**6)])
        self.bank.deposit(person.account, fen)
        self.expected[person.account] += fen
        self.deposited += fen

    def transfer(self, number: int) -> None:
        payer, payee = self.rng.sample(self.people, 2)
        available = self.expected[payer.account]
        fen = self.rng.choice([1, available - FEE_FEN, available, self.rng.randrange(1, 10**5)])
        amount, key = f"{max(fen, 1) // 100}.{max(fen, 1) % 100:02d}", f"key-play-{number:04d}"
        fen = max(fen, 1)
        token = self.bank.log_in(payer)
        created = self.bank.create(token, payer, payee, amount, key)
        if created.status != 201:
            assert created.status == 422, created
            return
        self.keys.append((payer, payee, amount, key))
        self.bank.settle()
        code = self.bank.code_for(payer, created.body["id"])
        if self.rng.random() < 0.2:
            assert self.bank.confirm(token, created.body["id"], wrong_code(code)).status == 422
        if self.rng.random() < 0.1:
            return  # the customer thinks better of it
        for _ in range(self.rng.choice([1, 1, 2])):
            confirmed = self.bank.confirm(token, created.body["id"], code)
            assert confirmed.status == 200, confirmed
        self.expected[payer.account] -= fen + FEE_FEN
        self.expected[payee.account] += fen
        self.fees += FEE_FEN

    def repeat(self, _: int) -> None:
        if self.keys:
            payer, payee, amount, key = self.rng.choice(self.keys)
            again = self.bank.create(self.bank.log_in(payer), payer, payee, amount, key)
            assert again.headers["Idempotency-Hit"] == "true"

    def pass_time(self, _: int) -> None:
        self.bank.clock.advance(dt.timedelta(minutes=self.rng.randrange(1, 3000)))


@pytest.mark.requirement("NB-5.1.6")
@pytest.mark.requirement("NB-5.1.3")
def test_no_fen_appears_or_is_lost(bank: Bank) -> None:
    # given sixty random steps (the seed is in the name of what fails)
    parameters.set_value("fee.transfer.own_bank_fen", FEE_FEN)
    play = Play(bank, random.Random(SEED))  # noqa: S311  # a play, repeatable
    for number in range(STEPS):
        play.step(number)
    bank.settle()
    told = f"seed {SEED}"

    # then each has what other arithmetic says, and all of it is what came in
    assert {account: bank.balance(account) for account in play.expected} == play.expected, told
    assert sum(play.expected.values()) + play.fees == play.deposited, told
    assert len(play.keys) > 10, told

    # and every posted entry balances, and all of them together lead to the balances
    booked: dict[str, int] = {}
    for image in table_items(bank, "JournalTable"):
        if image["state"] == ledger.POSTED:
            for leg in ledger.entry_from_image(image).legs:
                booked[leg.account_id] = booked.get(leg.account_id, 0) + leg.amount_fen
    assert sum(booked.values()) == 0, told
    assert {account: fen for account, fen in booked.items() if not is_house(account)} == {
        account: fen for account, fen in play.expected.items() if account in booked
    }, told
    assert booked[ledger.FEE_INCOME_ACCOUNT] == play.fees, told

    # and the lines run without a gap, each chained to the one before
    for account in play.expected:
        check_lines(bank, account, play.expected[account])
    check_bills(bank, play)


def check_lines(bank: Bank, account: str, balance_fen: int) -> None:
    chain, balance = FIRST_HASH, 0
    lines = lines_of(bank, account)
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    names = set(Movement.__dataclass_fields__) - {"chain"}
    for line in lines:
        balance += line["amount_fen"]
        assert line["balance_fen"] == balance
        chain = Movement(**{name: line[name] for name in names & line.keys()}).chained_to(chain).chain
        assert line["chain"] == chain
    assert balance == balance_fen


def check_bills(bank: Bank, play: Play) -> None:
    """Bills of all months follow from one another and add up to the lines."""
    bank.clock.set(max(NEW_YEAR, bank.clock.now()))
    for month in (12, 13):
        first = dt.datetime(2026 + month // 13, month % 13 + month // 13, 1, 2, tzinfo=clock.SHANGHAI)
        start_bill_run(scheduled(first), LambdaContext())
        bank.settle()
    for account, balance_fen in play.expected.items():
        bills = sorted(
            (row for row in table_items(bank, "BillsTable") if row["account_id"] == account),
            key=lambda row: str(row["month"]),
        )
        assert [bill["month"] for bill in bills] == ["2026-11", "2026-12"]
        opening = 0
        for bill in bills:
            assert bill["opening_fen"] == opening
            opening = bill["opening_fen"] + bill["in_fen"] - bill["out_fen"]
            assert bill["closing_fen"] == opening
        assert opening == sum(
            line["amount_fen"] for line in lines_of(bank, account) if line["business_date"] < "20270101"
        )
        assert lines_of(bank, account) == [] or opening == balance_fen
