"""`python -m simulation --first-seed 1 --seeds 20 --steps 400`: run seeds, tell progress, fail on a violation."""

from __future__ import annotations

import argparse
import os
import sys
import time

PROGRESS_EVERY_S = 1.0


def main() -> int:
    """Run the seeds one after another; the exit code is 1 when a rule was broken."""
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    options = parser.parse_args()
    # Nothing here may reach a real account, whatever the developer's shell has set.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_ACCESS_KEY_ID="simulation", AWS_SECRET_ACCESS_KEY="simulation", AWS_DEFAULT_REGION="cn-north-1")  # noqa: S106
    from simulation.world import World  # noqa: PLC0415  # after the environment is safe

    steps = transfers = faults = violations = 0
    began = told = time.monotonic()
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        outcome = World(seed, options.steps).run()
        steps, transfers, faults = steps + outcome.steps, transfers + outcome.transfers, faults + outcome.faults
        violations += len(outcome.violations)
        if outcome.violations:
            print(outcome.story())
            print(f"again: make simulate FIRST_SEED={seed} SEEDS=1 STEPS={options.steps}")
        if time.monotonic() - told >= PROGRESS_EVERY_S:
            told = time.monotonic()
            done = seed - options.first_seed + 1
            print(f"{done} of {options.seeds} seeds, {steps} steps, {told - began:.0f} s", flush=True)
    print(f"seeds={options.seeds} steps={steps} transfers={transfers} faults={faults} violations={violations}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
