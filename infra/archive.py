"""Makes Chalice's deployment archive small, quick to start and reproducible.

- Botocore describes 400 services; a function needs the few that the bank uses.
- pyiso20022 has all messages of ISO 20022; a function needs the few that are exchanged.
- Byte code in the archive saves more than half of a cold start. It is of the interpreter that packages,
  which is the one that Chalice names as the function's runtime.
- Fixed dates and order: the same inputs give the same bytes, so that nothing is deployed twice.
"""

import compileall
import os
import tempfile
import zipfile
from pathlib import Path
from py_compile import PycInvalidationMode

# A service that the application starts to use is added here; the deploy tests notice when it is missing.
AWS_SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sns", "sqs", "sts"})
BOTOCORE_DATA = Path("botocore", "data")
BOTO3_DATA = Path("boto3", "data")
# As chalicelib/clearing/schemas.py names them; a test holds the two together.
ISO_MESSAGES = frozenset({"pacs_002_001_15", "pacs_008_001_13", "pacs_028_001_06", "pain_001_001_12"})
# pyiso20022/<family>/<message>/<file>
ISO_DEPTH = 4
# What of lxml is for HTML, Schematron and C.
LXML_UNUSED = tuple(Path("lxml", name) for name in ("html", "includes", "isoschematron"))
# Of ReportLab: Latin fonts, charts, and flowing text.
REPORTLAB_UNUSED = tuple(Path("reportlab", name) for name in ("fonts", "graphics", "platypus"))
# The oldest date that the format knows.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o644


def wanted(name: str) -> bool:
    """Tell whether a file of Chalice's archive goes into ours."""
    path = Path(name)
    for data in (BOTOCORE_DATA, BOTO3_DATA):
        if path.is_relative_to(data):
            service = path.relative_to(data).parts
            # Files directly in `data` (endpoints, partitions, retries) belong to all services.
            return len(service) == 1 or service[0] in AWS_SERVICES
    if path.parts[0] == "pyiso20022" and len(path.parts) == ISO_DEPTH:
        return path.parts[2] in ISO_MESSAGES and path.suffix == ".py"
    if any(path.is_relative_to(unused) for unused in (*LXML_UNUSED, *REPORTLAB_UNUSED)):
        return False
    return path.suffix != ".pyc" and not name.endswith("/")


def _compile(root: Path) -> None:
    # Optimisation level 0, that of Lambda: asserts stay. The path in tracebacks is the one in Lambda.
    compileall.compile_dir(
        root,
        quiet=2,
        workers=os.cpu_count() or 1,
        stripdir=str(root),
        prependdir="/var/task",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def rewrite(archive: Path) -> None:
    """Replace an archive by its small, compiled, reproducible form."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        with zipfile.ZipFile(archive) as source:
            # Chalice's own output, of packages that it has unpacked already.
            source.extractall(root, [name for name in source.namelist() if wanted(name)])
        _compile(root)
        unfinished = archive.with_suffix(".new")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as target:
            for path in sorted(path for path in root.rglob("*") if path.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), FIXED_DATE)
                entry.external_attr = FILE_MODE << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, path.read_bytes())
        unfinished.replace(archive)
