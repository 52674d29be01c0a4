"""What of Chalice's archive goes where: into all functions' zip, into a layer, or nowhere.

A layer is for what few functions use and is large; `infra/overlay.yaml` gives it to them, and
`tests/architecture/test_layered.py` holds that to what their code reaches. What is left out is of
services, languages and formats that the bank does not use, or is brought along by a library and imported by nobody
here; that nobody misses it is `tests/deploy/test_package.py`.

- Botocore describes 400 services; a function needs the few that the bank uses.
- pyiso20022 has all messages of ISO 20022; a function needs the few that are exchanged.
- Of what describes a distribution its metadata and licences stay: scanners of deployed functions read the former.
"""

from pathlib import Path, PurePosixPath

# The functions' own zip, and each layer's, by the folder that Python looks in.
CODE = "deployment"
# What is not a library's.
OURS = ("app.py", "bank_fonts", "bank_redoc", "chalicelib")
# Data of the repository that Chalice does not pack, and a layer carries.
DATA = ("bank_fonts", "bank_redoc")
# What each layer carries, by its place at the top of the archive.
LAYERS: dict[str, frozenset[str]] = {
    # Only who makes documents. pyHanko does not load without aiohttp, by which nothing here is fetched.
    "documents": frozenset(
        {
            "aiohappyeyeballs",
            "aiohttp",
            "aiosignal",
            "asn1crypto",
            "attr",
            "attrs",
            "bank_fonts",
            "certifi",
            "frozenlist",
            "idna",
            "multidict",
            "propcache",
            "pyhanko",
            "pyhanko_certvalidator",
            "reportlab",
            "segno",
            "tzlocal",
            "uritools",
            "xlsxwriter",
            "yarl",
        }
    ),
    # Who reads or writes XML, pages or calendars: clearing, statements, the public site.
    "markup": frozenset({"bank_redoc", "icalendar", "jinja2", "lxml", "markupsafe", "pyiso20022", "xsdata"}),
    # Who reads or draws pictures: the API; and reportlab does not load without Pillow.
    "pictures": frozenset({"PIL", "captcha", "pillow.libs"}),
}

# A service that the application starts to use is added here; the deploy tests notice when it is missing.
AWS_SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sns", "sqs", "sts"})
# As chalicelib/clearing/schemas.py names them; a test holds the two together.
ISO_MESSAGES = frozenset({"pacs_002_001_15", "pacs_008_001_13", "pacs_028_001_06", "pain_001_001_12"})
# pyiso20022/<family>/<message>/<file>
ISO_DEPTH = 4
# cryptography and argon2 are built with them, and pyHanko and xsdata can fetch by them.
BROUGHT_ALONG = frozenset({"cffi", "charset_normalizer", "oscrypto", "pycparser"})
UNUSED = (
    # HTTP by other means than Chalice, and utilities beside batches, events and logs.
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            "auth_alpha",
            "circuit_breaker",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "parameters",
            "parser",
            "streaming",
            "validation",
        )
    ),
    # Time zones are Python's own and tzdata's.
    "dateutil/zoneinfo",
    "icalendar/fuzzing",
    "lxml/html",
    "lxml/includes",
    "lxml/isoschematron",
    # A codec of 8 MB that no picture is taken in.
    "PIL/_avif.",
    "pillow.libs/libavif-",
    # The first edition's classes, and a part of a type checker.
    "pydantic/mypy.py",
    "pydantic/v1",
    # Latin fonts, charts, and flowing text.
    "reportlab/fonts",
    "reportlab/graphics",
    "reportlab/platypus",
    # For the browser.
    "urllib3/contrib/emscripten",
)
# Of stdnum's 200 numbers those that are checked, and what they are made of.
STDNUM = tuple(f"stdnum/{name}" for name in ("__init__.py", "cn/", "exceptions.py", "iso7064/", "luhn.py", "util.py"))
# For compilers and type checkers.
SUFFIXES_UNUSED = frozenset({".c", ".h", ".pxd", ".pxi", ".pyc", ".pyi", ".pyx", ".typed"})


def wanted(name: str) -> bool:
    """Tell whether a file of Chalice's archive goes into one of ours."""
    path = PurePosixPath(name)
    top = path.parts[0]
    if name.endswith("/") or path.suffix in SUFFIXES_UNUSED or "tests" in path.parts:
        return False
    if top.endswith(".dist-info"):
        return path.name == "METADATA" or "licenses" in path.parts or path.name.startswith(("LICENSE", "NOTICE"))
    if top.endswith(".data") or top in BROUGHT_ALONG or name.startswith(UNUSED):
        return False
    return _of_our_services(path) if top in {"boto3", "botocore"} else _of_our_numbers_and_messages(path, name)


def _of_our_services(path: PurePosixPath) -> bool:
    if path.parts[1] != "data":
        return True
    # Files directly in `data` (endpoints, partitions, retries) belong to all services.
    return len(path.parts) == 3 or (path.parts[2] in AWS_SERVICES and not path.name.startswith("examples-"))


def _of_our_numbers_and_messages(path: PurePosixPath, name: str) -> bool:
    if path.parts[0] == "stdnum":
        return name.startswith(STDNUM)
    if path.parts[0] == "pyiso20022" and len(path.parts) == ISO_DEPTH:
        return path.parts[2] in ISO_MESSAGES and path.suffix == ".py"
    return True


def home(top: str) -> str:
    """The layer that carries what stands at a place at the top of the archive, or CODE."""
    return next((layer for layer, carried in LAYERS.items() if top in carried), CODE)


def home_of_distribution(record: str) -> str | None:
    """The same for what describes a distribution, by its list of files; None where none of those is carried."""
    files = [line.partition(",")[0] for line in record.splitlines()]
    tops = [file.partition("/")[0] for file in files if wanted(file) and ".dist-info/" not in file]
    return home(tops[0]) if tops else None


def zip_of(layer: str) -> str:
    """The file name of a layer's zip, as the overlay's ContentUri has it."""
    return f"layer-{layer}.zip"


def zips() -> list[str]:
    """The file names of all zips of a package."""
    return [f"{CODE}.zip", *(zip_of(layer) for layer in LAYERS)]


def folder_in_lambda(place: str) -> Path:
    """Where Lambda unpacks what Python finds."""
    return Path("/var/task") if place == CODE else Path("/opt/python")
