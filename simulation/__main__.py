"""Simulate the whole bank: `python -m simulation --first-seed 1 --seeds 20`; how many seeds find each bug: `--bugs`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulation.runs import STEPS, bug_names, findings, isolate, totals_after_each

PROGRESS_EVERY_S = 1.0


@dataclass(slots=True)
class Progress:
    """A line a second, however long one seed takes. Wall time is told, never used."""

    seeds: int
    seeds_done: int = 0
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def step(self, number: int) -> None:
        """Called at each step."""
        now = time.monotonic()
        if now - self.told >= PROGRESS_EVERY_S:
            self.told = now
            print(f"{self.seeds_done} of {self.seeds} seeds, step {number}, {now - self.began:.0f} s", flush=True)


def main() -> int:
    """Run seeds one after another, tell how far it is, and what was broken; 1 when a rule was."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=STEPS, help="how long people act in each; then the bank rests")
    parser.add_argument("--bug", default=None, help="plant a bug of simulation/bugs.py, to see it found")
    parser.add_argument("--bugs", nargs="*", metavar="NAME", help="how many of its seeds find each bug, all or these")
    options = parser.parse_args()
    if options.seeds < 1 or options.steps < 1:
        parser.error("at least one seed and one step")
    isolate()
    unknown = {options.bug, *(options.bugs or ())} - {None, *bug_names()}
    if unknown:
        parser.error(f"no such bug: {', '.join(sorted(unknown))}")
    if options.bugs is not None:
        return _table(options.bugs, options.first_seed, options.seeds, options.steps)
    print(f"simulating {options.seeds} seeds from {options.first_seed} on, {options.steps} steps each", flush=True)
    progress = Progress(options.seeds)
    stories = 0
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for totals in totals_after_each(seeds, options.steps, bug_name=options.bug, on_step=progress.step):
        progress.seeds_done = totals.seeds
        if len(totals.stories) > stories:
            stories = len(totals.stories)
            print(totals.stories[-1])
            print(f"replay: make simulate FIRST_SEED={totals.last_seed} SEEDS=1 STEPS={options.steps}", flush=True)
    print(totals.last_line())
    return 1 if totals.violations else 0


def _table(names: Sequence[str], first_seed: int, seeds: int, steps: int) -> int:
    """How many seeds find each planted bug, a line as soon as it is known; 1 when none finds one of them."""
    unnoticed = 0
    for finding in findings(names, first_seed, seeds, steps):
        print(finding.line(), flush=True)
        unnoticed += not finding.by
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
