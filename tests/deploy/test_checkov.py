"""Checkov's findings in what is deployed: fixed, or explained one by one."""

from __future__ import annotations

import json
from pathlib import Path

from infra.checkov import Explanation, Finding, explanations, faults, findings
from tests.architecture.packaged import packaged

HERE = Finding("CKV_1", "AlphaQueue", "Ensure that queues are encrypted")


def test_every_finding_in_the_templates_is_explained_and_every_explanation_is_of_one(tmp_path: Path) -> None:
    files = []
    for stage in ("prod", "staging"):
        files.append(tmp_path / f"{stage}.json")
        files[-1].write_text(json.dumps(packaged(stage)), encoding="utf-8")
    assert faults(findings(files), explanations()) == []


def test_a_finding_without_an_explanation_and_an_explanation_without_a_finding_are_faults() -> None:
    fits = Explanation("CKV_1", "*Queue", "because")
    assert faults([HERE], [fits]) == []
    assert faults([HERE], []) == ["CKV_1 AlphaQueue: Ensure that queues are encrypted"]
    for other in (Explanation("CKV_2", "*Queue", "because"), Explanation("CKV_1", "*Table", "because")):
        assert faults([HERE], [fits, other]) == [f"{other.check} {other.of}: explained, and not found"]


def test_every_explanation_says_why() -> None:
    assert [entry for entry in explanations() if len(entry.why) < 40] == []
