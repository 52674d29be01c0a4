"""Monthly bills as files: what one takes beside merely reading its lines, and how much memory they hold.

As in bench/lines.py, pages come from a hook: what is measured is our process. All customers have the same month.
"""

from __future__ import annotations

import gc
import io
import json
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from unittest.mock import patch

from botocore.awsrequest import AWSResponse

from bench.bank import BRANCH
from bench.lines import as_json, raw_line
from bench.meter import answered, hooked
from bench.rows import Row
from chalicelib.accounts import service as accounts
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, settings
from chalicelib.platform.dynamo import Image, n, s
from chalicelib.platform.pdf import certificates
from chalicelib.staff import service as staff
from chalicelib.statements import store
from chalicelib.statements.commands import write_statement as command
from chalicelib.statements.commands.write_statement import CAMT053, CSV, OFX, PDF, XLSX, write_bill
from chalicelib.statements.domain import add_up

CUSTOMERS, LINES, PDFS = 1_000, 1_000, 20
# What many lines take of memory over few is what lines take. Tracing makes it slow.
FEW_LINES, MORE_LINES = 300, 3_000
# Of a PDF, where a page has 17 lines.
FEW_PDF_LINES, MORE_PDF_LINES, LINES_A_PAGE = 170, 850, 17
# Room for two pages of lines and the allocator's habits; all lines would be some 6 MB.
BOUND_BYTES = 1024 * 1024
# A page as it is held until the document is written, compressed, and what its font notes of it.
BOUND_PAGE_BYTES = 32 * 1024
# What Python's allocator and libxml2 keep of what they were given, for all of them together.
BOUND_RESIDENT_BYTES = 32 * 1024 * 1024
_ACCOUNT, _MONTH = "9000010000000000017", "2026-01"
_FIRST, _LAST = "20260101", "20260131"
_PAGE = 100
_PURPOSES = ("货款", "房租", "电费", "给妈妈", "学费")


def _line(seq: int) -> Image:
    """Line number `seq`: one in five brings 10 yuan, the others cost 1 yuan each."""
    amount_fen = 1_000 if seq % 5 == 1 else -100
    full, rest = divmod(seq, 5)
    balance_fen = full * 600 + (1_000 - (rest - 1) * 100 if rest else 0)
    return {
        **raw_line(_ACCOUNT, seq),
        "amount_fen": n(amount_fen),
        "balance_fen": n(balance_fen),
        "counterparty_account": s("9000010000000000025"),
        "counterparty_name": s("钱红"),
        "purpose": s(_PURPOSES[seq % 5]),
    }


@lru_cache(maxsize=256)
def _page(after: int, limit: int, lines: int) -> bytes:
    """The page of lines after number `after`, as the engine answers."""
    last = min(after + limit, lines)
    items = [as_json(_line(seq)) for seq in range(after + 1, last + 1)]
    page: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
    if last < lines:
        page["LastEvaluatedKey"] = {name: items[-1][name] for name in ("account_id", "line")}
    return json.dumps(page).encode()


def _lines_of(lines: int) -> Callable[..., AWSResponse]:
    """A hook that answers queries of an account of that many lines, all in January."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        asked = json.loads(request.body)
        if asked["Limit"] > 1:
            start = asked.get("ExclusiveStartKey")
            after = int(start["line"]["S"].partition("#")[2]) if start else 0
            return answered(request, _page(after, asked["Limit"], lines))
        # The newest line, the one before the month (there is none), or the one after it (nor that).
        values = {value["S"] for value in asked["ExpressionAttributeValues"].values()}
        is_newest = not asked.get("ScanIndexForward", True) and _FIRST not in values
        return answered(request, _page(lines - 1, 1, lines) if is_newest else _page(lines, 1, lines))

    return answer


def _receipts(request: Any, **_: Any) -> AWSResponse:
    """A hook that answers a read of receipts: every entry has one."""
    table = settings.table("receipts")
    keys = json.loads(request.body)["RequestItems"][table]["Keys"]
    rows = [{"entry_id": key["entry_id"], "number": s(f"20260105{key['entry_id']['S'][-18:]}")} for key in keys]
    return answered(request, json.dumps({"Responses": {table: rows}, "UnprocessedKeys": {}}).encode())


@contextmanager
def _account_of(lines: int) -> Iterator[None]:
    """An account whose month has that many lines, and its bill; neither is in the engine."""
    account = ledger.Account.from_image(
        {
            "account_id": _ACCOUNT,
            "customer_id": "c" * 20,
            "branch_id": BRANCH,
            "holder": "赵小明",
            "kind": "savings",
            "currency": "CNY",
            "state": "open",
            "right": "full",
            "opened_on": _FIRST,
            "available_fen": 0,
            "held_fen": 0,
            "seq": lines,
            "business_date": _LAST,
        }
    )
    branch = staff.Branch(BRANCH, "乡村银行营业部", "", "", None)
    hooks = [("before-send.dynamodb.Query", _lines_of(lines)), ("before-send.dynamodb.BatchGetItem", _receipts)]
    with ExitStack() as stack:
        stack.enter_context(hooked(hooks))
        figures = add_up(None, accounts.worded_lines_between(_ACCOUNT, _FIRST, _LAST), None, account.holder)
        bill = store.BillItem(_ACCOUNT, _MONTH, issued_at="", **{name: getattr(figures, name) for name in _FIGURES})
        stack.enter_context(patch.object(command, "_account", return_value=account))
        stack.enter_context(patch.object(staff, "branch_of", return_value=branch))
        stack.enter_context(patch.object(store, "get", return_value=bill))
        yield


_FIGURES = (
    "opening_fen",
    "closing_fen",
    "in_fen",
    "out_fen",
    "in_count",
    "out_count",
    "first_seq",
    "last_seq",
    "by_kind",
    "by_category",
)


def _write(form: str) -> int:
    """Write the bill to a file on disk, as a function does; its size in bytes."""
    with tempfile.TemporaryFile() as file:
        write_bill(_ACCOUNT, _FIRST, _LAST, form, cast(BinaryIO, file), "zh")
        return file.seek(0, io.SEEK_END)


def _peak_bytes(form: str, lines: int) -> int:
    """The most memory that writing holds at once, beyond what was held before."""
    with _account_of(lines):
        gc.collect()
        tracemalloc.start()
        try:
            _write(form)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def _resident() -> dict[str, int]:
    """What of this process is in memory, now and at most, in bytes."""
    rows = (line.split() for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    return {row[0]: int(row[1]) * 1024 for row in rows if row[0] in ("VmRSS:", "VmHWM:")}


def _timed(action: Callable[[], object], times: int) -> float:
    """CPU seconds of one of so many."""
    began = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - began) / times


def _time_rows() -> list[Row]:
    def read() -> None:
        deque(accounts.worded_lines_between(_ACCOUNT, _FIRST, _LAST), maxlen=0)

    with _account_of(LINES):
        for form in (CSV, PDF):
            _write(form)
        reading_s = _timed(read, PDFS)
        # Written there, the mark of the most memory begins anew.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = _resident()["VmRSS:"]
        csv_s = _timed(lambda: _write(CSV), CUSTOMERS)
        held = max(0, _resident()["VmHWM:"] - before)
        pdf_s = _timed(lambda: _write(PDF), PDFS)
    name = f"of_{LINES}_lines"
    return [
        Row(f"bills.csv.cpu_ratio_{name}_to_reading_them", round(csv_s / reading_s, 2), "ratio", 2.5),
        Row(f"bills.pdf.cpu_ratio_{name}_to_csv", round(pdf_s / csv_s, 1), "ratio", 25),
        Row(f"bills.csv.resident_bytes_of_{CUSTOMERS}", held, "bytes", BOUND_RESIDENT_BYTES),
    ]


def bill_rows() -> list[Row]:
    """What bills take of time and memory."""
    now = clock.now()
    certificates.install(certificates.trial_certificates(now), now)
    found = _time_rows()
    for form in (CSV, XLSX, OFX, CAMT053):
        _peak_bytes(form, _PAGE)  # what is built once (models, fonts, caches) is no cost of the lines
        more = _peak_bytes(form, MORE_LINES) - _peak_bytes(form, FEW_LINES)
        found.append(Row(f"bills.{form}.bytes_of_{MORE_LINES}_over_{FEW_LINES}_lines", more, "bytes", BOUND_BYTES))
    more = _peak_bytes(PDF, MORE_PDF_LINES) - _peak_bytes(PDF, FEW_PDF_LINES)
    a_page = more * LINES_A_PAGE // (MORE_PDF_LINES - FEW_PDF_LINES)
    return [*found, Row("bills.pdf.bytes_of_a_page_more", a_page, "bytes", BOUND_PAGE_BYTES)]
