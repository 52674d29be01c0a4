"""The operators' command for what needs two people: each logs in with password and token code."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.staff import domain
from infra.cli.app import main as bank_command
from infra.cli.shell import NOT_DONE, WHOLE
from tests.chain import clerks
from tests.chain.bank import Bank
from tests.chain.clerks import Clerk
from tests.chain.probe import table_items

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(bank: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(who: Clerk | None, *arguments: str, password: str = "") -> tuple[int, str, str]:
        typed = iter([] if who is None else [password or who.password, who.code(bank)])
        monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
        code = bank_command(["approval", *arguments, *(["--staff", who.staff_id] if who else [])])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


CHANGE = ("--reason", "按规定", "--department", "电子银行部", "--approver", "王芳")


@pytest.mark.requirement("NB-5.2.2")
def test_a_parameter_takes_two_numbers_two_passwords_and_two_tokens(bank: Bank, run: Run) -> None:
    both = [clerks.appoint(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER, domain.CHECKER) for _ in range(2)]
    code, out, _ = run(both[0], "parameter", "notice.lead_h", "96", *CHANGE)
    assert code == WHOLE
    approval_id, digest = out.split()[0], re.findall("[0-9a-f]{64}", out)[0]
    # the same person is refused, and so is who does not know their password
    code, _, err = run(both[0], "approve", approval_id, digest)
    assert (code, "maker_is_checker" in err) == (NOT_DONE, True)
    code, _, err = run(both[1], "approve", approval_id, digest, password="wrong")
    assert (code, "staff_login_refused" in err) == (NOT_DONE, True)
    # another one looks and approves
    assert approval_id in run(both[1], "list")[1]
    assert "72 -> 96" in run(both[1], "show", approval_id)[1]
    assert run(both[1], "approve", approval_id, digest)[0] == WHOLE
    assert run(both[1], "list") == (WHOLE, "没有 / none: requested\n", "")
    parameters.forget()
    assert parameters.value(parameters.NOTICE_LEAD_H, bank.clock.now()) == 96
    assert "notice.lead_h = 96" in run(None, "parameters")[1]
    assert "72 -> 96" in run(None, "history", "notice.lead_h")[1]


def test_other_kinds_and_ends(bank: Bank, run: Run) -> None:
    teller = clerks.appoint(bank, domain.TELLER, domain.MAKER, domain.CHECKER)
    other = clerks.appoint(bank, domain.TELLER, domain.CHECKER)
    owner = bank.sign_up("赵小明")
    for _ in range(5):
        bank.request("POST", "/v1/sessions", {"login_name": owner.login_name, "password": "wrong"})
    payload = f'{{"customer_id": "{owner.customer_id}", "day_outward": "1.00"}}'
    out = [run(teller, "request", "limits.customer", payload, "--reason", "x")[1] for _ in range(2)]
    ids = [text.split()[0] for text in out]
    assert run(other, "reject", ids[0], "--reason", "材料不全")[0] == WHOLE
    assert run(teller, "withdraw", ids[1])[0] == WHOLE
    assert ids[0] in run(other, "list", "--state", "rejected")[1]
    code, _, err = run(teller, "unlock", owner.login_name, "--reason", "x")
    assert (code, "approval_changes_nothing" in err) == (NOT_DONE, True)
    code, _, err = run(teller, "request", "limits.customer", "{", "--reason", "x")
    assert (code, "JSON" in err) == (NOT_DONE, True)
    code, _, err = run(teller, "request", "limits.customer", '{"customer_id": 1}', "--reason", "x")
    assert (code, "malformed_request" in err) == (NOT_DONE, True)
    # each command's session has ended with it
    assert "logged_out" in {row["action"] for row in table_items(bank, "StaffActionsTable")}
