"""The simulation holds for many seeds, replays exactly, and finds every bug that is planted."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from simulation.bugs import BUGS, Bug, planted
from simulation.engine import Transport
from simulation.mixes import EVERYDAY, OWN, mix_of, seeds_of
from simulation.runs import STEPS, Totals, findings, totals_of
from simulation.world import TOLD, World

ROOT = Path(__file__).parents[2]
SEEDS = 200
PROCESSES = 2
LAST_LINE = re.compile(r"seeds=\d+ steps=\d+ transfers=\d+ faults=\d+ violations=\d+")
# Every accident of simulation/faults.py, and those that the world itself causes.
ACCIDENTS = {
    "crash",
    "conflict",
    "throttle",
    "silence_after",
    "silence_after_transaction",
    "silence_before",
    "queue_refuses",
    "message_twice",
    "message_late",
    "delivered_again",
    "batch_again",
    "stall",
    "poison",
    "clock",
    "outage",
}
# What the counter does while others pay, and the worst that can be met by it.
CHANGES = {"lowered", "raised", "parameter", "signed_up", "half_done"}
# How transfers of each kind end.
ENDS = {
    "later_posted",
    "later_cancelled",
    "later_returned",
    "clearing_settled",
    "clearing_returned",
    "clearing_sent",
    "clearing_contradicted",
    "order_executed",
    "order_retrying",
    "order_failed",
    "order_missed",
    "code_single",
    "code_static",
    "recall_returned",
    "recall_refused",
    "recall_withdrawn",
    "batch_paid",
    "batch_refused",
}
# What becomes of suspensions, what they do to others, and what customers hear of them.
SUSPENSIONS = {
    f"suspension_{what}"
    for what in (
        *("notice_planned", "notice_urgent", "notice_changed", "notice_withdrawn", "notice_ended_early"),
        *("refused", "waited", "went_on"),
        *("told_published", "told_day_before", "told_started", "told_ended", "told_withdrawn"),
    )
}


@cache
def two_hundred_seeds() -> list[Totals]:
    """Seeds 1 to 200 on two cores."""
    share = SEEDS // PROCESSES
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context, max_tasks_per_child=1) as pool:
        running = [pool.submit(totals_of, 1 + share * i, share, STEPS) for i in range(PROCESSES)]
        return [one.result() for one in running]


def simulate(*arguments: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulation", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=False,
    )


def without_progress(text: str) -> list[str]:
    return [line for line in text.splitlines() if not re.match(r"\d+ of \d+ seeds", line)]


def first_to_notice(bug: Bug) -> int | None:
    for seed in seeds_of(bug.mix, 1, bug.within):
        with planted(bug):
            if World(seed, STEPS).run().violations:
                return seed
    return None


@pytest.mark.requirement("NB-5.1.6")
@pytest.mark.requirement("NB-5.1.1")
def test_two_hundred_seeds_break_no_rule() -> None:
    parts = two_hundred_seeds()

    assert [story for part in parts for story in part.stories] == []
    assert sum(part.seeds for part in parts) == SEEDS


def test_the_seeds_meet_every_fault_and_move_money() -> None:
    parts = two_hundred_seeds()

    assert {kind for part in parts for kind, count in part.kinds.items() if count} >= ACCIDENTS
    assert sum(part.transfers for part in parts) >= 3 * SEEDS
    # and what changes beside them: limits, parameters, customers
    assert {what for part in parts for what, count in part.changes.items() if count >= SEEDS // 20} >= CHANGES
    assert {what for part in parts for what, count in part.changes.items() if count} >= ENDS | SUSPENSIONS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    assert first_to_notice(bug) is not None, unnoticed(bug)


def unnoticed(bug: Bug) -> str:
    """Whether the situation has grown rare, or nothing sees the bug any more."""
    *_, last = seeds_of(bug.mix, 1, bug.within)
    more = next(findings([bug.name], last + 1, bug.within, STEPS))
    return f"none of {bug.within} seeds notices it; of those after them: {more.line()}"


def test_there_are_planted_bugs_enough_of_every_mix() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert all(sum(bug.mix == mix for bug in BUGS) >= 4 for mix in (EVERYDAY, *OWN))


def test_every_other_seed_is_everyday_and_the_others_have_each_mix_in_turn() -> None:
    mixes = [mix_of(seed) for seed in range(1, 1 + 4 * len(OWN))]

    assert mixes[::2] == [EVERYDAY] * 2 * len(OWN)
    assert [mixes[1::2].count(mix) for mix in OWN] == [2] * len(OWN)
    assert list(seeds_of(OWN[1], 1, 2)) == [2, 2 + 2 * len(OWN)]


def test_a_seed_gives_the_same_events_every_time() -> None:
    assert World(7, STEPS).run().log_hash == World(7, STEPS).run().log_hash
    assert World(7, STEPS).run().log_hash != World(8, STEPS).run().log_hash


@pytest.mark.parametrize("seed", [3, 4, 10])
def test_both_transports_give_the_same_events(seed: int) -> None:
    # so the quick way past botocore hides nothing that its serialiser, hook or parser would do
    transports: tuple[Transport, ...] = ("direct", "wire")
    direct, wire = (World(seed, STEPS // 2, transport=transport).run() for transport in transports)

    assert direct.log_hash == wire.log_hash
    assert wire.violations == []


def test_a_failure_tells_seed_step_rule_and_events_and_replays() -> None:
    bug = next(bug for bug in BUGS if bug.name == "credit_twice")
    with planted(bug):
        first, again = World(5, STEPS).run(), World(5, STEPS).run()

    assert first.violations
    assert first == again
    assert f"seed=5 step={first.steps}" in first.story()
    assert first.violations[0] in first.story()
    assert 1 < len(first.tail) <= TOLD


def test_the_command_ends_with_its_figures() -> None:
    done = simulate("--seeds", "2", "--steps", "60")

    assert done.returncode == 0, done.stdout + done.stderr
    assert LAST_LINE.fullmatch(done.stdout.splitlines()[-1])


def test_the_command_fails_on_a_violation_and_a_new_process_replays_it() -> None:
    # another order of hashes must not matter: what a seed does is the same in every process
    bug = next(bug for bug in BUGS if bug.name == "chain_starts_anew")
    one_seed = ("--first-seed", str(first_to_notice(bug)), "--seeds", "1", "--steps", str(STEPS))
    runs = [simulate(*one_seed, "--bug", bug.name, hash_seed=hash_seed) for hash_seed in ("1", "2")]

    assert [run.returncode for run in runs] == [1, 1]
    assert f"VIOLATION seed={one_seed[1]} step=" in runs[0].stdout
    assert LAST_LINE.fullmatch(runs[0].stdout.splitlines()[-1])
    assert without_progress(runs[0].stdout) == without_progress(runs[1].stdout)


def test_the_command_counts_the_seeds_that_find_a_bug() -> None:
    bugs = ("credit_twice", "names_written_one_by_one")
    done = simulate("--seeds", "3", "--bugs", *bugs)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        [bug, "3", "of", "3", "100", "%", "first", "1"] for bug in bugs
    ]


def test_the_command_tells_of_a_bug_that_no_seed_finds_and_of_a_name_that_is_none() -> None:
    # in two steps nobody has done anything yet
    unnoticed = simulate("--seeds", "2", "--steps", "2", "--bugs", "no_tries_condition")

    assert unnoticed.returncode == 1
    assert unnoticed.stdout.split() == ["no_tries_condition", "0", "of", "2", "0", "%", "-"]
    assert simulate("--bugs", "no_such_bug").returncode == 2
