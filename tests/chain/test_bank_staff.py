"""The first administrators of a new bank, and the demo bank's staff, as their commands make them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from chalicelib.platform import totp
from infra.cli import staff as staff_commands
from infra.cli.app import main as bank_command
from infra.local import seed
from tests.chain.bank import Bank
from tests.chain.clerks import Clerk, ask, try_log_in
from tests.unit.samples import resident_number


def answers(*people: tuple[str, int]) -> dict[str, str]:
    """What is typed at each question, by the question."""
    typed = {}
    for number, serial in people:
        typed[f"{number} 姓名 / name: "] = "王强"
        typed[f"{number} 居民身份证号 / resident identity number: "] = resident_number(serial, "19680102")
    return typed


def test_two_people_found_a_bank_and_log_in_with_what_they_were_shown(
    bank: Bank, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = answers(("S8101", 1), ("S8102", 2))
    staff_commands.found_bank("S8101", "S8102", lambda question: typed.get(question, ""))
    shown = capsys.readouterr().out
    for number in ("S8101", "S8102"):
        password = shown.partition(f"{number} 首次密码 / first password: ")[2].partition("\n")[0]
        secret = shown.partition(f"Rural%20Bank%3A{number}?secret=")[2].partition("&")[0]
        clerk = Clerk(number, "0001", base64.b32decode(secret + "=" * (-len(secret) % 8)), password)
        reply = try_log_in(bank, clerk)
        assert (reply.status, reply.body["must_change_password"]) == (201, True)
        assert reply.body["staff"]["role"] == "system_administrator"
    # once in a bank's life, also by the command itself
    monkeypatch.setattr("builtins.input", lambda question: answers(("S8103", 3), ("S8104", 4)).get(question, ""))
    assert bank_command(["found", "S8103", "S8104"]) == 2
    assert "staff_founded" in capsys.readouterr().err


@pytest.mark.requirement("NB-5.2.3")
def test_the_demo_bank_has_staff_of_every_role_who_log_in_by_the_code_that_the_command_shows(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staff_commands, "LOCAL_DIR", tmp_path)
    # a demo member has the number that the test bank's own teller has
    members = [member for member in seed.STAFF if member.staff_id != seed.TELLER_ID]
    described = [seed._described_member(member) for member in seed.STAFF]
    (tmp_path / "demo.json").write_text(json.dumps({"staff": described}), encoding="utf-8")
    for member in members:
        seed._appoint(member, bank.clock.now())
        assert bank_command(["staff", "code", member.staff_id]) == 0
        code = capsys.readouterr().out.partition(" ")[0]
        clerk = Clerk(member.staff_id, member.branch_id, member.seed, seed.PASSWORD)
        reply = try_log_in(bank, clerk, code=code)
        assert (reply.status, reply.body["must_change_password"]) == (201, False)
        clerk.token = reply.body["access_token"]
        assert ask(bank, clerk).body["posts"] == [member.post]
    assert {member.role for member in seed.STAFF} == {one["role"] for one in described}
    assert len({member.role for member in seed.STAFF}) == 5
    assert totp.CODE_DIGITS == 6
    # a number that is none
    assert bank_command(["staff", "code", "X0001"]) == 2
