"""Which refusal is told when several rules are broken; and what changes between creation and confirmation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import AMPLE, force_account, force_customer, same_refusal, unchanged

UNKNOWN = "9000010000000000017"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@dataclass
class Scene:
    """A payer, a payee, a session, and the request as it stands."""

    bank: Bank
    payer: Person
    payee: Person
    token: str
    body: dict[str, object]
    key: str | None = "key-order-01"

    def post(self) -> Reply:
        headers = {"idempotency-key": self.key} if self.key else {}
        return self.bank.request("POST", "/v1/transfers", self.body, token=self.token, headers=headers)

    def on_account(self, **values: object) -> None:
        force_account(self.bank, self.payer.account, **values)

    def on_customer(self, **values: object) -> None:
        force_customer(self.bank, self.payer, **values)


@pytest.fixture
def scene(bank: Bank) -> Scene:
    payer = bank.sign_up("赵小明", deposit="100000.00", limits=AMPLE, limit_outward_fen=10**12)
    payee = bank.sign_up("钱红")
    force_customer(bank, payer, limit_nocert=10**12)
    bank.settle()
    body: dict[str, object] = {
        "payer_account": payer.account,
        "payee_account": payee.account,
        "payee_name": payee.name,
        "amount": "60000.00",
    }
    return Scene(bank, payer, payee, bank.log_in(payer), body)


def end_session(scene: Scene) -> None:
    scene.bank.request("DELETE", "/v1/sessions/current", token=scene.token)


# In the documented order: each entry breaks one rule; with all later ones broken too, it is the one told.
BREAKS: list[tuple[str, Callable[[Scene], object]]] = [
    ("session_ended", end_session),
    ("amount_out_of_range", lambda s: s.body.update(amount="0.00")),
    ("not_found", lambda s: s.body.update(payer_account=UNKNOWN)),
    ("edition_not_entitled", lambda s: s.on_customer(edition="express")),
    ("account_not_active", lambda s: s.on_account(state="frozen")),
    ("transfers_stopped", lambda s: s.on_customer(transfers_stopped="2026-11-20T02:00:00.000Z")),
    ("transfers_switched_off", lambda s: s.on_customer(transfers_on=False)),
    ("payee_unavailable", lambda s: s.body.update(payee_name="钱绿")),
    ("factor_ceiling_exceeded", lambda s: None),  # the amount is above it from the start
    ("single_limit_exceeded", lambda s: s.on_account(limit_single=1)),
    ("customer_day_limit_exceeded", lambda s: s.on_customer(limit_outward=1)),
    ("account_day_limit_exceeded", lambda s: s.on_account(limit_day=1)),
    ("account_month_limit_exceeded", lambda s: s.on_account(limit_month=1)),
    ("account_year_limit_exceeded", lambda s: s.on_account(limit_year=1)),
    ("account_day_count_exceeded", lambda s: s.on_account(limit_count=0)),
    ("insufficient_funds", lambda s: s.on_account(available_fen=0)),
]
CEILING = [code for code, _ in BREAKS].index("factor_ceiling_exceeded")


@pytest.mark.parametrize("first", range(len(BREAKS)), ids=[code for code, _ in BREAKS])
def test_the_first_broken_rule_in_the_documented_order_is_told(scene: Scene, first: int) -> None:
    # given every rule from this one on broken
    for _, break_ in BREAKS[first:]:
        break_(scene)
    if first > CEILING:
        scene.body["amount"] = "50000.00"
    scene.bank.settle()
    code = BREAKS[first][0]
    # A payee that does not match is counted as a guess.
    with unchanged(scene.bank, but=["CustomersTable"] if code == "payee_unavailable" else ()):
        assert scene.post().code == code


def test_own_and_unknown_payers_are_alike_for_an_ended_session(scene: Scene) -> None:
    end_session(scene)
    own = scene.post()
    scene.body["payer_account"] = UNKNOWN
    assert same_refusal(own, scene.post())
    scene.body["payer_account"] = scene.payee.account
    assert same_refusal(own, scene.post())
    scene.body["payee_account"] = scene.payee.account
    assert same_refusal(own, scene.post())
    assert own.code == "session_ended"


def test_same_payer_and_payee_comes_after_rights_and_before_limits(scene: Scene) -> None:
    scene.body.update(payee_account=scene.payer.account, payee_name=scene.payer.name)
    scene.on_account(limit_single=1, available_fen=0)
    assert scene.post().code == "same_payer_and_payee"
    scene.on_account(state="frozen")
    assert scene.post().code == "account_not_active"
    scene.on_customer(edition="express")
    assert scene.post().code == "edition_not_entitled"
    scene.body.update(payer_account=UNKNOWN, payee_account=UNKNOWN)
    assert scene.post().code == "not_found"


def test_malformed_comes_before_what_the_bank_would_have_to_look_up(scene: Scene) -> None:
    scene.on_customer(edition="express")
    scene.key = None
    assert scene.post().code == "idempotency_key_missing"
    scene.key = "key-order-01"
    scene.body["amount"] = 1.5
    assert scene.post().code == "amount_malformed"
    scene.token = "nonsense"
    assert scene.post().code == "not_logged_in"


BETWEEN: dict[str, tuple[Callable[[Scene], object], str, int]] = {
    "single lowered": (lambda s: s.on_account(limit_single=49_999_99), "single_limit_exceeded", 422),
    "day lowered": (lambda s: s.on_account(limit_day=49_999_99), "account_day_limit_exceeded", 422),
    "month lowered": (lambda s: s.on_account(limit_month=49_999_99), "account_month_limit_exceeded", 422),
    "year lowered": (lambda s: s.on_account(limit_year=49_999_99), "account_year_limit_exceeded", 422),
    "count lowered": (lambda s: s.on_account(limit_count=0), "account_day_count_exceeded", 422),
    "outward lowered": (lambda s: s.on_customer(limit_outward=49_999_99), "customer_day_limit_exceeded", 422),
    "without certificate lowered": (
        lambda s: s.on_customer(limit_nocert=49_999_99),
        "no_certificate_day_limit_exceeded",
        422,
    ),
    "money gone": (lambda s: s.on_account(available_fen=49_999_99), "insufficient_funds", 422),
    "payer frozen": (lambda s: s.on_account(state="frozen"), "account_not_active", 422),
    "payer made query-only": (lambda s: s.on_account(right="query"), "account_query_only", 403),
    "payee closed": (lambda s: force_account(s.bank, s.payee.account, state="closed"), "payee_unavailable", 422),
    "transfers switched off": (lambda s: s.on_customer(transfers_on=False), "transfers_switched_off", 422),
    "transfers stopped by the bank": (
        lambda s: s.on_customer(transfers_stopped="2026-11-20T02:00:00.000Z"),
        "transfers_stopped",
        422,
    ),
    "customer frozen": (lambda s: s.on_customer(state="frozen"), "customer_not_active", 422),
    "down to express": (lambda s: s.on_customer(edition="express"), "edition_not_entitled", 403),
    "logged out": (end_session, "session_ended", 401),
}


@pytest.mark.requirement("XJ-4.4-switch")
@pytest.mark.parametrize(("change", "code", "status"), BETWEEN.values(), ids=BETWEEN)
def test_what_changed_since_creation_counts(
    scene: Scene, change: Callable[[Scene], object], code: str, status: int
) -> None:
    # given a transfer at the edge, and its code
    bank = scene.bank
    scene.body["amount"] = "50000.00"
    transfer_id = scene.post().body["id"]
    bank.settle()
    digits = bank.code_for(scene.payer, transfer_id)
    # when something changes before it is confirmed
    change(scene)
    bank.settle()
    # then the right code is refused for it, and only the try is counted
    with unchanged(bank, but=["JournalTable"]):
        reply = bank.confirm(scene.token, transfer_id, digits)
        assert (reply.code, reply.status) == (code, status)
    assert bank.balance(scene.payee.account) == 0


def test_what_was_set_right_again_can_be_confirmed(scene: Scene) -> None:
    bank = scene.bank
    scene.body["amount"] = "50000.00"
    transfer_id = scene.post().body["id"]
    bank.settle()
    digits = bank.code_for(scene.payer, transfer_id)
    scene.on_customer(transfers_on=False)
    assert bank.confirm(scene.token, transfer_id, digits).code == "transfers_switched_off"
    scene.on_customer(transfers_on=True)
    assert bank.confirm(scene.token, transfer_id, digits).status == 200
    assert bank.balance(scene.payee.account) == 50_000_00


def test_an_ended_session_learns_nothing_about_codes(scene: Scene) -> None:
    bank = scene.bank
    scene.body["amount"] = "50000.00"
    transfer_id = scene.post().body["id"]
    bank.settle()
    end_session(scene)
    for _ in range(6):
        assert bank.confirm(scene.token, transfer_id, "000000").code == "session_ended"
