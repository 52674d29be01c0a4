"""Run every benchmark, print progress and the table, write build/bench.json; 1 when a budget does not hold."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from bench import bills, books, cpu, items, lines, login_timing, orders, package, rows, seeds, throughput, units
from bench.bank import bank_on_engine
from chalicelib.platform import aws

REPORT = Path(__file__).resolve().parents[1] / "build" / "bench.json"
YOUNG_LINES, OLD_LINES = 10, 100_000
# The local engine sorts the whole partition for one page; a repeat after a time-out would count as a round trip.
PATIENT_S = 120

Part = Callable[[], list[rows.Row]]
PARTS: tuple[tuple[str, Part], ...] = (
    ("round trips and units of a transfer", units.transfer_rows),
    ("the same by certificate and token", units.factor_rows),
    (f"an account of {YOUNG_LINES} lines", lambda: units.old_account_rows(YOUNG_LINES)),
    ("item sizes", items.size_rows),
    ("our CPU time against bare boto3", cpu.cpu_rows),
    ("the package: sizes, and a start of each function", package.package_rows),
    ("refused log-ins against each other", login_timing.ratio_rows),
    ("throughput against bare boto3", throughput.throughput_rows),
    (f"{throughput.CONTENDING_PAYERS} payers to one payee", throughput.contention_rows),
    (f"{orders.MANY} standing orders due at once", orders.order_rows),
    ("memory of a long stream", lines.memory_rows),
    (f"{seeds.SEEDS} seeds of the simulation", seeds.seed_rows),
    (f"a trial balance of up to {books.MANY} accounts", books.trial_balance_rows),
    (f"{bills.CUSTOMERS} monthly bills of {bills.LINES} lines (minutes)", bills.bill_rows),
    (f"an account of {OLD_LINES} lines (the engine takes its time)", lambda: units.old_account_rows(OLD_LINES)),
)


def main() -> int:
    """See the module."""
    found: list[rows.Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="rural-bank-bench-") as home,
        patch.object(aws, "READ_TIMEOUT_S", PATIENT_S),
        bank_on_engine(Path(home)),
    ):
        began = time.monotonic()
        for number, (name, part) in enumerate(PARTS, start=1):
            print(f"[{number}/{len(PARTS)}] {time.monotonic() - began:4.0f} s  {name}", flush=True)
            found += part()
            rows.write(found, REPORT)
    over = [row.metric for row in found if not row.holds]
    print(f"\n{rows.table(found)}\n\nbench: rows={len(found)} over_budget={len(over)} {REPORT.relative_to(Path.cwd())}")
    for metric in over:
        print(f"over budget: {metric}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
