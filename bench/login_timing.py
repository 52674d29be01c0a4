"""How long a refused log-in takes, by the reason it is refused for: `python -m bench.login_timing`.

An outsider who times answers must not learn who is a customer (NB-5.3.2). Whole requests go through the API's own
handler to a local engine; the reasons take turns, so that whatever else the machine does strikes them alike. What is
compared is the median of each reason with that of a wrong password; the bounds come from the bootstrap: if the medians
are the same, 99 of 100 resamplings of the pooled times show a difference within them.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app import app
from bench.bank import bank_on_engine, new_customer
from bench.cpu import logs_dropped
from bench.rows import Row
from chalicelib.identity import store
from chalicelib.parameters import service as parameters
from chalicelib.platform import log, passwords, transactions

ROUNDS = 150
# In `make bench`, whose budget is wider than the bounds of a whole run.
BENCH_ROUNDS, BUDGET = 60, 1.1
RESAMPLINGS = 2000
LEVEL = 0.99
SEED = 20261121
PASSWORD, WRONG = "Correct-Horse-7", "Wrong-Horse-7"  # of customers that exist for a minute
REPORT = Path(__file__).resolve().parents[1] / "build" / "login_timing.json"


def _request(name: str, password: str) -> float:
    """Milliseconds of one refused log-in."""
    event = {
        "resource": "/v1/sessions",
        "path": "/v1/sessions",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {"content-type": ["application/json"]},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": json.dumps({"login_name": name, "password": password}),
        "requestContext": {"resourcePath": "/v1/sessions", "httpMethod": "POST", "path": "/v1/sessions"},
    }
    began = time.perf_counter()
    answer = app(event, SimpleNamespace(aws_request_id="bench"))
    spent = time.perf_counter() - began
    assert answer["statusCode"] == 401, answer
    return spent * 1000


def give_names(customer_id: str, names: list[str]) -> None:
    """Let a customer log in by each of the names."""
    credential = store.CredentialItem(customer_id, password_hash=passwords.hash_password(PASSWORD))
    assert transactions.commit(store.log_in_writes(credential, None, names, ()))


def measure(rounds: int) -> dict[str, list[float]]:
    """Times by reason; each try of a known or unknown name goes to a new one, as an outsider's first try does."""
    parameters.set_value("login.captcha_after", 10)
    locked = new_customer("锁定")
    give_names(locked.caller.customer_id, ["bench-locked"])
    for _ in range(6):
        _request("bench-locked", WRONG)
    found: dict[str, list[float]] = {"wrong": [], "unknown": [], "locked": [], "locked_right_password": []}
    known = new_customer("已知")
    hashed = [f"bench-known-{i}" for i in range(rounds)]
    give_names(known.caller.customer_id, hashed)
    dice = random.Random(SEED)  # noqa: S311  # which reason has its turn
    for i in range(rounds):
        turns = [
            ("wrong", hashed[i], WRONG),
            ("unknown", f"bench-unknown-{i}", WRONG),
            ("locked", "bench-locked", WRONG),
            ("locked_right_password", "bench-locked", PASSWORD),
        ]
        dice.shuffle(turns)
        for reason, name, password in turns:
            found[reason].append(_request(name, password))
    return found


def bound_ms(one: list[float], other: list[float]) -> float:
    """How far the medians of two samples of one and the same distribution lie apart at most, at LEVEL."""
    pooled, dice = one + other, random.Random(SEED)  # noqa: S311  # resampling
    apart = sorted(
        abs(statistics.median(dice.choices(pooled, k=len(one))) - statistics.median(dice.choices(pooled, k=len(other))))
        for _ in range(RESAMPLINGS)
    )
    return apart[int(LEVEL * RESAMPLINGS)]


def ratio_rows() -> list[Row]:
    """How far apart each refusal's median time and a wrong password's are, as a ratio of at least 1."""
    with logs_dropped():
        found = measure(BENCH_ROUNDS)
    medians = {reason: statistics.median(times) for reason, times in found.items()}
    wrong = medians.pop("wrong")
    return [
        Row(f"log_in.refused.{reason}.time_ratio", round(max(median / wrong, wrong / median), 3), "ratio", BUDGET)
        for reason, median in medians.items()
    ]


def main() -> int:
    """Print the table, write build/login_timing.json; 1 when a reason can be told from a wrong password."""
    with tempfile.TemporaryDirectory(prefix="rural-bank-bench-") as home, bank_on_engine(Path(home)):
        log.logger.setLevel("ERROR")  # a thousand lines say nothing here
        found = measure(ROUNDS)
    rows: dict[str, dict[str, Any]] = {}
    for reason, times in found.items():
        rows[reason] = {
            "n": len(times),
            "median_ms": round(statistics.median(times), 2),
            "p95_ms": round(statistics.quantiles(times, n=20)[18], 2),
            "apart_ms": round(abs(statistics.median(times) - statistics.median(found["wrong"])), 2),
            "bound_ms": round(bound_ms(times, found["wrong"]), 2),
        }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    told = [reason for reason, row in rows.items() if row["apart_ms"] > row["bound_ms"]]
    for reason, row in rows.items():
        print(f"{reason:24}", "  ".join(f"{name}={value}" for name, value in row.items()))
    print(f"login_timing: reasons={len(rows)} told_apart={len(told)} {REPORT.name}")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
