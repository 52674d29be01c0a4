"""Where this function's tables, queues and keys are: environment variables that the template fills in."""

from __future__ import annotations

import os


class SettingMissing(RuntimeError):
    """A variable the template should have set is not there: a deployment error, never a customer's."""


def get(name: str) -> str:
    """The value of environment variable `name`; raises SettingMissing when it is absent or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(f"environment variable {name} is not set")
    return value


def table(name: str) -> str:
    """Physical name of the table with logical id `<Name>Table`: `login_names` is `<TABLE_PREFIX>login-names`."""
    return get("TABLE_PREFIX") + name.replace("_", "-")


def queue_url(name: str) -> str:
    """URL of the queue with logical id `<Name>Queue`: `bill_runs` reads BILL_RUNS_QUEUE_URL."""
    return get(f"{name.upper()}_QUEUE_URL")


def web_origin() -> dict[str, str]:
    """The header that lets pages of another host read an answer; nothing where the stage names none (WEB_ORIGIN)."""
    origin = os.environ.get("WEB_ORIGIN", "")
    return {"Access-Control-Allow-Origin": origin} if origin else {}
