"""What every command shares: which bank it works on, how it ends, and what it says when it cannot be done."""

import getpass
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.platform import log, origin
from chalicelib.platform.errors import MalformedRequest, NotFound, Refusal
from chalicelib.platform.settings import SettingMissing
from infra.environment import environment_of
from infra.local.engine import EngineError
from infra.local.messages import running_endpoint
from infra.local.stack import find_bank, resources_of

WHOLE, BROKEN, NOT_DONE, PENDING = 0, 1, 2, 3


class CannotBeDone(Exception):
    """A command that cannot be carried out; the text is meant for a person, in Chinese and English.

    `code`, where there is one, is for scripts and never changes.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(f"{text} ({code})" if code else text)


def group(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(help=help_text, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def tell(line: str) -> None:
    """A line of the answer."""
    typer.echo(line)


def end(code: int) -> None:
    """End the command with a code that is not 0; returns when it is."""
    if code != WHOLE:
        raise typer.Exit(code)


def use_bank() -> None:
    """Work on the stack that BANK_STACK names, or the bank that the environment has, else on the running local one."""
    stack = os.environ.get("BANK_STACK")
    if stack:
        os.environ.update(_deployed(stack))
        return
    if "TABLE_PREFIX" in os.environ:
        return
    try:
        os.environ.update(find_bank(running_endpoint()).process_environment())
    except KeyError as problem:
        raise CannotBeDone(f"银行没有部署完 / the bank is not wholly deployed: {problem}") from None


def _deployed(stack: str) -> dict[str, str]:
    """What the functions of a stack in the cloud have in their environments, all together."""
    cloudformation = boto3.client("cloudformation")
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        resources = resources_of(cloudformation, stack)
    except ClientError as problem:
        raise CannotBeDone(f"无法读取堆栈 / the stack cannot be read: {problem}") from None
    stages = [one["ParameterValue"] for one in found.get("Parameters", []) if one["ParameterKey"] == "Stage"]
    if not stages:
        raise CannotBeDone(f"该堆栈不是本系统 / the stack is no bank: {stack}")
    return environment_of(resources, stages[0])


@contextmanager
def asking() -> Iterator[None]:
    """Questions to the person there; where nobody types, the command cannot be done."""
    try:
        yield
    except EOFError:
        raise CannotBeDone("没有输入，请在终端中执行 / nothing was typed; run it in a terminal") from None


@contextmanager
def told() -> Iterator[None]:
    """Say on the error output why a command cannot be done, and end it with NOT_DONE."""
    # Logs are for where no person looks on; what a command answers may go into a file.
    stream = log.logger.registered_handler
    before = stream.setStream(sys.stderr)  # type: ignore[attr-defined]  # a StreamHandler
    try:
        with origin.of(_here()):
            yield
    except NotFound as refusal:
        _complain(f"没有这一项 / there is no such thing ({refusal.code})")
    except Refusal as refusal:
        _complain(f"{refusal.text('zh')} / {refusal.text('en')} ({refusal.code})")
        if isinstance(refusal, MalformedRequest):
            _complain(json.dumps(refusal.errors))
    except (CannotBeDone, EngineError, OSError) as problem:
        _complain(f"error: {problem}")
    except SettingMissing as problem:
        _complain(f"环境变量不全 / the environment does not name all of the bank: {problem}")
    except (BotoCoreError, ClientError, PynamoDBException) as problem:
        _complain("银行没有运行，请先在另一个终端执行 make run")
        _complain(f"the bank does not answer ({_name(problem)}): is `make run` up?")
    else:
        return
    finally:
        if before is not None:
            stream.setStream(before)  # type: ignore[attr-defined]  # the same
    raise typer.Exit(NOT_DONE)


def _here() -> str:
    """Who at which machine, for the logs."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())  # a number that the machine has no name for
    return f"shell:{user}@{socket.gethostname()}"


def _name(problem: Exception) -> Any:
    return problem.response["Error"]["Code"] if isinstance(problem, ClientError) else type(problem).__name__


def _complain(line: str) -> None:
    typer.echo(line, err=True)
