"""What of the libraries and fonts of documents is packaged, and that what is left out is not missed."""

from __future__ import annotations

import subprocess
import sys

from infra import contents
from tests.architecture.source import ROOT

LOADED = """
import sys
import chalicelib.receipts.commands.print_receipt
print(*sorted(name for name in sys.modules if name.startswith("reportlab.")))
"""


def test_what_draws_is_packaged_and_what_is_not_used_is_not() -> None:
    assert contents.wanted("reportlab/pdfgen/canvas.py")
    assert not contents.wanted("reportlab/fonts/Vera.ttf")


def test_nothing_that_is_left_out_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [name.replace(".", "/") + ".py" for name in done.stdout.split()]
    assert "reportlab/pdfbase/ttfonts.py" in files
    assert [file for file in files if not contents.wanted(file)] == []
