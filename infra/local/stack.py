"""The packaged bank, deployed on a local engine: what `make run` and the deploy tests share.

with running_bank(port=free_port(), state_dir=tmp_path) as bank:
    requests to bank.base_url; bank.client("dynamodb"); bank.environment["CODES_QUEUE_URL"]
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infra.build import ROOT, build
from infra.environment import environment_of
from infra.local.client import local_client
from infra.local.deploy import STACK, deploy
from infra.local.engine import ACCESS_KEY, REGION, SECRET_KEY, Engine, Tell

API_STAGE = "api"
LOCAL_DIR = ROOT / ".local"
BUILD_DIR = ROOT / "build" / "local"


def quiet(_: str) -> None:
    """Tell nobody: the progress of tests is pytest's business."""


@dataclass(frozen=True)
class Bank:
    """A deployed local bank: where it answers, and where its tables, queues, keys and functions are."""

    endpoint_url: str
    base_url: str
    # Logical id -> physical id of everything in the stack.
    resources: dict[str, str]
    # What its functions find in their environment: TABLE_PREFIX, RECEIPTS_QUEUE_URL, …
    environment: dict[str, str]
    region: str = REGION
    # False once the engine's process has ended.
    running: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str) -> Any:
        """Return the (one) client of an AWS service of this bank."""
        if service not in self._clients:
            self._clients[service] = local_client(service, self.endpoint_url)
        return self._clients[service]

    def process_environment(self) -> dict[str, str]:
        """Return the variables with which application code outside Lambda works on this bank."""
        return self.environment | {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            # The more specific variable would win, wherever it comes from.
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1,localhost",
        }


def resources_of(cloudformation: Any, stack: str) -> dict[str, str]:
    """Logical id -> physical id of everything in a stack; raises botocore's ClientError when there is none."""
    resources: dict[str, str] = {}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for summary in page["StackResourceSummaries"]:
            resources[summary["LogicalResourceId"]] = summary.get("PhysicalResourceId", "")
    return resources


def find_bank(endpoint_url: str) -> Bank:
    """Describe the bank deployed on an engine; raises botocore's ClientError when there is none."""
    resources = resources_of(local_client("cloudformation", endpoint_url), STACK)
    api_id = resources["RestAPI"]
    return Bank(
        endpoint_url=endpoint_url,
        base_url=f"{endpoint_url}/restapis/{api_id}/{API_STAGE}/_user_request_",
        resources=resources,
        environment=environment_of(resources, stage="local"),
    )


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back for the seconds that a deployment takes.

    An engine that stops half-way saves a stack that is forever in progress, which nothing can update.
    """
    held: list[int] = []
    previous: dict[signal.Signals, Any] = {}
    # Only a main thread may set handlers; elsewhere nobody interrupts us.
    with suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            previous[number] = signal.signal(number, lambda caught, _frame: held.append(caught))
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt


@contextmanager
def running_bank(
    port: int, state_dir: Path, tell: Tell = quiet, log: Path | None = None, package: Path = BUILD_DIR
) -> Iterator[Bank]:
    """Package the bank, start an engine, deploy that package, and stop the engine in order at the end.

    A second call with the same `state_dir` goes on with the state that the first one left. Raises
    BuildError, EngineError or DeployError, whose texts are meant for a person.
    """
    engine = Engine(port, state_dir, log or state_dir.with_name(state_dir.name + ".log"))
    tell(f"starting the engine on {engine.url} / 启动本地引擎 …")
    try:
        # First, because a taken port is quick to find out and packaging is not.
        engine.start(tell)
        tell("packaging / 打包 …")
        build("local", package, tell=tell)
        tell("deploying the packaged template / 部署 …")
        with _interrupts_wait():
            deploy(engine.url, package, tell)
        yield replace(find_bank(engine.url), running=engine.running)
    finally:
        if engine.running():
            tell("stopping the engine, writing its state / 停止并保存 …")
        engine.stop(tell)
