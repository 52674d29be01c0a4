"""Owners hear once that a token or certificate ends soon, and once that it has ended (NB-5.3.4)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.customers.commands.change_edition import close_online
from chalicelib.factors import store
from chalicelib.factors.commands import remind
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.factors.workers import remind_of_factors
from chalicelib.notifications import providers
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import Retryable
from tests.chain.bank import TELLER, Bank, LambdaContext, Person
from tests.chain.probe import scheduled, table_items, unchanged
from tests.chain.signers import Signer, certified
from tests.chain.two_people import done
from tests.event_schemas import check

MS = dt.timedelta(milliseconds=1)
SEED = bytes(range(32))
# The bank opens on 21 November 2026.
TOKEN_OPENS = dt.datetime(2029, 10, 21, tzinfo=clock.SHANGHAI)
TOKEN_ENDS = dt.datetime(2029, 11, 21, tzinfo=clock.SHANGHAI)
CERTIFICATE_OPENS = dt.datetime(2028, 10, 21, tzinfo=clock.SHANGHAI)
CERTIFICATE_ENDS = dt.datetime(2028, 11, 21, tzinfo=clock.SHANGHAI)

pytestmark = pytest.mark.requirement("NB-5.3.4")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    for row in table_items(shared_bank, "FactorRemindersTable"):
        store.drop_reminder(store.Reminder(**row))
    # Edges are midnights here; what the hours are for has its own test.
    parameters.set_value("factor.reminder_hours", "00:00-23:59")
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Person:
    return bank.sign_up("赵小明")


def give_token(bank: Bank, person: Person, serial: str = "") -> str:
    serial = bank.blank("token", serial)
    return issue_token(person.customer_id, serial=serial, seed=SEED, teller_id=TELLER, now=bank.clock.now())


def run(bank: Bank, at: dt.datetime) -> int:
    """The schedule's function at a moment, and all that follows; how many reminders it asked for."""
    bank.clock.set(at)
    asked = remind_of_factors(scheduled(at), LambdaContext())["asked"]
    bank.settle()
    return int(asked)


def reminders(bank: Bank, person: Person) -> list[str]:
    return [text for text in bank.messages(person) if "到期" in text]


def inbox(bank: Bank, person: Person, language: str = "zh") -> list[str]:
    path = "/v1/notifications?limit=50"
    reply = bank.request("GET", path, token=bank.log_in(person), headers={"accept-language": language})
    return [row["text"] for row in reply.body["notifications"] if row["kind"] == "factor"]


def test_a_token_is_told_of_a_month_before_and_at_its_end(bank: Bank, owner: Person) -> None:
    give_token(bank, owner, "TK00004711")
    assert run(bank, TOKEN_OPENS - MS) == 0
    assert run(bank, TOKEN_OPENS) == 1
    # run again, late, and until the last moment: once is enough
    assert [run(bank, at) for at in (TOKEN_OPENS, TOKEN_OPENS + dt.timedelta(days=9), TOKEN_ENDS - MS)] == [0, 0, 0]
    soon = (
        "【乡村银行】您的动态令牌（尾号4711）将于2029-11-21 00:00:00到期，到期后不能再用于确认交易。"
        "请携带有效身份证件到网点更换令牌。"
    )
    assert reminders(bank, owner) == inbox(bank, owner) == [soon]
    assert run(bank, TOKEN_ENDS) == 1
    assert run(bank, TOKEN_ENDS + dt.timedelta(days=400)) == 0
    over = (
        "【乡村银行】您的动态令牌（尾号4711）已于2029-11-21 00:00:00到期，不能再用于确认交易。"
        "如需继续使用，请携带有效身份证件到网点更换令牌。"
    )
    assert reminders(bank, owner) == [soon, over]
    assert inbox(bank, owner, "en") == [
        "Your token (ending in 4711) expired at 2029-11-21 00:00:00 (Shanghai) and confirms nothing any more. "
        "A branch gives you a new one.",
        "Your token (ending in 4711) expires at 2029-11-21 00:00:00 (Shanghai) and confirms nothing after that. "
        "A branch gives you a new one.",
    ]
    assert "TK00004711" not in repr([reminders(bank, owner), inbox(bank, owner), inbox(bank, owner, "en")])


def test_a_certificate_is_told_of_when_it_can_be_renewed(bank: Bank, owner: Person) -> None:
    certified(bank, owner, bank.log_in(owner))
    assert run(bank, CERTIFICATE_OPENS - MS) == 0
    assert run(bank, CERTIFICATE_OPENS) == 1
    (text,) = reminders(bank, owner)
    assert "手机盾数字证书" in text
    assert "将于2028-11-21 00:00:00到期，现可在手机银行在线更新" in text
    (english,) = inbox(bank, owner, "en")
    assert english.startswith("Your certificate in your phone (ending in ")
    assert run(bank, CERTIFICATE_ENDS) == 1
    assert "已于2028-11-21 00:00:00到期" in reminders(bank, owner)[-1]


def test_each_kind_has_its_own_months(bank: Bank, owner: Person) -> None:
    give_token(bank, owner)
    certified(bank, owner, bank.log_in(owner))
    parameters.set_value("factor.token.reminder_months", 12)
    parameters.set_value("factor.certificate.renewal_months", 3)
    token, certificate = (dt.datetime(2028, month, 21, tzinfo=clock.SHANGHAI) for month in (11, 8))
    assert [run(bank, certificate - MS), run(bank, certificate)] == [0, 1]
    assert "数字证书" in reminders(bank, owner)[-1]
    assert run(bank, token - MS) == 0
    assert run(bank, token) == 2  # and the certificate has ended
    # shorter again: what was told is not told again
    parameters.set_value("factor.token.reminder_months", 1)
    assert run(bank, TOKEN_OPENS) == 0


def test_the_last_day_of_a_month_stands_for_those_it_lacks(bank: Bank, owner: Person) -> None:
    bank.clock.set(dt.datetime(2026, 3, 31, 23, 59, tzinfo=clock.SHANGHAI))
    give_token(bank, owner)  # until 31 March 2029
    opens = dt.datetime(2029, 2, 28, tzinfo=clock.SHANGHAI)
    assert [run(bank, opens - MS), run(bank, opens)] == [0, 1]
    assert "将于2029-03-31 00:00:00到期" in reminders(bank, owner)[-1]


def test_so_late_that_it_has_ended_only_the_end_is_told(bank: Bank, owner: Person) -> None:
    give_token(bank, owner)
    assert run(bank, TOKEN_ENDS) == 2
    (text,) = reminders(bank, owner)
    assert "已于" in text


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("why", ["lost", "revoked", "closed"])
def test_who_does_not_have_it_any_more_hears_nothing(bank: Bank, owner: Person, why: str) -> None:
    factor_id, now = give_token(bank, owner), bank.clock.now()
    if why == "lost":
        report_loss(owner.customer_id, factor_id, now)
    elif why == "revoked":
        revoke_factor(owner.customer_id, factor_id, teller_id=TELLER, now=now)
    else:
        close_online(owner.customer_id, teller_id=TELLER, at=now)
    run(bank, TOKEN_OPENS)
    run(bank, TOKEN_ENDS)
    assert reminders(bank, owner) == []
    # and it is not looked at again
    assert table_items(bank, "FactorRemindersTable") == []


def test_a_renewed_certificate_is_not_told_of_and_the_new_one_is(bank: Bank, owner: Person) -> None:
    old, new = certified(bank, owner, bank.log_in(owner)), Signer()
    # renewed on the first day, after the run asked and before the owner was told
    bank.clock.set(CERTIFICATE_OPENS)
    assert remind_of_factors(scheduled(CERTIFICATE_OPENS), LambdaContext()) == {"asked": 1}
    pem = new.request_pem()
    body = {"request": pem, "signature": old.sign(pem.encode())}
    path = f"/v1/factors/{old.factor_id}/renewal"
    assert bank.request("POST", path, body, token=bank.log_in(owner)).status == 201
    bank.settle()
    assert run(bank, CERTIFICATE_ENDS) == 1
    assert reminders(bank, owner) == []
    assert run(bank, dt.datetime(2030, 9, 21, tzinfo=clock.SHANGHAI)) == 1
    assert "将于2030-10-21 00:00:00到期" in reminders(bank, owner)[0]


def test_a_token_replaced_on_the_day_of_its_end_is_not_told_of(bank: Bank, owner: Person) -> None:
    give_token(bank, owner)
    run(bank, TOKEN_OPENS)
    bank.clock.set(TOKEN_ENDS + dt.timedelta(hours=8))
    give_token(bank, owner)
    run(bank, TOKEN_ENDS + dt.timedelta(hours=9))
    assert [text for text in reminders(bank, owner) if "已于" in text] == []


def test_a_loss_that_is_lifted_is_told_of_again(bank: Bank, owner: Person) -> None:
    factor_id = give_token(bank, owner)
    report_loss(owner.customer_id, factor_id, bank.clock.now())
    assert run(bank, TOKEN_OPENS) == 1  # asked for, and not told
    assert reminders(bank, owner) == []
    done("factor.lift_loss", customer_id=owner.customer_id, factor_id=factor_id)
    assert run(bank, TOKEN_OPENS + dt.timedelta(hours=1)) == 1
    assert len(reminders(bank, owner)) == 1
    # lifted twice, with the rows of both: told once
    for _ in range(2):
        report_loss(owner.customer_id, factor_id, bank.clock.now())
        bank.clock.advance(dt.timedelta(minutes=1))
        done("factor.lift_loss", customer_id=owner.customer_id, factor_id=factor_id)
    run(bank, TOKEN_ENDS)
    assert len(reminders(bank, owner)) == 2
    assert len(inbox(bank, owner)) == 2


def test_a_crash_at_any_step_loses_none_and_repeats_none(
    bank: Bank, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_token(bank, owner)
    bank.clock.set(TOKEN_OPENS)
    # the queue does not answer: nothing was asked for, the row is there
    with monkeypatch.context() as patched:
        patched.setattr(queues, "send", _fails)
        with pytest.raises(Retryable):
            remind.remind(TOKEN_OPENS, "run-1")
    # asked for, and the row not taken away
    with monkeypatch.context() as patched:
        patched.setattr(store, "drop_reminder", _fails)
        with pytest.raises(Retryable):
            remind.remind(TOKEN_OPENS, "run-2")
    # then the provider is down: the message comes again
    providers.LocalProvider.behave(owner.phone, providers.FAILS)
    bank.settle()
    assert reminders(bank, owner) == []
    assert len(inbox(bank, owner)) == 1
    providers.LocalProvider.behave(owner.phone, None)
    assert run(bank, TOKEN_OPENS + dt.timedelta(hours=1)) == 1
    assert len(reminders(bank, owner)) == len(inbox(bank, owner)) == 1
    assert run(bank, TOKEN_OPENS + dt.timedelta(hours=2)) == 0


def _fails(*_: object) -> None:
    raise Retryable("now")


def test_the_message_has_ids_only(bank: Bank, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    factor_id = give_token(bank, owner)
    sent: list[tuple[str, list[queues.Message]]] = []
    monkeypatch.setattr(queues, "send", lambda queue, messages: sent.append((queue, messages)))
    remind.remind(TOKEN_OPENS, "run-1")
    ((queue, (message,)),) = sent
    assert queue == "factor_reminders"
    assert check(message.to_json())["data"] == {"factor_id": factor_id, "stage": "opening"}


def test_a_run_reads_what_is_due_and_nothing_else(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(12):
        bank.clock.advance(dt.timedelta(days=1))
        give_token(bank, bank.sign_up("钱红"))
    read: list[int] = []
    due = store.due_reminders

    def counted(*args: object) -> list[store.Reminder]:
        rows = due(*args)  # type: ignore[arg-type]  # passed on as they are
        read.append(len(rows))
        return rows

    monkeypatch.setattr(store, "due_reminders", counted)
    # the first token was issued a day after the bank opened
    assert run(bank, TOKEN_OPENS + dt.timedelta(days=2)) == 2
    assert sum(read) == 2
    assert len(read) == 5  # a page, and one look more, of what was found; one look at each of the three others
    assert len(table_items(bank, "FactorRemindersTable")) == 22


def test_what_a_run_leaves_is_the_next_ones(bank: Bank, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remind, "ROWS_A_PAGE", 1)
    monkeypatch.setattr(remind, "PAGES_A_RUN", 2)
    people = [bank.sign_up("钱红") for _ in range(3)]
    for person in people:
        give_token(bank, person)
    assert [run(bank, TOKEN_OPENS + dt.timedelta(hours=hour)) for hour in range(3)] == [2, 1, 0]
    assert [len(reminders(bank, person)) for person in people] == [1, 1, 1]


def test_factors_from_before_are_found_by_the_backfill(bank: Bank, owner: Person) -> None:
    other = bank.sign_up("钱红")
    give_token(bank, owner)
    signer = certified(bank, other, bank.log_in(other))
    revoke_factor(other.customer_id, signer.factor_id, teller_id=TELLER, now=bank.clock.now())
    for row in table_items(bank, "FactorRemindersTable"):
        store.drop_reminder(store.Reminder(**row))
    # of this test's own customers: others of the bank have factors of their own
    assert remind.backfill(bank.clock.now()) >= 2
    ours = (owner.customer_id, other.customer_id)
    mine = [row for row in table_items(bank, "FactorRemindersTable") if row["customer_id"] in ours]
    assert sorted(row["part"] for row in mine) == ["ended#token", "opening#token"]
    # a second time nothing is missing, and what was told is not written again
    with unchanged(bank):
        assert remind.backfill(bank.clock.now()) == 0
    run(bank, TOKEN_OPENS)
    assert len(reminders(bank, owner)) == 1
    with unchanged(bank):
        assert remind.backfill(bank.clock.now()) == 0
    # nor do rows of a factor that has some already make a second reminder
    run(bank, TOKEN_ENDS)
    assert len(reminders(bank, owner)) == 2


def test_owners_are_told_in_the_hours_for_it(bank: Bank, owner: Person) -> None:
    give_token(bank, owner)
    hour = dt.timedelta(hours=1)
    parameters.set_value("factor.reminder_hours", "09:00-21:00")
    for at in (TOKEN_OPENS, TOKEN_OPENS + 9 * hour - MS, TOKEN_OPENS + 21 * hour):
        assert run(bank, at) == 0
    assert reminders(bank, owner) == []
    # also a window over midnight, which ends as it says
    parameters.set_value("factor.reminder_hours", "22:00-08:00")
    assert run(bank, TOKEN_OPENS + 8 * hour) == 0
    assert run(bank, TOKEN_OPENS + 8 * hour - MS) == 1
    assert len(reminders(bank, owner)) == 1
