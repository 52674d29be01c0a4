"""What the guides have a reader type, run against the deployed bank as a reader would: each page's samples in order.

`bash` and `python` blocks are run, those of a page in one shell or folder; `sh` blocks are for a stage, and are held to
what there is by tests/architecture/test_pages.py. The English pages have the same blocks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.build import DOCS, ROOT
from infra.local.stack import Bank
from tests.fences import fences_of

TIMEOUT_S = 300
BASH, CURL, JQ = (shutil.which(one) or "" for one in ("bash", "curl", "jq"))
# What a page's samples leave behind in what they print.
SHOWN = {
    "start.md": ['"state": "posted"', '"amount_in_words": "人民币捌拾捌元捌角"', '"amount": "-88.80"'],
    "guide-mobile.md": ['"posted"', "idempotency-hit: true"],
    "guide-staff.md": ['"staff_id": "T0001"', '"customer": "'],
    "guide-auditor.md": ['"actions"', '"kty": "EC"'],
}
# Its samples have no bank of their own to talk to: tests/unit/clients/test_samples.py holds them to the clients' types.
TYPED = "clients.md"
# `make` of a reader's checkout, for a bank that is not the one of this checkout: the same commands, told where it is.
MAKE = """\
#!{python}
import base64, datetime, json, os, re, sys
from chalicelib.platform import totp
from infra.local import messages
words = [word for word in sys.argv[1:] if not word.startswith("-")]
given = dict(word.split("=", 1) for word in words if "=" in word)
if words[0] == "messages":
    sys.exit(messages.main([given["PHONE"]]))
assert words[0] == "staff-code", words
staff = json.load(open(".local/demo.json", encoding="utf-8"))["staff"]
(seed,) = [base64.b32decode(one["token_seed"]) for one in staff if one["login_name"] == given["STAFF"]]
print(totp.code_at(seed, totp.step_at(datetime.datetime.now(datetime.UTC))), "(60 s)")
"""

pytestmark = pytest.mark.requirement("NB-5.1.8-3")


@pytest.fixture(scope="module")
def checkout(deployed: tuple[Bank, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `make run` leaves it, and the pages' files."""
    bank, demo = deployed
    folder = tmp_path_factory.mktemp("checkout")
    (folder / ".local").mkdir()
    (folder / ".local" / "base_url").write_text(bank.base_url, encoding="utf-8")
    (folder / ".local" / "demo.json").write_text(json.dumps(demo, ensure_ascii=False), encoding="utf-8")
    (folder / "docs").symlink_to(DOCS)
    (folder / "bin").mkdir()
    (folder / "bin" / "make").write_text(MAKE.format(python=sys.executable), encoding="utf-8")
    (folder / "bin" / "make").chmod(0o700)
    return folder


def environment(bank: Bank, folder: Path) -> dict[str, str]:
    """What a reader's shell has."""
    return {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "BANK_PORT": bank.endpoint_url.rpartition(":")[2],
        "BANK": bank.base_url,
        "LANG": "C.UTF-8",
        "no_proxy": "127.0.0.1",
    }


@pytest.mark.skipif(
    not (BASH and CURL and JQ),
    reason="the samples need bash, curl and jq: apt install curl jq has these tests run",
)
@pytest.mark.parametrize("page", sorted(SHOWN))
def test_the_shell_samples_of_a_page_do_what_it_says(
    page: str, deployed: tuple[Bank, dict[str, Any]], checkout: Path
) -> None:
    blocks = [one.text for one in fences_of(DOCS / page) if one.language == "bash"]
    assert blocks
    script = "\n".join(["set -euo pipefail", *blocks])
    done = subprocess.run(
        [BASH, "-c", script],
        cwd=checkout,
        env=environment(deployed[0], checkout),
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # names of headers have no case
    assert [text for text in SHOWN[page] if text.lower() not in done.stdout.lower()] == [], done.stdout


def test_the_python_samples_of_a_page_run(deployed: tuple[Bank, dict[str, Any]], checkout: Path) -> None:
    pages = {page for page in DOCS.glob("*.md") for one in fences_of(page) if one.language == "python"}
    for page in sorted(pages - {DOCS / TYPED}):
        for block in (one.text for one in fences_of(page) if one.language == "python"):
            done = subprocess.run(
                [sys.executable, "-c", block],
                cwd=checkout,
                env=environment(deployed[0], checkout),
                check=False,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
            assert done.returncode == 0, f"{page.name}\n{block}\n{done.stderr}"


def test_every_page_whose_samples_are_run_is_listed() -> None:
    found = {page.name for page in DOCS.rglob("*.md") for one in fences_of(page) if one.language == "bash"}
    assert found == SHOWN.keys()
