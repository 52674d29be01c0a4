"""Policy changes by two people, at a stated moment, with a full history (NB-5.2.2)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.approvals.errors import ApprovalExpired, MakerIsChecker
from chalicelib.maintenance import service as maintenance
from chalicelib.parameters import service as parameters
from chalicelib.parameters.errors import ParameterEffectiveDateRefused, ParameterUnknown
from chalicelib.platform import clock, ids
from tests.chain.bank import START, Bank
from tests.chain.probe import table_items
from tests.chain.two_people import CHECKER, MAKER, approved, asked, change_of, enter_staff, id_of

KIND = "parameter.change"
FEE = parameters.TRANSFER_FEE_FEN
# Midnight of a Shanghai day, as a head office writes it.
MIDNIGHT = "2026-11-22T00:00:00+08:00"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    enter_staff()
    return shared_bank


def quoted(bank: Bank, token: str, body: dict[str, str]) -> str:
    """The fee that a new transfer is quoted."""
    key = {"idempotency-key": ids.random_id()}
    reply = bank.request("POST", "/v1/transfers", body, token=token, headers=key)
    assert reply.status == 201, reply
    return str(reply.body["fee"])


@pytest.mark.requirement("NB-5.2.2")
def test_a_fee_changes_at_midnight_in_shanghai_and_nobody_is_awake(bank: Bank) -> None:
    # given a change for midnight, approved during the day; functions have read the policy just before midnight
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    body = {"payer_account": payer.account, "payee_account": payee.account, "payee_name": "钱红", "amount": "1.00"}
    approved(asked(KIND, change_of(FEE.name, 2_00, effective_from=MIDNIGHT)))
    midnight = clock.from_text(MIDNIGHT)
    bank.clock.set(midnight - dt.timedelta(seconds=10))
    parameters.forget()
    token = bank.log_in(payer)
    assert quoted(bank, token, body) == "0.00"
    # when the last millisecond passes
    bank.clock.set(midnight - dt.timedelta(milliseconds=1))
    assert quoted(bank, token, body) == "0.00"
    bank.clock.set(midnight)
    # then the same instance quotes the new fee, though it has not read the table again
    assert quoted(bank, token, body) == "2.00"


@pytest.mark.requirement("NB-5.2.2")
def test_the_history_says_everything_about_each_change(bank: Bank) -> None:
    first = asked(KIND, change_of(FEE.name, 1_00), reason="按规定收费")
    bank.clock.advance(dt.timedelta(minutes=5))
    approved(first)
    later = "2026-12-01T00:00:00+08:00"
    second = asked(KIND, change_of(FEE.name, 0, effective_from=later, department="财务部", approver="行长 李强"))
    bank.clock.advance(dt.timedelta(minutes=5))
    approved(second)
    # then the newest is first, a page at a time
    page, cursor = parameters.history(FEE.name, 1, None)
    rest, end = parameters.history(FEE.name, 5, cursor)
    assert [*page, *rest][:2] == [
        parameters.Change(
            name=FEE.name,
            changed=f"{clock.to_text(START + dt.timedelta(minutes=10))}#{second.approval_id}",
            old=1_00,
            new=0,
            effective_from=clock.to_text(clock.from_text(later)),
            department="财务部",
            approver="行长 李强",
            maker=id_of(KIND, MAKER),
            checker=id_of(KIND, CHECKER),
            reason=second.reason,
            approval_id=second.approval_id,
        ),
        parameters.Change(
            name=FEE.name,
            changed=f"{clock.to_text(START + dt.timedelta(minutes=5))}#{first.approval_id}",
            old=0,
            new=1_00,
            effective_from=clock.to_text(START + dt.timedelta(minutes=5)),
            department="电子银行部",
            approver="行长 王芳",
            maker=id_of(KIND, MAKER),
            checker=id_of(KIND, CHECKER),
            reason="按规定收费",
            approval_id=first.approval_id,
        ),
    ]
    assert end is None
    standing = parameters.standing_of(FEE.name, bank.clock.now())
    assert (standing.value, standing.revision, [one.value for one in standing.scheduled]) == (1_00, 2, [0])
    assert standing in parameters.standing(bank.clock.now())
    for unknown in (lambda: parameters.history("no.such", 1, None), lambda: parameters.standing_of("no", START)):
        with pytest.raises(ParameterUnknown):
            unknown()


def test_nobody_changes_a_parameter_alone(bank: Bank) -> None:
    # given the same person at both ends
    approval = asked(KIND, change_of(FEE.name, 99_00))
    rows, history = table_items(bank, "ParametersTable"), table_items(bank, "ParameterHistoryTable")
    with pytest.raises(MakerIsChecker):
        approved(approval, checker=MAKER)
    # then neither the value nor the history has changed
    assert (table_items(bank, "ParametersTable"), table_items(bank, "ParameterHistoryTable")) == (rows, history)


def test_a_change_is_approved_before_its_moment_or_not_at_all(bank: Bank) -> None:
    # given two that are decided half a minute before it, when every instance can still learn of it, and later
    in_time, late = (asked(KIND, change_of(FEE.name, fen, effective_from=MIDNIGHT)) for fen in (3_00, 4_00))
    known_by = clock.from_text(MIDNIGHT) - parameters.MAX_STALENESS
    bank.clock.set(known_by)
    assert approved(in_time).state == "approved"
    bank.clock.set(known_by + dt.timedelta(milliseconds=1))
    with pytest.raises(ApprovalExpired):
        approved(late)


@pytest.mark.parametrize(
    "moment", ["2026-11-21T10:00:00+08:00", "2026-11-20T10:00:00+08:00", "2027-11-23T00:00:00+08:00"]
)
def test_a_moment_that_is_over_or_too_far_is_refused(bank: Bank, moment: str) -> None:
    with pytest.raises(ParameterEffectiveDateRefused):
        asked(KIND, change_of(FEE.name, 3_00, effective_from=moment))


def test_texts_hours_and_words_are_parameters_too(bank: Bank) -> None:
    text = {"zh": "请拨打客服热线。", "en": "Please call us."}
    contact = {"zh": "致电0990-0000000", "en": "call 0990-0000000"}
    values = {
        "text.way_out": text,
        "text.contact": contact,
        "bank.working_hours": "08:30-16:30",
        "factor.policy": "strict",
    }
    for name, value in values.items():
        approval = asked(KIND, change_of(name, value))
        approved(approval)
    parameters.forget()
    assert maintenance.way_out(bank.clock.now()) == maintenance.WayOut(
        text["zh"], text["en"], contact["zh"], contact["en"], "08:30-16:30"
    )
    assert parameters.value(parameters.FACTOR_POLICY, bank.clock.now()) == "strict"
    reply = bank.request("GET", "/v1/notices")
    assert reply.body["way_out"] == {
        "text_zh": text["zh"],
        "text_en": text["en"],
        "contact_zh": contact["zh"],
        "contact_en": contact["en"],
        "working_hours": "08:30-16:30",
    }
    (change, *_), _ = parameters.history("text.way_out", 1, None)
    assert (change.new, change.old) == (text, parameters.WAY_OUT.default)
