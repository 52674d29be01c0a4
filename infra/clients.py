"""The clients of apps, made from the contract: `make clients`, `python -m infra.clients`.

Python: openapi-python-client writes `build/clients/python/rural_bank_api`, which `clients/python/rural_bank` stands on.
TypeScript: openapi-typescript writes the contract's types into `build/clients/typescript`, beside a copy of
`clients/typescript`. The same tools make the same of the same contract, to the byte; what is there is not made again.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from infra import node

ROOT = node.ROOT
CONTRACT = ROOT / "docs" / "openapi.json"
SOURCES = ROOT / "clients"
BUILT = ROOT / "build" / "clients"
PYTHON_SOURCES, PYTHON_BUILT = SOURCES / "python", BUILT / "python"
GENERATED = "rural_bank_api"
TYPESCRIPT_SOURCES, TYPESCRIPT_BUILT = SOURCES / "typescript", BUILT / "typescript"
PACKAGES = BUILT / "packages"
OPENAPI_TYPESCRIPT = node.MODULES / "openapi-typescript" / "bin" / "cli.js"
TSC = node.MODULES / "typescript" / "bin" / "tsc"
STAMP = ".made-from.sha256"
TIMEOUT_S = 120
# 1 January 2000: a wheel's files have a date, which says nothing here.
EPOCH = "946684800"


class ClientError(Exception):
    """A client could not be made; the text is meant for a person."""


def _digest(*parts: Path | str) -> str:
    """Of contents of files and of texts, in their order."""
    found = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.read_bytes()
        found.update(hashlib.sha256(content).digest())
    return found.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes clients: tests run in several."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_made(folder: Path, wanted: str) -> bool:
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def _require(done: "subprocess.CompletedProcess[str]", what: str) -> None:
    if done.returncode:
        raise ClientError(f"{what}: {done.stdout}")


def make_python() -> bool:
    """Have rural_bank_api as the contract is now; False when it was there. Raises ClientError."""
    config = PYTHON_SOURCES / "generator.yml"
    wanted = _digest(CONTRACT, config, version("openapi-python-client"))
    with _alone():
        if _is_made(PYTHON_BUILT, wanted):
            return False
        shutil.rmtree(PYTHON_BUILT, ignore_errors=True)
        made = PYTHON_BUILT / GENERATED
        PYTHON_BUILT.mkdir(parents=True)
        # What the generator leaves out it warns of: an operation without a client is an error here.
        arguments = ("--meta", "none", "--output-path", str(made), "--config", str(config), "--fail-on-warning")
        done = subprocess.run(
            [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(CONTRACT), *arguments],
            check=False,
            text=True,
            timeout=TIMEOUT_S,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        _require(done, "openapi-python-client")
        (made / "py.typed").touch()
        (PYTHON_BUILT / STAMP).write_text(wanted, encoding="utf-8")
    return True


def use_python() -> None:
    """Have the Python client, and let this process import it. Raises ClientError."""
    make_python()
    sys.path[:0] = [str(path) for path in (PYTHON_SOURCES, PYTHON_BUILT) if str(path) not in sys.path]


def make_typescript() -> bool:
    """Have the TypeScript client, type-checked and compiled, in TYPESCRIPT_BUILT; False when it was there.

    Raises ClientError, and CalledProcessError when npm cannot install what it needs.
    """
    sources = _files(TYPESCRIPT_SOURCES)
    names = "\n".join(str(path.relative_to(TYPESCRIPT_SOURCES)) for path in sources)
    wanted = _digest(CONTRACT, node.LOCK, names, *sources)
    with _alone():
        if _is_made(TYPESCRIPT_BUILT, wanted):
            return False
        node.install()
        shutil.rmtree(TYPESCRIPT_BUILT, ignore_errors=True)
        shutil.copytree(TYPESCRIPT_SOURCES, TYPESCRIPT_BUILT)
        _complete_manifest(TYPESCRIPT_BUILT / "package.json")
        # A value that has a default may be left out of a request.
        arguments = ("-o", "src/contract.ts", "--default-non-nullable=false")
        made = node.run(OPENAPI_TYPESCRIPT, str(CONTRACT), *arguments, capture=True, directory=TYPESCRIPT_BUILT)
        _require(made, "openapi-typescript")
        _require(node.run(TSC, capture=True, directory=TYPESCRIPT_BUILT), "tsc")
        (TYPESCRIPT_BUILT / STAMP).write_text(wanted, encoding="utf-8")
    return True


def _contract_version() -> str:
    return str(json.loads(CONTRACT.read_text(encoding="utf-8"))["info"]["version"])


def _complete_manifest(path: Path) -> None:
    """The package's version is the contract's; what it needs is what it was tested with."""
    locked = json.loads(node.LOCK.read_text(encoding="utf-8"))["packages"]
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["version"] = _contract_version()
    manifest["dependencies"] = {
        name: "^" + locked[f"node_modules/{name}"]["version"] for name in manifest["dependencies"]
    }
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def pack() -> list[Path]:
    """Both clients, once made, as apps install them: a wheel and an npm package. Raises ClientError."""
    shutil.rmtree(PACKAGES, ignore_errors=True)
    PACKAGES.mkdir(parents=True)
    _pack_wheel()
    done = node.npm("pack", "--pack-destination", str(PACKAGES), directory=TYPESCRIPT_BUILT, capture=True)
    _require(done, "npm pack")
    return sorted(PACKAGES.iterdir())


def _pack_wheel() -> None:
    whole = BUILT / "wheel"
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(PYTHON_SOURCES, whole, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PYTHON_BUILT / GENERATED, whole / GENERATED, ignore=shutil.ignore_patterns("__pycache__"))
    project = whole / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace('version = "0"', f'version = "{_contract_version()}"')
    project.write_text(text, encoding="utf-8")
    # By what is installed here: a wheel of plain files needs nothing else.
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(PACKAGES), str(whole)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *wheel],
        check=False,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    _require(done, "pip wheel")


def main(arguments: list[str] | None = None) -> int:
    """Make, check and pack the clients; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.clients", description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--check", action="store_true", help="make and type-check both, and pack nothing")
    which.add_argument("--python", action="store_true", help="make what Python imports, and nothing else")
    asked = parser.parse_args(arguments)
    try:
        make_python()
        if not asked.python:
            make_typescript()
        if not (asked.python or asked.check):
            for package in pack():
                print(f"{package.relative_to(ROOT)}: {package.stat().st_size // 1024} KB")
    except (ClientError, subprocess.CalledProcessError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
