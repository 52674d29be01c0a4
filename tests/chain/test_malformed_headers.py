"""Headers that the contract says are never refused: malformed ones are replaced, or count as none."""

from __future__ import annotations

import re

import pytest

from chalicelib.platform.headers import CORRELATION_ID
from tests.chain.bank import Bank
from tests.chain.probe import unchanged

SWITCH = "/v1/settings/transfers"
# Too short, too long, of other characters, nothing at all.
MALFORMED = ("", "1234567", "a" * 37, "under_score_1", "with space 1", "编号编号编号编号", "٣" * 8)


@pytest.mark.parametrize("given", MALFORMED)
def test_a_malformed_correlation_id_is_replaced_by_one_of_the_banks_own(shared_bank: Bank, given: str) -> None:
    token = shared_bank.log_in(shared_bank.sign_up("赵小明"))
    replies = [
        shared_bank.request("GET", path, token=token, headers={"x-correlation-id": given})
        for path in ("/v1/accounts", "/v1/accounts", "/v1/accounts/9000010000000000017")
    ]
    assert [reply.status for reply in replies] == [200, 200, 404]
    made = [reply.headers["X-Correlation-Id"] for reply in replies]
    assert all(re.fullmatch(CORRELATION_ID, one) for one in made)
    assert len({given, *made}) == 4
    assert replies[-1].body["correlation_id"] == made[-1]


@pytest.mark.parametrize("given", [*MALFORMED, "a" * 20, "../" + "a" * 17, "#.", "\x00", "x" * 5000])
def test_a_malformed_step_up_is_ignored_where_none_is_asked_for(shared_bank: Bank, given: str) -> None:
    token = shared_bank.log_in(shared_bank.sign_up("赵小明"))
    headers = {"step-up": given}
    # what is read takes none, nor does what changes nothing or makes things safer
    assert shared_bank.request("GET", SWITCH, token=token, headers=headers).status == 200
    with unchanged(shared_bank):
        assert shared_bank.request("PUT", SWITCH, {"on": True}, token=token, headers=headers).status == 200
    switched = shared_bank.request("PUT", SWITCH, {"on": False}, token=token, headers=headers)
    assert (switched.status, switched.body["on"]) == (200, False)
    # but where one is asked for, it is as if there were none
    refused = shared_bank.request("PUT", SWITCH, {"on": True}, token=token, headers=headers)
    assert (refused.status, refused.code) == (403, "step_up_required")
