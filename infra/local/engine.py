"""The local AWS-compatible engine (MiniStack) as a process that starts, answers and stops in order."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
POLL_S = 0.1
TELL_EVERY_S = 2.0
REGION = "us-east-1"
ROOT = Path(__file__).resolve().parents[2]
ENGINE_MODULE = "infra.local.engine_process"
# The engine accepts any; these say at a glance that no cloud account is meant.
ACCESS_KEY, SECRET_KEY = "test", "test"
# A function that nobody called for so long is started anew at the next call, which takes a second.
WARM_FUNCTION_S = 3600

Tell = Callable[[str], None]


class EngineError(Exception):
    """The engine cannot start or stop; the text is meant for a person."""


def port_from_environment() -> int:
    """Return BANK_PORT, or the default; raise EngineError when it is not a port."""
    text = os.environ.get("BANK_PORT") or str(DEFAULT_PORT)
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise EngineError(f"BANK_PORT={text} 不是端口 / is not a port between 1024 and 65535")
    return int(text)


def free_port() -> int:
    """Return a port that nothing listens on at this moment, for tests."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Engine:
    """One MiniStack process on 127.0.0.1, with its state in a directory of its own."""

    def __init__(self, port: int, state_dir: Path, log: Path) -> None:
        self.port = port
        self.state_dir = state_dir
        self.log = log
        self.url = f"http://{HOST}:{port}"
        # Functions are unpacked here; the engine itself never tidies up.
        self._scratch = state_dir.with_name(state_dir.name + ".tmp")
        self._pid_file = state_dir.with_name(state_dir.name + ".pid")
        self._process: subprocess.Popen[bytes] | None = None

    def _environment(self) -> dict[str, str]:
        # Only what a process needs: a developer's AWS profile, proxy or endpoint must not reach the engine.
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return passed | {
            "TMPDIR": str(self._scratch),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state_dir),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state_dir / "s3"),
            "LAMBDA_WARM_TTL_SECONDS": str(WARM_FUNCTION_S),
            # These two would open further ports, on every address.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": REGION,
            "NO_PROXY": "*",
            "PYTHONUNBUFFERED": "1",
        }

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            # A connection that just closed must not count as a listener.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, self.port))
                return
        raise EngineError(
            f"端口 {self.port} 已被占用，请用 BANK_PORT 选另一个，例如 BANK_PORT={self.port + 1} make run\n"
            f"port {self.port} is taken: choose another, as in BANK_PORT={self.port + 1} make run"
            + self._earlier_engine()
        )

    def _earlier_engine(self) -> str:
        """Name an engine that an interrupted run left behind; it holds the same state."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text(encoding="utf-8"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if ENGINE_MODULE.encode() in command:
                return f"\nthe bank of this checkout runs already; stop it with Ctrl-C there, or: kill {pid}"
        return ""

    def start(self, tell: Tell) -> None:
        """Start the engine and wait until it answers; raise EngineError with a sentence when it does not."""
        self._refuse_taken_port()
        earlier = self._earlier_engine()
        if earlier:
            raise EngineError("这份数据正被另一个引擎使用 / the kept state is in use" + earlier)
        self.state_dir.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", ENGINE_MODULE],
                env=self._environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal must reach only us: we stop the engine after what uses it.
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid), encoding="utf-8")
        self._await_ready(self._process, tell)

    def _await_ready(self, process: "subprocess.Popen[bytes]", tell: Tell) -> None:
        began = told = time.monotonic()
        while not self._answers():
            now = time.monotonic()
            if process.poll() is not None:
                self._forget()
                raise EngineError(f"本地引擎没能启动 / the engine ended with {process.returncode}: {self.log}")
            if now - began > START_TIMEOUT_S:
                self.stop(tell)
                raise EngineError(f"本地引擎没有响应 / the engine gives no answer: {self.log}")
            if now - told >= TELL_EVERY_S:
                told = now
                tell(f"  … waiting for the engine, {now - began:.0f} s")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        try:
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def running(self) -> bool:
        """Tell whether the process that we started is still there."""
        return self._process is not None and self._process.poll() is None

    def stop(self, tell: Tell) -> None:
        """Ask the engine to end and wait until its state is written; a second Ctrl-C changes nothing."""
        process = self._process
        if process is None:
            return
        previous = _ignore_interrupts()
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            began = told = time.monotonic()
            while process.poll() is None:
                now = time.monotonic()
                if now - began > STOP_TIMEOUT_S:
                    process.kill()
                    process.wait()
                    raise EngineError("引擎没有按时停止，数据可能丢失 / the engine had to be killed")
                if now - told >= TELL_EVERY_S:
                    told = now
                    tell(f"  … writing the state, {now - began:.0f} s")
                time.sleep(POLL_S)
            self._forget()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _forget(self) -> None:
        self._process = None
        self._pid_file.unlink(missing_ok=True)
        shutil.rmtree(self._scratch, ignore_errors=True)


def _ignore_interrupts() -> dict[int, signal.Handlers | None]:
    """Ignore SIGINT and SIGTERM and return what was there; only a main thread may do so."""
    previous: dict[int, signal.Handlers | None] = {}
    with contextlib.suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM):
            previous[number] = signal.signal(number, signal.SIG_IGN)  # type: ignore[assignment]
    return previous
