"""Pins every requirement, direct and transitive: `requirements*.in` become `requirements*.txt` (`make lock`).

Run it on the oldest Python the bank supports: what resolves there also installs on newer ones, not
the other way round. Only names and versions are written, so that the files say nothing about where
packages come from; that is a matter of each machine's pip configuration.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = "# Written by `make lock` from {source}; do not edit.\n"


def _resolve(source: Path) -> dict[str, str]:
    """Return what pip would install for `source`, as normalised name -> version."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    answer = subprocess.run(
        [*command, "--report", "-", "-r", str(source)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    report = json.loads(answer.stdout)
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in report["install"]}
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found.items()}


def _write(source: Path, lines: list[str]) -> None:
    target = source.with_suffix(".txt")
    target.write_text(HEADER.format(source=source.name) + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"{target.name}: {len(lines)} lines")


def main() -> int:
    """Write the files; that of development lists only what that of Lambda does not, that of Checkov stands apart."""
    runtime_source, dev_source = ROOT / "requirements.in", ROOT / "requirements-dev.in"
    # Both come from one resolution, so that the two files can never disagree about a version.
    everything = _resolve(dev_source)
    runtime_names = sorted(_resolve(runtime_source))
    _write(runtime_source, [f"{name}=={everything[name]}" for name in runtime_names])
    rest = sorted(everything.keys() - set(runtime_names))
    _write(dev_source, ["-r requirements.txt", *(f"{name}=={everything[name]}" for name in rest)])
    apart = ROOT / "requirements-checkov.in"
    _write(apart, sorted(f"{name}=={version}" for name, version in _resolve(apart).items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
