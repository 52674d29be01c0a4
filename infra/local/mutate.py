"""Mutation testing of the money rules (`make mutate`): score and survivors; fails below 90 %.

mutmut copies the sources to `mutants/`, changes one thing after the other and runs the unit tests named in
`pyproject.toml` on each. What no test notices survives. docs/mutation.md explains those that may.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "mutants"
EXPLAINED = ROOT / "docs" / "mutation.md"
LOWEST_PERCENT = 90


def _mutmut(*arguments: str, show: bool = False) -> str:
    """Run mutmut and return what it printed; with `show` its progress goes to the terminal instead."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=None if show else subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout or ''}\nerror: mutmut {arguments[0]} ended with {done.returncode}")
    return done.stdout or ""


def _change(name: str) -> list[str]:
    """The lines a mutant takes out and puts in."""
    lines = _mutmut("show", name).splitlines()
    return [line for line in lines if line[:1] in ("-", "+") and line[:3] not in ("---", "+++")]


def main() -> int:
    """Run all mutants anew, so that no old verdict is believed, and report."""
    shutil.rmtree(WORK, ignore_errors=True)
    # Its spinner is for terminals only.
    _mutmut("run", show=sys.stdout.isatty())
    _mutmut("export-cicd-stats")
    counts = json.loads((WORK / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    explained = EXPLAINED.read_text(encoding="utf-8")
    for line in _mutmut("results").splitlines():
        name, _, verdict = line.strip().rpartition(": ")
        # A mutant that never ends was noticed.
        if not name or verdict == "timeout":
            continue
        print(f"{verdict}{'' if f'`{name}`' in explained else ', not explained'}: {name}")
        print("\n".join(f"    {changed}" for changed in _change(name)))
    mutants, killed = counts["total"] - counts["skipped"], counts["killed"] + counts["timeout"]
    # Rounded down: 89.99 is below 90.
    score = killed * 1000 // mutants / 10 if mutants else 0.0
    print(f"mutants={mutants} killed={killed} survived={mutants - killed} score={score}%")
    return 0 if score >= LOWEST_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
