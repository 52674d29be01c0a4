"""The contract's own checks: linted, and compared with the released one by Redocly CLI: `python -m infra.contract`.
The contract of events is linted with it; what of it was promised, `docs/events.py` compares.

The tool is an npm package, pinned in package-lock.json, and runs on the Node.js that requirements-dev.txt brings; it
reads files and asks nobody. What is breaking is its rule, not ours: `redocly diff` rates each change by the bump of the
version that it needs.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from infra import node

ROOT = node.ROOT
CONTRACT = ROOT / "docs" / "openapi.json"
EVENTS = ROOT / "events" / "asyncapi.json"
RELEASED = ROOT / "docs" / "openapi-released.json"
CONFIG = ROOT / "redocly.yaml"
REDOCLY = node.MODULES / "@redocly" / "cli" / "bin" / "cli.js"


def lint(document: Path = CONTRACT) -> "subprocess.CompletedProcess[str]":
    """Lint a contract by the rules of redocly.yaml; any finding fails, a warning too."""
    node.install()
    return node.run(REDOCLY, "lint", str(document), "--config", str(CONFIG), "--max-problems", "50", capture=True)


def compare(document: Path = CONTRACT, released: Path = RELEASED) -> "subprocess.CompletedProcess[str]":
    """Compare a contract with the released one: fails unless `info.version` was raised as its changes need."""
    node.install()
    arguments = ("diff", str(released), str(document), "--fail-on", "none", "--check-version")
    return node.run(REDOCLY, *arguments, "--config", str(CONFIG), capture=True)


def main(arguments: list[str] | None = None) -> int:
    """Lint and compare, or release; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.contract", description=__doc__.splitlines()[0])
    parser.add_argument("--release", action="store_true", help="what is in docs/openapi.json is the released contract")
    for check, document in ((lint, CONTRACT), (lint, EVENTS), (compare, CONTRACT)):
        found = check(document)
        print(found.stdout)
        if found.returncode:
            return found.returncode
    if parser.parse_args(arguments).release:
        shutil.copyfile(CONTRACT, RELEASED)
        print(f"released: {RELEASED.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
