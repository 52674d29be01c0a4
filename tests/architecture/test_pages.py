"""The documentation says what is so: its commands exist, its samples fit, each alarm has a runbook, no page is lost.

What is run for its result is in tests/deploy/test_guides.py.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import typer.main
from botocore import xform_name
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from docs import build, events, reference
from docs.build import DOCS, ROOT
from infra.alarms import runbook_of
from infra.cli.app import app as bank_app
from tests.architecture.packaged import packaged
from tests.fences import Fence, commands, fences, fences_of

pytestmark = pytest.mark.requirement("NB-5.1.8-3")

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# What the command line of AWS has of its own, beside the calls of the API.
OF_THE_CLI = {"s3 ls", "cloudformation package", "cloudformation deploy"}
OF_EVERY_CALL = {"--query", "--output", "--region", "--cli-binary-format"}
# The command line calls `Endpoint` so, as `--endpoint` would be the beginning of another option.
OF_EVERY_CALL |= {"--notification-endpoint"}
# Usage errors of Typer's own parser.
USAGE_ERRORS: tuple[type[Exception], ...] = typer.BadParameter.__bases__
RUNBOOK = ["Means", "First look", "Do", "Over when"]
FIRST_PAGES = sorted(path.name for path in (DOCS / "en").glob("*.md"))
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_every_make_target_that_is_named_is_there_with_its_variables() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    variables = set(re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE))
    found = list(commands("make"))
    assert len(found) > 30
    wrong = []
    for place, words in found:
        named = [word for word in words if "=" not in word and not word.startswith(("-", "#", "…"))]
        given = {word.partition("=")[0] for word in words if re.match(r"[A-Z_]+=", word)}
        if not set(named[:1]) <= targets or given - variables:
            wrong.append((place, words))
    assert wrong == []


def parses(words: list[str]) -> str:
    """What the command `bank` would say of these words, by its own parser; empty where it would run."""
    # Typer carries the parser that it is made of, and publishes no types of it.
    command: Any = typer.main.get_command(bank_app)
    rest = [word.strip("[]") for word in words if word not in {"--help", "…"}]
    context = None
    try:
        while rest and hasattr(command, "commands"):
            context = command.make_context("bank", list(rest), parent=context)
            _, command, rest = command.resolve_command(context, rest)
        if not hasattr(command, "commands"):
            command.make_context("bank", rest, parent=context)
    except USAGE_ERRORS as problem:
        return str(problem)
    return ""


def test_every_command_of_the_bank_is_one_that_it_takes() -> None:
    found = [(place, words) for place, words in commands("./bank") if words and words[0] != "…"]
    assert len(found) > 80
    # in a sentence a command may be named without what it is given
    said = [(place, words, parses(words)) for place, words in found]
    wrong = [one for one in said if one[2] and not (":" not in one[0] and one[2].startswith("Missing"))]
    assert wrong == []


def test_a_command_that_the_bank_does_not_take_is_found() -> None:
    assert "No such command" in parses(["day", "open", "20261121"])
    assert "No such option" in parses(["queue", "redrive", "receipts", "--all"])
    assert "Missing parameter" in parses(["day", "close"])


@cache
def contract() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    return document


def schema_of(title: str) -> dict[str, Any]:
    """The schema that a sample claims by its title: of a request's body, an event, or a component of the contract."""
    kind, _, name = title.partition(" ")
    if kind == "event":
        return events.schemas()[name]
    if name:
        body = contract()["paths"][name][kind.lower()]["requestBody"]
        return {**body["content"]["application/json"]["schema"], "components": contract()["components"]}
    return {"$ref": f"#/components/schemas/{kind}", "components": contract()["components"]}


SAMPLES = [fence for fence in fences() if fence.language == "json" and fence.title]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: f"{one.page}:{one.line}")
def test_a_json_sample_is_what_it_claims_to_be(sample: Fence) -> None:
    validator = Draft202012Validator(schema_of(sample.title))
    assert [error.message for error in validator.iter_errors(json.loads(sample.text))] == []


def test_every_json_sample_of_a_guide_says_what_it_is_of() -> None:
    guides = [one for one in fences() if Path(one.page).name in FIRST_PAGES and one.language == "json"]
    assert guides
    assert [(one.page, one.line) for one in guides if not one.title] == []


@pytest.mark.parametrize("name", FIRST_PAGES)
def test_a_first_page_is_the_same_in_both_languages(name: str) -> None:
    chinese, english = fences_of(DOCS / name), fences_of(DOCS / "en" / name)
    kinds = [[(one.language, one.title) for one in found] for found in (chinese, english)]
    assert kinds[0] == kinds[1]
    # diagrams have words; what is typed has not
    typed = [[one.text for one in found if one.language != "mermaid"] for found in (chinese, english)]
    assert typed[0] == typed[1]
    levels = [
        re.findall(r"^#+", (folder / name).read_text(encoding="utf-8"), re.MULTILINE) for folder in (DOCS, DOCS / "en")
    ]
    assert levels[0] == levels[1]


@cache
def call_of(service: str, operation: str) -> set[str] | None:
    """The options of a call of AWS's API on the command line; None where there is no such call."""
    model = botocore.session.Session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return None
    shape = model.operation_model(names[operation]).input_shape
    return {f"--{xform_name(member, '-')}" for member in (shape.members if shape else {})}


def test_every_aws_command_is_a_call_with_its_options() -> None:
    found = list(commands("aws"))
    assert len(found) > 40
    wrong = []
    for place, (service, operation, *words) in found:
        if f"{service} {operation}" in OF_THE_CLI:
            continue
        options = {word for word in words if word.startswith("--")} - OF_EVERY_CALL
        known = call_of(service, operation)
        if known is None or options - known:
            wrong.append((place, service, operation, sorted(options - (known or set()))))
    assert wrong == []


def test_every_resource_that_a_command_names_is_in_the_template() -> None:
    named = {
        words[words.index("--logical-resource-id") + 1]
        for _, words in commands("aws")
        if "--logical-resource-id" in words
    }
    assert len(named) > 15
    assert named - packaged()["Resources"].keys() == set()


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    wanted = {runbook_of(name) for name in reference.alarms()}
    # the bucket of failures rings by itself: it is a notification and no alarm
    assert {path.stem for path in reference.RUNBOOKS.glob("*.md")} == wanted | {"stream-failures"}
    with pytest.raises(KeyError):
        runbook_of("SomethingNewAlarm")


@pytest.mark.parametrize("path", sorted(reference.RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_what_it_means_what_to_look_at_what_to_do_and_when_it_is_over(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == RUNBOOK
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))
    assert re.search("[\u4e00-\u9fff]", text)
    assert [one.language for one in fences_of(path)] == ["sh"]


def test_every_page_is_in_the_navigation_once() -> None:
    nav = build.configuration().partition("\nnav:\n")[2]
    listed = re.findall(r"^ +- ([\w/.-]+\.md)$", nav, re.MULTILINE)
    there = [name for name, _ in build.pages() if name.endswith(".md")]
    assert sorted(listed) == sorted(there)


def test_links_between_pages_stay_inside_the_site() -> None:
    # the site's program looks whether pages and anchors inside are there, and passes over what leads out
    there = {name for name, _ in build.pages()}
    out = []
    for name, text in build.pages():
        for target in _LINK.findall(re.sub(r"^( *)```.*?^\1```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)):
            if not target.startswith(("#", "https://", "http://", "mailto:")):
                found = (Path("/site", name).parent / target.partition("#")[0]).resolve().relative_to("/site")
                if found.as_posix() not in there:
                    out.append((name, target))
    assert out == []


def test_the_readmes_lead_to_pages_that_are_there() -> None:
    for page in (ROOT / "README.md", ROOT / "README.zh-CN.md"):
        targets = [one.partition("#")[0] for one in _LINK.findall(page.read_text(encoding="utf-8"))]
        inside = [one for one in targets if one and not one.startswith("http")]
        assert inside
        assert [one for one in inside if not (ROOT / one).exists()] == []


def test_a_page_takes_its_scripts_from_the_site(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text(f'<script src="{build.FETCHED}"></script><a href="https://x.example/">x</a>')
    (tmp_path / "deep" / "page.html").write_text(f'<script src="{build.FETCHED}"></script>')
    assert build.keep_home(tmp_path) == []
    assert 'src="assets/iframe-worker.js"' in (tmp_path / "index.html").read_text()
    assert 'src="../assets/iframe-worker.js"' in (tmp_path / "deep" / "page.html").read_text()


@pytest.mark.parametrize(
    "fetches",
    [
        '<script src="https://x.example/a.js"></script>',
        "<script async src=//x.example/a.js></script>",
        '<link rel="stylesheet" href="https://x.example/a.css">',
        '<link rel="preconnect" href="https://x.example">',
        '<img alt="" src="http://x.example/a.png">',
    ],
)
def test_a_page_that_would_fetch_elsewhere_is_told(fetches: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(fetches)
    assert build.keep_home(tmp_path) == ["index.html"]


@pytest.mark.parametrize("wrong", ["[a](nowhere.md)", "[a](other.md#nowhere)"])
def test_a_dead_link_fails_the_build(wrong: str, tmp_path: Path) -> None:
    work, settings = tmp_path / "work", build.configuration().partition("\nnav:\n")[0]
    (work / "docs").mkdir(parents=True)
    (work / "mkdocs.yml").write_text(settings, encoding="utf-8")
    (work / "docs" / "other.md").write_text("# Other\n\n## 中文标题\n", encoding="utf-8")
    (work / "docs" / "index.md").write_text("# A\n\n[a](other.md#中文标题)\n", encoding="utf-8")
    assert build.strictly(work).returncode == 0
    (work / "docs" / "index.md").write_text(f"# A\n\n{wrong}\n", encoding="utf-8")
    assert build.strictly(work).returncode != 0
