"""Vouchers: numbered without gaps, printed for 80 columns, each print counted."""

from __future__ import annotations

import boto3
import pytest

from chalicelib.counter import service as counter
from chalicelib.counter import store
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.print_voucher import print_voucher
from chalicelib.counter.commands.take_deposit import take_deposit
from chalicelib.counter.printing import COLUMNS, lines_of, width_of
from chalicelib.counter.vouchers import CASH_IN, VoucherDraft
from chalicelib.ledger.errors import IdempotencyKeyReused
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank
from tests.chain.counter import document
from tests.chain.test_tills import CHECKER, holder, large, supply

pytestmark = pytest.mark.requirement("NB-5.1.6-3")

PRINT = """\
                             示范村镇银行总行营业部
                                  现金取款凭证
凭证号：0001-20261121-000003                                          机构：0001
时间：2026-11-21 10:00:00                                     会计日期：20261121
--------------------------------------------------------------------------------
"""


@pytest.fixture(autouse=True)
def second_person(bank: Bank) -> None:
    staff.appoint_teller(CHECKER, "柜员乙", BRANCH, PASSWORD)


def test_a_print_and_its_reprints(bank: Bank) -> None:
    # given a large withdrawal with all that a voucher can say
    account_id = holder(bank)
    open_till(TELLER, 0)
    take_deposit(account_id, 107_000_53, reference="deposit-1", teller_id=TELLER)
    number = large(account_id, 107_000_53, CHECKER)
    # when it is printed
    first = print_voucher(number, by=TELLER)
    # then it looks like the bank's form
    assert first.place == 1
    assert first.text.startswith(PRINT)
    lines = first.text.splitlines()
    assert max(width_of(line) for line in lines) == COLUMNS
    assert f"账号            {account_id[:6]}*********{account_id[-4:]}" in lines
    assert "户名            *小明" in lines
    assert "金额（小写）    RMB 107,000.53" in lines
    assert "金额（大写）    人民币壹拾万柒仟元零伍角叁分" in lines
    assert f"分录编号        {counter.voucher_of(number).entry_id}" in lines
    assert lines[-2].startswith(f"经办：{TELLER}")
    assert lines[-2].endswith(f"复核：{CHECKER}")
    assert f"核对证件        居民身份证 *{document(1).number[-4:]}" in lines
    assert account_id not in first.text
    # and a second one says that it is one, and is counted
    again = [print_voucher(number, by=CHECKER) for _ in range(2)]
    assert [one.place for one in again] == [2, 3]
    assert "补打 第 3 次打印" in again[1].text
    assert "补打" not in first.text
    rows = boto3.client("dynamodb").query(
        TableName=bank.references["CounterVouchersTable"],
        KeyConditionExpression="book = :book",
        ExpressionAttributeValues={":book": {"S": f"print#{number}"}},
    )["Items"]
    assert [row["by"]["S"] for row in rows] == [TELLER, CHECKER, CHECKER]


def test_who_may_not_print(bank: Bank) -> None:
    staff.register_branch(staff.Branch("0002", "示范村镇银行城关支行", "示范县城关镇东街8号", "0990-0000002"))
    staff.appoint_teller("T0002", "柜员丁", "0002", PASSWORD)
    number = supply(1_00)
    for someone in ("T0002", "T9999"):
        with pytest.raises(StaffNotEntitled):
            print_voucher(number, by=someone)
    for nothing in ("", "0001-20261121-000009", "0001-20261121-1", "print#x", "0001-2026-11-21-000001", "0" * 3000):
        with pytest.raises(NotFound):
            print_voucher(nothing, by=TELLER)
    assert store.prints_of(number) == 0


def test_a_long_fact_is_wrapped_and_no_line_is_too_wide(bank: Bank) -> None:
    number = supply(1_00)
    voucher = counter.voucher_of(number)
    voucher.facts["reason"] = "备付现金、零钞、残币回笼" * 12 + "x" * 100
    lines = lines_of(voucher, bank="长" * 39, words="人民币" + "壹" * 60, place=999)
    assert max(width_of(line) for line in lines) <= COLUMNS
    assert "".join(line[8:].strip() for line in lines if "备付" in line or "x" in line)


def test_a_voucher_is_put_once_by_its_reference(bank: Bank) -> None:
    at = clock.to_text(clock.now())
    draft = VoucherDraft(CASH_IN, TELLER, at, {"holder": "*小明"}, request="one")
    number = counter.write_once(BRANCH, "request-1", draft)
    assert counter.write_once(BRANCH, "request-1", draft) == number
    with pytest.raises(IdempotencyKeyReused):
        counter.write_once(BRANCH, "request-1", VoucherDraft(CASH_IN, TELLER, at, {}, request="two"))
    assert counter.write_once("0002", "request-1", draft) == "0002-20261121-000001"
    assert counter.write_once(BRANCH, "request-2", draft) == "0001-20261121-000002"
