"""The package's zips: what each function finds with its own layers alone, how large they are, and that they are the
same for the same inputs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.package import Function, Unpacked, functions_of, size_rows, unpacked
from infra.archive import IN_LAYER
from infra.build import ROOT, TEMPLATE, build
from infra.contents import CODE, LAYERS, OURS, zip_of, zips
from infra.local.stack import BUILD_DIR, quiet
from tests.architecture.packaged import packaged
from tests.architecture.reach import reach_of

TIMEOUT_S = 300
# Handlers of one module with the same layers reach the same.
STARTS = {(one.module, one.layers): one for one in reversed(functions_of(packaged("local")))}
IMPORT_ALL = "import importlib\nfor module in {modules!r}: importlib.import_module(module)"
FIND_NONE = """
from importlib.util import find_spec
found = [name for name in {names!r} if find_spec(name)]
assert not found, found
"""
FROM_THE_PACKAGE = """
import sysconfig
standard = sysconfig.get_paths()["stdlib"]
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
elsewhere = [file for file in files if file and not file.startswith((standard, *{path!r}))]
assert not elsewhere, elsewhere
"""


@pytest.fixture(scope="module")
def package() -> Iterator[Unpacked]:
    """The package of this very code, unpacked."""
    build("local", BUILD_DIR, tell=quiet)
    with unpacked(BUILD_DIR) as found:
        yield found


@pytest.mark.parametrize("function", STARTS.values(), ids=[one.handler for one in STARTS.values()])
def test_whatever_a_function_can_reach_loads_from_its_zip_and_layers(package: Unpacked, function: Function) -> None:
    modules = sorted({function.module, *reach_of(function.handler).modules})
    code = IMPORT_ALL.format(modules=modules) + FROM_THE_PACKAGE.format(path=package.path_of(function.layers))
    entered = package.run(code, function.layers)
    assert entered.modules >= set(modules)


@pytest.mark.parametrize("layers", sorted({one.layers for one in STARTS.values()}))
def test_a_function_finds_nothing_of_the_layers_that_it_lacks(package: Unpacked, layers: tuple[str, ...]) -> None:
    lacking = [name for layer in LAYERS.keys() - set(layers) for name in LAYERS[layer] if name.isidentifier()]
    package.run(FIND_NONE.format(names=sorted(lacking)), layers)


def test_nothing_hangs_on_the_order_of_zip_and_layers(package: Unpacked) -> None:
    # Lambda looks into the code first, the local engine into the layers.
    places = Counter(entry.name for place in (CODE, *LAYERS) for entry in package.folder(place).iterdir())
    assert [name for name, zips_with_it in places.items() if zips_with_it > 1] == []


def test_sizes_keep_their_budgets(package: Unpacked) -> None:
    rows = size_rows(BUILD_DIR, package)
    print({row.metric: row.value for row in rows})
    assert [row.metric for row in rows if not row.holds] == []
    # and the fonts are where they belong
    assert (package.folder("documents") / "bank_fonts" / "OFL.txt").is_file()


def test_all_is_compiled_and_sources_are_those_of_the_bank(package: Unpacked) -> None:
    for place in (CODE, *LAYERS):
        folder = package.folder(place)
        sources = [path.relative_to(folder) for path in folder.rglob("*.py")]
        assert {path.parts[0] for path in sources} <= set(OURS)
        compiled = [folder / path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc" for path in sources]
        assert [path for path in compiled if not path.is_file()] == []
    # A traceback names a library's file as Lambda has it; a source that rides along is named where it lies.
    named = "assert boto3.session.Session.client.__code__.co_filename == '/var/task/boto3/session.py'"
    package.run(f"import boto3.session; {named}", ())


def test_the_same_inputs_make_the_same_bytes(package: Unpacked, tmp_path: Path) -> None:
    # given a second build in a process whose hashes differ
    subprocess.run(
        [sys.executable, "-m", "infra.build", "--stage", "local", "--out", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "4711"},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    for name in (TEMPLATE, *zips()):
        assert (tmp_path / name).read_bytes() == (BUILD_DIR / name).read_bytes(), name


def test_a_layers_files_lie_where_lambda_looks() -> None:
    for layer in LAYERS:
        with zipfile.ZipFile(BUILD_DIR / zip_of(layer)) as archive:
            assert {name.partition("/")[0] for name in archive.namelist()} == {IN_LAYER}
