"""What Checkov finds in packaged templates, and which of its findings are explained (infra/checkov.yaml).

Its many dependencies contradict those of the bank's own tools, so it has an environment of its own (`.local/checkov`,
pinned in requirements-checkov.txt). It reads files and asks nobody.
"""

import fnmatch
import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
EXPLAINED = Path(__file__).with_name("checkov.yaml")
PINS = ROOT / "requirements-checkov.txt"
HOME = ROOT / ".local" / "checkov"
STAMP = HOME / ".pins.sha256"
PROGRAM = HOME / "bin" / "checkov"
TIMEOUT_S = 1200


@dataclass(frozen=True, order=True)
class Finding:
    """A check that failed: its id, the resource's logical id, and what the check is for."""

    check: str
    resource: str
    title: str


@dataclass(frozen=True)
class Explanation:
    """Why findings of a check stand, of the resources whose names fit the pattern `of`."""

    check: str
    of: str
    why: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is this finding that is explained."""
        return finding.check == self.check and fnmatch.fnmatchcase(finding.resource, self.of)


def install() -> None:
    """Have just what is pinned in `.local/checkov`; nothing is done when it is there. Raises CalledProcessError."""
    wanted = hashlib.sha256(PINS.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    venv.create(HOME, clear=True, with_pip=True)
    pip = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(PINS)], check=True, timeout=TIMEOUT_S)
    STAMP.write_text(wanted, encoding="utf-8")


def findings(templates: Sequence[Path]) -> set[Finding]:
    """What Checkov finds in templates. Raises CalledProcessError, and ValueError where it could not read one."""
    install()
    # Guidelines and its own newest version are what it would ask the network for.
    asked = (
        "--framework",
        "cloudformation",
        "--output",
        "json",
        "--compact",
        "--quiet",
        "--skip-download",
        "--soft-fail",
    )
    command = [str(PROGRAM), *asked, "--file", *map(str, templates)]
    answer = subprocess.run(command, cwd=ROOT, check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE, text=True)
    told = json.loads(answer.stdout)
    if told["summary"]["parsing_errors"] or not told["summary"]["passed"]:
        raise ValueError(f"Checkov read no template: {told['summary']}")
    return {
        Finding(one["check_id"], one["resource"].rpartition(".")[2], one["check_name"])
        for one in told["results"]["failed_checks"]
    }


def explanations() -> list[Explanation]:
    """What is written in infra/checkov.yaml."""
    return [Explanation(**entry) for entry in yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))]


def faults(found: Iterable[Finding], explained: Iterable[Explanation]) -> list[str]:
    """Findings that nothing explains, and explanations of what is not found (any more)."""
    found, explained = sorted(found), list(explained)
    unexplained = [one for one in found if not any(entry.covers(one) for entry in explained)]
    idle = [entry for entry in explained if not any(entry.covers(one) for one in found)]
    return [
        *(f"{one.check} {one.resource}: {one.title}" for one in unexplained),
        *(f"{entry.check} {entry.of}: explained, and not found" for entry in idle),
    ]
