"""The samples of docs/clients.md are as the clients are: both languages' type checkers accept them, put together."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from infra import clients, node

PAGE = node.ROOT / "docs" / "clients.md"
TIMEOUT_S = 300
# What the page leaves to the app.
PYTHON_OWN = """
from rural_bank import StepUpRequired
from rural_bank.signing import KeyInMemory
from rural_bank_api.api.customers import put_settings_transfers
from rural_bank_api.models import TransferSwitch

signer = KeyInMemory()


def confirm(asked: StepUpRequired) -> None:
    del asked

"""
TYPESCRIPT_OWN = """
import { WebKey as Key, withStepUp, type StepUpRequired } from "rural-bank";

const signer = await Key.generate();
async function confirm(asked: StepUpRequired): Promise<void> { void asked; }
"""


def samples(language: str) -> list[str]:
    """The page's samples in a language, in order."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) >= 4
    return found


def test_those_in_python(tmp_path: Path) -> None:
    first, *others = samples("python")
    (tmp_path / "app.py").write_text(first + PYTHON_OWN + "\n".join(others), encoding="utf-8")
    # By the project's own settings, so that what `make check` has read is not read again.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(tmp_path / "app.py")],
        cwd=node.ROOT,
        check=False,
        text=True,
        timeout=TIMEOUT_S,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout


def test_those_in_typescript(tmp_path: Path) -> None:
    clients.make_typescript()
    # Each sample imports what it needs, the later ones with what the first ones made.
    text = TYPESCRIPT_OWN + "\n".join(samples("ts"))
    (tmp_path / "app.ts").write_text(text, encoding="utf-8")
    options = json.loads((clients.TYPESCRIPT_SOURCES / "tsconfig.json").read_text(encoding="utf-8"))["compilerOptions"]
    kept = {name: options[name] for name in ("strict", "target", "lib", "module", "exactOptionalPropertyTypes")}
    package = str(clients.TYPESCRIPT_BUILT / "dist" / "src" / "index.d.ts")
    own = {"noEmit": True, "types": [], "moduleDetection": "force", "paths": {"rural-bank": [package]}}
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": kept | own}), encoding="utf-8")
    done = node.run(clients.TSC, "--project", str(tmp_path), capture=True)
    assert done.returncode == 0, done.stdout
