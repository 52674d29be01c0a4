"""Run seeds, with or without a planted bug; safe to call in a process of its own."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from simulation.mixes import seeds_of

# How long people act in a seed, where nothing else is asked for.
STEPS = 1_000


@dataclass(slots=True)
class Totals:
    """What many seeds came to. `stories` tell each failure; `cpu_s` is processor time of this process."""

    seeds: int = 0
    last_seed: int = 0
    steps: int = 0
    transfers: int = 0
    faults: int = 0
    violations: int = 0
    cpu_s: float = 0.0
    stories: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)

    def last_line(self) -> str:
        """The line that ends a run."""
        return (
            f"seeds={self.seeds} steps={self.steps} transfers={self.transfers} "
            f"faults={self.faults} violations={self.violations}"
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """Which of the seeds notice a planted bug."""

    bug: str
    seeds: int
    by: tuple[int, ...]

    def line(self) -> str:
        """One row of the table: how many of the seeds, what part of them, and the first."""
        first = f"first {self.by[0]}" if self.by else "-"
        return f"{self.bug:40} {len(self.by):3} of {self.seeds} {100 * len(self.by) // self.seeds:3} %  {first}"


def isolate() -> None:
    """Forget the shell's AWS settings: nothing here may ever reach a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="simulation",
        AWS_SECRET_ACCESS_KEY="simulation",  # noqa: S106  # a made-up one
        AWS_DEFAULT_REGION="cn-north-1",
        AWS_EC2_METADATA_DISABLED="true",
    )


def totals_after_each(
    seeds: Iterable[int],
    steps: int,
    *,
    bug_name: str | None = None,
    on_step: Callable[[int], None] = lambda _: None,
) -> Iterator[Totals]:
    """Run the seeds in order; yields the same totals, grown, after each. `on_step` is told every step of each."""
    from simulation.bugs import BUGS, planted  # noqa: PLC0415  # boto3 reads the environment that `isolate` makes
    from simulation.world import World  # noqa: PLC0415

    # What was loaded lives as long as the process: the collector need not look through it in each seed again.
    gc.freeze()
    bug = next(bug for bug in BUGS if bug.name == bug_name) if bug_name else None
    totals = Totals()
    began = time.process_time()
    for seed in seeds:
        with planted(bug) if bug else nullcontext():
            outcome = World(seed, steps, on_step=on_step).run()
        totals.seeds += 1
        totals.last_seed = seed
        totals.steps += outcome.steps
        totals.transfers += outcome.transfers
        totals.faults += outcome.faults
        totals.violations += len(outcome.violations)
        totals.cpu_s = time.process_time() - began
        for sums, counts in ((totals.kinds, outcome.kinds), (totals.changes, outcome.changes)):
            for kind, count in counts.items():
                sums[kind] = sums.get(kind, 0) + count
        if outcome.violations:
            totals.stories.append(outcome.story())
        yield totals


def bug_names() -> list[str]:
    """All planted bugs there are."""
    from simulation.bugs import BUGS  # noqa: PLC0415  # as above

    return [bug.name for bug in BUGS]


def findings(names: Sequence[str], first_seed: int, seeds: int, steps: int) -> Iterator[Finding]:
    """Plant each bug (all there are where none is named) in the first seeds of its mix; yields after each bug."""
    from simulation.bugs import BUGS  # noqa: PLC0415  # as above

    for name in names or bug_names():
        found, before = [], 0
        mix = next(bug.mix for bug in BUGS if bug.name == name)
        for totals in totals_after_each(seeds_of(mix, first_seed, seeds), steps, bug_name=name):
            if len(totals.stories) > before:
                found.append(totals.last_seed)
            before = len(totals.stories)
        yield Finding(name, seeds, tuple(found))


def totals_of(first_seed: int, seeds: int, steps: int) -> Totals:
    """All of them, in one go; what a pool of processes calls."""
    isolate()
    totals = Totals()
    for totals in totals_after_each(range(first_seed, first_seed + seeds), steps):  # noqa: B007  # the last one counts
        pass
    return totals
