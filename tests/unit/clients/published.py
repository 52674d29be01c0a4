"""The published test vectors of what is signed."""

from __future__ import annotations

import json
from typing import Any

from infra.node import ROOT

FOLDER = ROOT / "docs" / "vectors"
INSTRUCTIONS = ("instruction", "instruction-3", "instruction-3-interbank")


def vectors(*names: str) -> list[dict[str, Any]]:
    """Each vector of these files, with what its file says of all."""
    found = []
    for name in names:
        file = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        shared = {key: file[key] for key in ("version", "public_key") if key in file}
        found += [{**shared, **vector} for vector in file["vectors"]]
    return found
