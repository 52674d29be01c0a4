"""`make run`: the whole bank on this machine, from one command, until Ctrl-C.

Engine, package, deploy, seed, walk-through; then the base URL and the demo log-ins. What it writes for
other programs: `.local/base_url` and `.local/demo.json`, both present only while the bank is up.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from infra import clients
from infra.build import BuildError
from infra.clients import ClientError
from infra.local.deploy import DeployError
from infra.local.engine import EngineError, port_from_environment
from infra.local.seed import seed
from infra.local.stack import LOCAL_DIR, Bank, running_bank

STATE_DIR = LOCAL_DIR / "state"
ENGINE_LOG = LOCAL_DIR / "engine.log"
BASE_URL_FILE = LOCAL_DIR / "base_url"
DEMO_FILE = LOCAL_DIR / "demo.json"
WATCH_EVERY_S = 0.5

Demo = dict[str, Any]


def tell(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def prepare(bank: Bank) -> Demo:
    """Seed the demo bank (once), walk through it, and return the demo log-ins with balances of now.

    `seed(bank)` does nothing to a bank that is seeded, and always returns what is in it. So it is asked a
    second time after the walk-through has moved money.
    """
    # The steps use the application's own code, which finds its tables as it does in Lambda.
    os.environ.update(bank.process_environment())
    # The walk-through goes by the client that apps get, which is made first where the contract has changed.
    clients.use_python()
    walk = importlib.import_module("infra.local.walk")
    tell("seeding the demo bank / 准备演示数据 …")
    demo = seed(bank)
    tell("walking through it / 走一遍主流程 …")
    try:
        walk.walk(bank, demo)
    except walk.WalkFailed as problem:
        # After very many runs in a day the payer meets a limit: the bank is up all the same.
        print(f"error: 主流程未走完 / the walk-through stopped: {problem}", file=sys.stderr)
    return {**seed(bank), "base_url": bank.base_url}


def _write(path: Path, text: str) -> None:
    """Write in one step: whoever waits for the file never reads half of it."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    # The demo log-ins open only a local bank, still they are nobody else's business.
    unfinished.chmod(0o600)
    unfinished.replace(path)


def _forget_files() -> None:
    for path in (BASE_URL_FILE, DEMO_FILE):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def published(bank: Bank, demo: Demo) -> Iterator[None]:
    """Keep base URL and demo log-ins in `.local/` as long as the bank is up; the base URL comes last."""
    _write(DEMO_FILE, json.dumps(demo, ensure_ascii=False, indent=2) + "\n")
    _write(BASE_URL_FILE, bank.base_url + "\n")
    try:
        yield
    finally:
        _forget_files()


def show(bank: Bank, demo: Demo) -> None:
    """Print where the bank is and who can log in."""
    tell(f"\n银行已就绪 / the bank is up: {bank.base_url}")
    for customer in demo.get("customers", []):
        accounts = ", ".join(f"{account['id']} ({account['balance']})" for account in customer["accounts"])
        tell(f"  {customer['login_name']} / {customer['password']}  ☎ {customer['phone']}  {accounts}")
    staff = demo.get("staff")
    for clerk in staff if isinstance(staff, list) else [staff] if staff else []:
        seat = f"{clerk.get('role', '')} {clerk.get('post', '')}"
        tell(f"  staff: {clerk.get('login_name', '')} / {clerk.get('password', '')}  {seat}")
    tell("  make staff-code STAFF=<number>  员工动态口令 / what a staff token shows")
    tell("  make messages PHONE=<phone>  短信与推送 / what was sent")
    tell("按 Ctrl-C 停止 / Ctrl-C stops it and keeps its data in .local/state\n")


def main() -> int:
    """Run until interrupted; return the exit code."""
    # A closed terminal or `kill` must leave a written state too; and a shell starts background jobs with
    # SIGINT ignored, so that Ctrl-C is asked for by name.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        LOCAL_DIR.mkdir(exist_ok=True)
        port = port_from_environment()
        with running_bank(port, STATE_DIR, tell, log=ENGINE_LOG) as bank:
            # An earlier run that was killed may have left its own; only now is it certain to be gone.
            _forget_files()
            demo = prepare(bank)
            with published(bank, demo):
                show(bank, demo)
                while bank.running():
                    time.sleep(WATCH_EVERY_S)
        print(f"error: 本地引擎意外退出 / the engine ended by itself; see {ENGINE_LOG}", file=sys.stderr)
    except KeyboardInterrupt:
        tell("\n已停止，数据已保存 / stopped, the state is kept")
        return 0
    except (BuildError, ClientError, EngineError, DeployError) as problem:
        print(f"error: {problem}", file=sys.stderr)
    except OSError as problem:
        print(f"error: 系统错误 / the system refused: {problem}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
