"""The template as `chalice package` makes it, without the archive that takes it a minute."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chalice.cli.factory import CLIFactory
from chalice.deploy.packager import LambdaDeploymentPackager

from infra.build import TEMPLATE, assemble, finish
from infra.workers import discover_workers
from tests.architecture.source import ROOT


@cache
def packaged(stage: str = "prod") -> dict[str, Any]:
    """Functions, roles and all resources of a stage, as infra/build.py leaves them in sam.json."""
    with tempfile.TemporaryDirectory() as folder:
        out, archive, merge = Path(folder), Path(folder, "archive.zip"), Path(folder, "merge.json")
        archive.touch()
        merge.write_text(json.dumps(assemble(stage, discover_workers(ROOT))), encoding="utf-8")
        factory = CLIFactory(str(ROOT), environ=os.environ)
        config = factory.create_config_obj(chalice_stage_name=stage)
        with patch.object(LambdaDeploymentPackager, "create_deployment_package", lambda *_, **__: str(archive)):
            options = factory.create_package_options()
            packager = factory.create_app_packager(config, options, "cloudformation", "json", str(merge))
            packager.package_app(config, str(out / "package"), stage)
        template: dict[str, Any] = json.loads((out / "package" / TEMPLATE).read_text(encoding="utf-8"))
    finish(template)
    return template
