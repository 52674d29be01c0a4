"""Makes Chalice's deployment archive small, quick to start and reproducible, and divides it into zips.

- `infra/contents.py` says what goes where.
- Byte code in the zips saves more than half of a cold start. It is of the interpreter that packages,
  which is the one that Chalice names as the function's runtime.
- Sources of the bank's own code ride along, so that a traceback shows its lines; those of libraries do not: file and
  line stand in the traceback, and the text in the version that `requirements.txt` pins.
- Fixed dates and order: the same inputs give the same bytes, so that nothing is deployed twice.
"""

import compileall
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

from infra.contents import CODE, LAYERS, OURS, folder_in_lambda, home, home_of_distribution, wanted, zip_of

# The oldest date that the format knows.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o644
# What Lambda adds to Python's path of a layer.
IN_LAYER = "python"
MOST_COMPRESSED = 9


def _compile(folder: Path, place: str) -> None:
    """Compile all there is; of libraries the byte code alone stays, where Python looks when there is no source."""
    ours = "|".join(re.escape(str(folder / top)) for top in OURS)
    for libraries in (True, False):
        compileall.compile_dir(
            folder,
            quiet=2,
            # What matches is left out.
            rx=re.compile(rf"^(?:{ours})\b" if libraries else rf"^(?!(?:{ours})\b)"),
            legacy=libraries,
            workers=os.cpu_count() or 1,
            # Optimisation level 0, that of Lambda: asserts stay. The path in tracebacks is the one in Lambda.
            stripdir=str(folder),
            prependdir=str(folder_in_lambda(place)),
            invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        )
    for source in folder.rglob("*.py"):
        if source.relative_to(folder).parts[0] not in OURS:
            source.unlink()


def _pack(root: Path, archive: Path) -> None:
    unfinished = archive.with_suffix(".new")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=MOST_COMPRESSED) as target:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), FIXED_DATE)
            entry.external_attr = FILE_MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes(), compresslevel=MOST_COMPRESSED)
    unfinished.replace(archive)


def _unpack(archive: Path, folders: dict[str, Path]) -> None:
    # Chalice's own output, of packages that it has unpacked already.
    with zipfile.ZipFile(archive) as source:
        described = {
            PurePosixPath(name).parts[0]: home_of_distribution(source.read(name).decode())
            for name in source.namelist()
            if name.endswith(".dist-info/RECORD")
        }
        for name in filter(wanted, source.namelist()):
            top = name.partition("/")[0]
            place = described.get(top) if top.endswith(".dist-info") else home(top)
            if place is not None:
                source.extract(name, folders[place])


def divide(archive: Path, data: Sequence[Path]) -> None:
    """Replace Chalice's archive by the functions' zip, and write the layers' beside it.

    `data` are folders of the repository that Chalice does not pack, each for the layer that carries it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        roots = {place: Path(temporary, place) for place in (CODE, *LAYERS)}
        folders = {place: root if place == CODE else root / IN_LAYER for place, root in roots.items()}
        _unpack(archive, folders)
        for folder in data:
            target = folders[home(folder.name)] / folder.name
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
        for place, root in roots.items():
            _compile(folders[place], place)
            _pack(root, archive if place == CODE else archive.with_name(zip_of(place)))
