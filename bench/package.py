"""The package: how large its zips are, and what a start costs each function, as a ratio to boto3 with a client.

Each function is entered in a fresh interpreter that finds what Lambda finds: the functions' zip, the layers that the
template gives it, and the standard library. CPU time is counted inside, so the interpreter's own start is on no side.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.rows import Row
from infra.archive import IN_LAYER
from infra.build import TEMPLATE, build
from infra.contents import CODE, LAYERS, zip_of, zips
from infra.local.stack import BUILD_DIR, quiet

# MB are 10^6 bytes, as AWS counts what a function may be unpacked.
MB = 10**6
ZIP_BUDGET_BYTES = 15 * MB
UNPACKED_LIMIT_BYTES = 250 * MB
API_BUDGET, WORKER_BUDGET = 2.0, 1.35
# With what a phone's first requests load besides (decision 0031).
ASKED_BUDGET = 2.5
API = "APIHandler"
# What a phone asks first: each path is looked up as a request does it.
PATHS_ASKED_FIRST = ("/v1/sessions", "/v1/overview", "/v1/transfers/{transfer_id}/confirmation")
ROUNDS = 9
TIMEOUT_S = 120
_BASELINE = "import boto3; boto3.client('dynamodb')"
_ENTER = "import importlib; handler = getattr(importlib.import_module({module!r}), {name!r}); assert callable(handler)"
_ASK = "; assert all(handler.routes[path] for path in {paths!r})"
_TIMED = """
import sys; sys.path[:0] = {path!r}
import time; began = time.process_time()
{code}
spent = time.process_time() - began
import json
print(json.dumps([spent, sorted(sys.modules)]))
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A packaged function: its logical id, what Lambda is told to enter, and which layers it has."""

    logical_id: str
    handler: str
    layers: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module that is imported at its start."""
        return self.handler.rpartition(".")[0]

    @property
    def enter(self) -> str:
        """Code that enters it as Lambda does."""
        return _ENTER.format(module=self.module, name=self.handler.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class Entered:
    """What code in a fresh interpreter took, in seconds of CPU time, and which modules were there in the end."""

    cpu_s: float
    modules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A package, unpacked as Lambda does it: the code, and each layer, in a folder of its own."""

    root: Path
    functions: tuple[Function, ...]
    # What all functions find in their environment and is text in the template.
    environment: dict[str, str]

    def folder(self, place: str) -> Path:
        """Where the code, or what a layer gives Python, lies."""
        return self.root / place if place == CODE else self.root / place / IN_LAYER

    def path_of(self, layers: Sequence[str]) -> list[str]:
        """What stands first on Python's path of a function with these layers."""
        return [str(self.folder(place)) for place in (CODE, *layers)]

    def run(self, code: str, layers: Sequence[str]) -> Entered:
        """Run code as a function with these layers; it knows no settings but the region and the environment's."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-c", _TIMED.format(path=self.path_of(layers), code=code)],
            cwd=self.root,
            env={"PATH": "/usr/bin:/bin", "AWS_DEFAULT_REGION": "cn-north-1", **self.environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        cpu_s, modules = json.loads(done.stdout)
        return Entered(cpu_s, frozenset(modules))

    def unpacked_bytes(self, function: Function) -> int:
        """How much a function is unpacked, with its layers."""
        roots = [self.root / place for place in (CODE, *function.layers)]
        return sum(path.stat().st_size for root in roots for path in root.rglob("*") if path.is_file())


def functions_of(template: dict[str, Any]) -> list[Function]:
    """The functions of a packaged template."""
    resources = template["Resources"]
    by_zip = {zip_of(layer): layer for layer in LAYERS}
    layers = {
        logical_id: by_zip[Path(item["Properties"]["ContentUri"]).name]
        for logical_id, item in resources.items()
        if item["Type"] == "AWS::Serverless::LayerVersion"
    }
    return [
        Function(
            logical_id,
            item["Properties"]["Handler"],
            tuple(sorted(layers[layer["Ref"]] for layer in item["Properties"].get("Layers", []))),
        )
        for logical_id, item in resources.items()
        if item["Type"] == "AWS::Serverless::Function"
    ]


@contextmanager
def unpacked(package: Path) -> Iterator[Unpacked]:
    """Unpack a package into a folder that is removed in the end."""
    template = json.loads((package / TEMPLATE).read_text(encoding="utf-8"))
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    texts = {name: value for name, value in variables.items() if isinstance(value, str)}
    with tempfile.TemporaryDirectory(prefix="rural-bank-package-") as temporary:
        root = Path(temporary)
        for name, place in zip(zips(), (CODE, *LAYERS), strict=True):
            with zipfile.ZipFile(package / name) as archive:
                archive.extractall(root / place)
        yield Unpacked(root, tuple(functions_of(template)), texts)


def size_rows(package: Path, found: Unpacked) -> list[Row]:
    """How large the zips are, and the largest function unpacked."""
    rows = [
        Row(f"package.{Path(name).stem}.bytes", (package / name).stat().st_size, "bytes", budget)
        for name, budget in zip(zips(), (ZIP_BUDGET_BYTES, *[None] * len(LAYERS)), strict=True)
    ]
    largest = max(found.unpacked_bytes(function) for function in found.functions)
    return [*rows, Row("package.largest_function_unpacked.bytes", largest, "bytes", UNPACKED_LIMIT_BYTES)]


def start_rows(found: Unpacked, rounds: int = ROUNDS) -> list[Row]:
    """What each function's start costs, the quickest of some rounds in which all take turns.

    A module of workers is entered once a round, by the first of its handlers: for the others it is the same.
    """
    api = next(function for function in found.functions if function.logical_id == API)
    first = api.enter + _ASK.format(paths=PATHS_ASKED_FIRST)
    runs: dict[object, tuple[str, tuple[str, ...]]]
    runs = {"": (_BASELINE, ()), API: (api.enter, api.layers), "asked": (first, api.layers)}
    workers = [function for function in found.functions if function is not api]
    runs |= {(worker.module, worker.layers): (worker.enter, worker.layers) for worker in reversed(workers)}
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, (code, layers) in runs.items():
            best[name] = min(best[name], found.run(code, layers).cpu_s)

    def row(metric: str, name: object, budget: float) -> Row:
        return Row(f"start.{metric}.cpu_ratio", round(best[name] / best[""], 2), "ratio", budget)

    return [
        row(API, API, API_BUDGET),
        row(f"{API}.with_first_requests", "asked", ASKED_BUDGET),
        *(row(worker.logical_id, (worker.module, worker.layers), WORKER_BUDGET) for worker in workers),
    ]


def package_rows() -> list[Row]:
    """Sizes and starts of the package of this very code."""
    build("local", BUILD_DIR, tell=quiet)
    with unpacked(BUILD_DIR) as found:
        return size_rows(BUILD_DIR, found) + start_rows(found)


if __name__ == "__main__":
    from bench.rows import table

    print(table(package_rows()))
