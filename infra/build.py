"""Packages the bank for a stage: `python -m infra.build --stage local --out build/local`.

It merges `resources.yaml`, `overlay.yaml` and the generated alarms and environment, runs `chalice package
--merge-template`, and leaves `sam.json`, `deployment.zip` and the layers' zips in the output directory. The result is
a function of its inputs; when they are those of the last build, nothing is done.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from infra import encryption, policies
from infra.alarms import alarms_for
from infra.archive import divide
from infra.contents import DATA, zips
from infra.environment import (
    PREFIX_IN_TEMPLATE,
    RESOURCES_FILE,
    STAGES,
    TABLE_PREFIX,
    condition_of,
    read_template,
    variables,
)
from infra.workers import Worker, discover_workers

ROOT = Path(__file__).resolve().parents[1]
OVERLAY_FILE = Path(__file__).with_name("overlay.yaml")
LOCAL = "local"
TEMPLATE, ARCHIVE, STAMP, MERGED = "sam.json", "deployment.zip", ".inputs.sha256", "merge.json"
# AWS advises a queue's visibility timeout of at least six times its function's timeout.
VISIBILITY_TO_TIMEOUT = 6
# Chalice asks boto3 for a region while packaging but writes none into the template.
ANY_REGION = "us-east-1"
PACKAGE_TIMEOUT_S = 900
# By import rather than by script, so that it is the one of this very environment.
CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"
CFN_LINT = "import sys; from cfnlint.runner import main; sys.exit(main())"

# What pip says inside Chalice's output when there is no network.
NO_INDEX = ("NoSuchPackageError", "PackageDownloadError", "NewConnectionError", "name resolution")
# Chalice reports a dependency without a fitting wheel as a warning, and packages without it.
INCOMPLETE = "Could not install dependencies"
TELL_EVERY_S = 2.0

Template = dict[str, Any]
Tell = Callable[[str], object]


class BuildError(Exception):
    """The bank cannot be packaged; the text is meant for a person."""


def _input_files(root: Path) -> Iterator[Path]:
    yield from (root / "app.py", root / "requirements.txt")
    for folder, patterns in {
        "chalicelib": ("**/*",),
        **dict.fromkeys(DATA, ("**/*",)),
        "infra": ("*.py", "*.yaml"),
        ".chalice": ("config.json", "policy-*.json"),
    }.items():
        for pattern in patterns:
            yield from (root / folder).glob(pattern)


def inputs_digest(root: Path, stage: str) -> str:
    """Return a digest of everything that the package depends on."""
    digest = hashlib.sha256(f"{stage} {sys.version}".encode())
    for path in sorted(set(_input_files(root))):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(root)} {content}\n".encode())
    return digest.hexdigest()


def merge(base: Any, addition: Any) -> Any:
    """Return `base` with `addition` laid over it: dicts merge, everything else is replaced."""
    if not (isinstance(base, dict) and isinstance(addition, dict)):
        return deepcopy(addition)
    merged = dict(base)
    for key, value in addition.items():
        merged[key] = merge(merged[key], value) if key in merged else deepcopy(value)
    return merged


def environment_references() -> dict[str, Any]:
    """Return the variables that point at resources, as references for the template."""
    references: dict[str, Any] = {TABLE_PREFIX: {"Fn::Sub": PREFIX_IN_TEMPLATE}}
    for name, logical_id in variables().items():
        reference: dict[str, Any] = {"Ref": logical_id}
        condition = condition_of(logical_id)
        if condition:
            reference = {"Fn::If": [condition, reference, {"Ref": "AWS::NoValue"}]}
        references[name] = reference
    return references


def _worker_resource(worker: Worker, rules: Template, resources: Template) -> Template:
    rule = rules[worker.kind]
    properties = dict(rule["Function"])
    if worker.source is not None and worker.source not in resources:
        raise BuildError(f"worker {worker.name} reads {worker.source}, which infra/resources.yaml does not have")
    if worker.kind == "Queue" and worker.source is not None:
        visibility_s = resources[worker.source]["Properties"]["VisibilityTimeout"]
        properties["Timeout"] = visibility_s // VISIBILITY_TO_TIMEOUT
    return {"Properties": {**properties, "Events": {worker.event_id: {"Properties": rule["Event"]}}}}


def assemble(stage: str, workers: list[Worker]) -> Template:
    """Return what is merged into Chalice's template: resources, overlay, environment and alarms."""
    template = read_template(RESOURCES_FILE)
    resources = template["Resources"]
    overlay = read_template(OVERLAY_FILE)
    rules, cloud = overlay.pop("Workers"), overlay.pop("Cloud")
    if stage != LOCAL:
        cloud["Resources"]["ApiAccessLogGroup"]["Properties"]["RetentionInDays"] = log_retention_d(stage)
        overlay = merge(overlay, merge(cloud, {"Resources": encryption.policy()}))
    functions = {worker.logical_id: _worker_resource(worker, rules, resources) for worker in workers}
    collisions = resources.keys() & {"APIHandler", "RestAPI", *functions}
    if collisions:
        # Chalice would merge the two silently into one broken resource.
        raise BuildError(f"a function and a resource share a logical id: {', '.join(sorted(collisions))}")
    # A package belongs to one stage: deploying it as another fails instead of doing half of each.
    template["Parameters"]["Stage"] |= {"Default": stage, "AllowedValues": [stage]}
    template["Resources"] = resources | alarms_for(resources, workers) | policies.policy_for(resources)
    environment = {"Globals": {"Function": {"Environment": {"Variables": environment_references()}}}}
    return dict(merge(merge(merge(template, {"Resources": functions}), environment), overlay))


def log_retention_d(stage: str) -> int:
    """For how many days a stage keeps its functions' logs."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return int(config["stages"][stage]["log_retention_in_days"])


def finish(template: Template) -> None:
    """What is done to a template once Chalice has made it."""
    policies.finish(template)
    if encryption.KEY in template["Resources"]:
        encryption.finish(template["Resources"])


def _check(template: Template) -> None:
    """Raise BuildError where the overlay names something that Chalice did not generate."""
    for logical_id, resource in template["Resources"].items():
        if "Type" not in resource:
            raise BuildError(f"the overlay names {logical_id}, which neither Chalice nor resources.yaml makes")
        for event_id, event in resource.get("Properties", {}).get("Events", {}).items():
            if "Type" not in event:
                raise BuildError(f"the overlay names event {event_id} of {logical_id}, which Chalice does not make")


def _run_chalice(root: Path, stage: str, out: Path, tell: Tell) -> None:
    command = [sys.executable, "-c", CHALICE, "package"]
    environment = {"AWS_DEFAULT_REGION": ANY_REGION, **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [*command, "--stage", stage, "--merge-template", str(out / MERGED), str(out)],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output, began = None, time.monotonic()
    try:
        while output is None:
            try:
                output, _ = process.communicate(timeout=TELL_EVERY_S)
            except subprocess.TimeoutExpired:
                elapsed_s = time.monotonic() - began
                if elapsed_s > PACKAGE_TIMEOUT_S:
                    raise BuildError(f"打包超时 / chalice package takes over {PACKAGE_TIMEOUT_S} s") from None
                tell(f"  … packaging, {elapsed_s:.0f} s")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0 or INCOMPLETE in output:
        raise BuildError(_explain(output, out))


def _explain(output: str, out: Path) -> str:
    """Keep all of what Chalice said in a file and return it as one sentence."""
    log = out / "chalice.log"
    log.write_text(output, encoding="utf-8")
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
    if any(sign in output for sign in NO_INDEX):
        return f"打包时取不到依赖，请检查网络 / a dependency cannot be fetched, check the network: {last}"
    return f"打包失败 / chalice package failed: {last[:500]} ({log})"


def build(stage: str, out: Path, root: Path = ROOT, tell: Tell = print) -> bool:
    """Package `stage` into `out`; return False when the last package was still good.

    Raises BuildError with a text for a person.
    """
    if stage not in STAGES:
        raise BuildError(f"unknown stage {stage!r}: choose one of {', '.join(STAGES)}")
    digest = inputs_digest(root, stage)
    stamp = out / STAMP
    complete = all((out / name).exists() for name in (TEMPLATE, *zips()))
    if complete and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return False
    # What a failed build leaves behind must not look like a package.
    for name in (STAMP, TEMPLATE, *zips()):
        (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    try:
        template = assemble(stage, discover_workers(root))
    except (ImportError, SyntaxError) as problem:
        raise BuildError(f"应用无法导入 / the application does not import: {problem}") from problem
    except (ValueError, TypeError, KeyError) as problem:
        raise BuildError(str(problem)) from problem
    merged = out / MERGED
    merged.write_text(json.dumps(template, indent=1, sort_keys=True), encoding="utf-8")
    _run_chalice(root, stage, out.resolve(), tell)
    divide(out / ARCHIVE, [root / name for name in DATA])
    packaged = json.loads((out / TEMPLATE).read_text(encoding="utf-8"))
    _check(packaged)
    finish(packaged)
    (out / TEMPLATE).write_text(json.dumps(packaged, indent=1, sort_keys=True), encoding="utf-8")
    stamp.write_text(digest, encoding="utf-8")
    return True


def lint(out: Path) -> int:
    """Run cfn-lint on the packaged template; its opt-outs and their reasons are in `.cfnlintrc`."""
    return subprocess.call([sys.executable, "-c", CFN_LINT, "--template", str(out / TEMPLATE)], cwd=ROOT)


def main(arguments: list[str] | None = None) -> int:
    """Build, and lint when asked to; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.build", description=__doc__.splitlines()[0])
    parser.add_argument("--stage", choices=STAGES, default="local")
    parser.add_argument("--out", type=Path, help="output directory; build/<stage> by default")
    parser.add_argument("--lint", action="store_true", help="run cfn-lint on the packaged template")
    chosen = parser.parse_args(arguments)
    out: Path = chosen.out or ROOT / "build" / chosen.stage
    print(f"packaging stage {chosen.stage} …", flush=True)
    try:
        changed = build(chosen.stage, out)
    except BuildError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    print(f"{'packaged' if changed else 'up to date'}: {out / TEMPLATE}")
    for name in zips():
        print(f"  {(out / name).stat().st_size / 1e6:5.1f} MB  {name}")
    return lint(out) if chosen.lint else 0


if __name__ == "__main__":
    sys.exit(main())
