"""The TypeScript client is type-checked and passes its own tests, on the Node.js that requirements-dev.txt brings."""

from __future__ import annotations

import pytest

from infra import clients, node
from tests.unit.clients.published import FOLDER


@pytest.fixture(scope="module", autouse=True)
def made() -> None:
    """The client, type-checked strictly by the compiler."""
    clients.make_typescript()


@pytest.mark.parametrize("name", ["signing", "session"])
def test_its_own_tests(name: str) -> None:
    script = clients.TYPESCRIPT_BUILT / "test" / f"{name}.test.ts"
    done = node.run(script, str(FOLDER), capture=True, directory=clients.TYPESCRIPT_BUILT)
    assert (done.returncode, "# fail 0" in done.stdout or "ℹ fail 0" in done.stdout) == (0, True), done.stdout
    assert "pass 0" not in done.stdout
