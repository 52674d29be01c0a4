"""After some wrong tries a log-in asks for a captcha; many wrong tries lock (XJ-4.2-pw)."""

from __future__ import annotations

import base64
import datetime as dt
import io

import altcha
import pytest
from PIL import Image

from chalicelib.approvals.errors import ApprovalChangesNothing, ApprovalOutdated, MakerIsChecker
from chalicelib.identity import providers
from chalicelib.identity.commands.unlock import customer_named
from chalicelib.parameters import service as parameters
from chalicelib.platform.errors import NotFound
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import same_refusal, table_items, unchanged
from tests.chain.two_people import CHECKER, ELSEWHERE, MAKER, approved, asked, enter_staff, id_of

WRONG = "Wrong-Horse-7"
SECOND = dt.timedelta(seconds=1)
NOBODY = "nobody.at.all"


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


def log_in(bank: Bank, name: str, password: str = WRONG, captcha: dict[str, str] | None = None) -> Reply:
    body: dict[str, object] = {"login_name": name, "password": password}
    return bank.request("POST", "/v1/sessions", {**body, "captcha": captcha} if captcha else body)


def captcha_for(bank: Bank, name: str) -> dict[str, str]:
    """A captcha as somebody who reads the picture answers it."""
    given = bank.request("POST", "/v1/captchas", {"login_name": name})
    assert given.status == 201
    captcha_id = given.body["captcha_id"]
    return {"captcha_id": captcha_id, "text": providers.answer_of(captcha_id)}


def wrong_tries(bank: Bank, name: str, count: int) -> None:
    for _ in range(count):
        log_in(bank, name, WRONG, captcha_for(bank, name))


def kinds_of(bank: Bank, person: Person) -> list[str]:
    """What the log says of locks."""
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == person.customer_id]
    return sorted(str(row["kind"]) for row in rows if row["kind"] in ("locked", "unlocked"))


@pytest.mark.requirement("XJ-4.2-pw")
def test_the_fourth_try_asks_for_a_captcha_whether_or_not_the_name_is_anybodys(bank: Bank, customer: Person) -> None:
    for name in (customer.login_name, NOBODY):
        assert [log_in(bank, name).code for _ in range(3)] == ["login_refused"] * 3
    known, unknown = log_in(bank, customer.login_name), log_in(bank, NOBODY)
    assert (known.code, known.status) == ("captcha_required", 403)
    assert same_refusal(known, unknown)
    # also for the right password, and by every name of the customer
    assert log_in(bank, customer.account, PASSWORD).code == "captcha_required"
    # with the captcha the right password is let in, and counting starts anew
    assert log_in(bank, customer.login_name, PASSWORD, captcha_for(bank, customer.login_name)).status == 201
    assert log_in(bank, customer.login_name).code == "login_refused"


@pytest.mark.requirement("XJ-4.2-pw")
def test_without_a_captcha_nobody_can_lock_somebody_out(bank: Bank, customer: Person) -> None:
    for _ in range(3):
        log_in(bank, customer.login_name)
    with unchanged(bank):
        assert {log_in(bank, customer.login_name).code for _ in range(9)} == {"captcha_required"}
    assert log_in(bank, customer.login_name, PASSWORD, captcha_for(bank, customer.login_name)).status == 201
    assert "locked" not in kinds_of(bank, customer)


def test_the_picture_is_one(bank: Bank) -> None:
    given = bank.request("POST", "/v1/captchas", {"login_name": NOBODY}).body
    assert given["expires_in"] == 300
    image = Image.open(io.BytesIO(base64.b64decode(given["image_png"])))
    assert (image.format, image.size) == ("PNG", (240, 80))
    # two captchas show two texts, and neither is in any table
    other = bank.request("POST", "/v1/captchas", {"login_name": NOBODY}).body
    answers = {providers.answer_of(one["captcha_id"]) for one in (given, other)}
    assert len(answers) == 2
    assert all(len(answer) == 5 and set(answer) <= set(providers.ALPHABET) for answer in answers)
    held = repr(table_items(bank, "CaptchasTable"))
    assert not any(answer in held for answer in answers)
    assert NOBODY not in held


@pytest.mark.requirement("XJ-4.2-pw")
def test_the_work_of_a_device_does_instead_of_reading(bank: Bank, customer: Person) -> None:
    given = bank.request("POST", "/v1/captchas", {"login_name": customer.login_name}).body
    challenge = altcha.Challenge.from_dict(given["proof_of_work"])
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    proof = altcha.Payload(challenge, solution).to_base64()
    # for another captcha's id it is nothing
    other = captcha_for(bank, customer.login_name)["captcha_id"]
    moved = log_in(bank, customer.login_name, PASSWORD, {"captcha_id": other, "proof": proof})
    assert moved.code == "captcha_required"
    # for its own it is good, once
    answer = {"captcha_id": given["captcha_id"], "proof": proof}
    assert log_in(bank, customer.login_name, PASSWORD, answer).status == 201
    assert log_in(bank, customer.login_name, PASSWORD, answer).code == "captcha_required"


@pytest.mark.parametrize(
    "proof", ["", "x", "AAAA", base64.b64encode(b"[" * 3000).decode(), base64.b64encode(b'{"challenge":{}}').decode()]
)
def test_what_is_no_proof(bank: Bank, customer: Person, proof: str) -> None:
    answer = {"captcha_id": captcha_for(bank, customer.login_name)["captcha_id"], "proof": proof}
    assert log_in(bank, customer.login_name, PASSWORD, answer).code == "captcha_required"


def test_a_proof_without_the_work_is_nothing(bank: Bank, customer: Person) -> None:
    given = bank.request("POST", "/v1/captchas", {"login_name": customer.login_name}).body
    challenge = altcha.Challenge.from_dict(given["proof_of_work"])
    for forged in (challenge, altcha.Challenge(challenge.parameters, None)):
        proof = altcha.Payload(forged, altcha.Solution(0, "00" * 32)).to_base64()
        answer = {"captcha_id": given["captcha_id"], "proof": proof}
        assert log_in(bank, customer.login_name, PASSWORD, answer).code == "captcha_required"


def test_a_captcha_is_good_once_for_its_name_and_in_time(bank: Bank, customer: Person) -> None:
    name = customer.login_name
    # given one that was answered wrongly, one of another name, one that is too old, and one that never was
    wrong = captcha_for(bank, name)
    assert log_in(bank, name, PASSWORD, {**wrong, "text": "AAAAA"}).code == "captcha_required"
    other, late = captcha_for(bank, NOBODY), captcha_for(bank, name)
    forged = {"captcha_id": "a" * 20, "text": providers.answer_of("a" * 20)}
    bank.clock.advance(dt.timedelta(seconds=300))
    for answer in (wrong, other, late, forged):
        assert log_in(bank, name, PASSWORD, answer).code == "captcha_required"
    # and one in its last second, in small letters, for the name in any case
    good = captcha_for(bank, name.upper())
    bank.clock.advance(dt.timedelta(seconds=300) - SECOND)
    assert log_in(bank, name, PASSWORD, {**good, "text": f" {good['text'].lower()} "}).status == 201
    assert log_in(bank, name, PASSWORD, good).code == "captcha_required"


@pytest.mark.requirement("XJ-4.2-pw")
def test_the_fifth_wrong_try_locks_and_is_noted_once(bank: Bank, customer: Person) -> None:
    wrong_tries(bank, customer.login_name, 5)
    assert kinds_of(bank, customer) == ["locked"]
    # locked, a right password with a right captcha looks as a wrong one does for nobody
    wrong_tries(bank, NOBODY, 5)
    locked = log_in(bank, customer.login_name, PASSWORD, captcha_for(bank, customer.login_name))
    assert same_refusal(locked, log_in(bank, NOBODY, PASSWORD, captcha_for(bank, NOBODY)))
    assert locked.code == "login_refused"
    wrong_tries(bank, customer.login_name, 3)
    assert kinds_of(bank, customer) == ["locked"]
    # time ends it, which is noted too, and no captcha is asked for
    bank.clock.advance(dt.timedelta(minutes=30))
    assert log_in(bank, customer.login_name, PASSWORD).status == 201
    assert kinds_of(bank, customer) == ["locked", "unlocked"]


@pytest.mark.requirement("XJ-4.2-pw")
@pytest.mark.requirement("NB-5.1.5")
def test_two_members_of_staff_unlock_and_the_log_says_who(bank: Bank, customer: Person) -> None:
    wrong_tries(bank, customer.login_name, 5)
    bank.clock.advance(SECOND)
    enter_staff()
    wish = {"customer_id": customer_named(customer.account)}
    with pytest.raises(MakerIsChecker):
        approved(asked("login.unlock", wish), checker=MAKER)
    approved(asked("login.unlock", wish))
    assert kinds_of(bank, customer) == ["locked", "unlocked"]
    (row,) = [row for row in table_items(bank, "SecurityEventsTable") if row["kind"] == "unlocked"]
    assert row["facts"] == {"by": id_of("login.unlock", CHECKER)}
    assert log_in(bank, customer.login_name, PASSWORD).status == 201
    # what is not locked is left alone
    with unchanged(bank), pytest.raises(ApprovalChangesNothing):
        asked("login.unlock", wish)


def test_not_everybody_unlocks(bank: Bank, customer: Person) -> None:
    wrong_tries(bank, customer.login_name, 5)
    enter_staff()
    with unchanged(bank):
        with pytest.raises(NotFound):
            asked("login.unlock", {"customer_id": customer.customer_id}, maker=ELSEWHERE)
        with pytest.raises(NotFound):
            asked("login.unlock", {"customer_id": "a" * 20})
        with pytest.raises(NotFound):
            customer_named(NOBODY)


def test_a_lock_that_ended_by_itself_outdates_the_request(bank: Bank, customer: Person) -> None:
    wrong_tries(bank, customer.login_name, 5)
    enter_staff()
    approval = asked("login.unlock", {"customer_id": customer.customer_id})
    bank.clock.advance(dt.timedelta(hours=1))
    with pytest.raises(ApprovalOutdated):
        approved(approval)


def test_names_that_are_nobodys_are_kept_as_hashes_and_die(bank: Bank) -> None:
    wrong_tries(bank, NOBODY, 6)
    rows = table_items(bank, "LoginTriesTable")
    assert rows
    now_s = int(bank.clock.now().timestamp())
    assert all(now_s < row["expires_at"] <= now_s + 86_400 for row in rows)
    assert NOBODY not in repr(rows)


def test_a_captcha_can_be_asked_for_from_the_second_try_or_never(bank: Bank, customer: Person) -> None:
    parameters.set_value("login.captcha_after", 1)
    assert [log_in(bank, customer.login_name).code for _ in range(2)] == ["login_refused", "captcha_required"]
    parameters.set_value("login.captcha_after", 5)
    assert {log_in(bank, customer.login_name).code for _ in range(6)} == {"login_refused"}
    assert kinds_of(bank, customer) == ["locked"]
