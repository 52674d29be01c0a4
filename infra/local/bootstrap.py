"""Makes the virtual environment `.venv` with the pinned requirements; every `make` target runs this first.

It is the only file that runs before anything is installed and perhaps on a Python that is too old. So it
uses the standard library and syntax that Python 3.6 parses, and tells what is wrong in one sentence.
"""

import hashlib
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from typing import IO, List, NoReturn, Optional, Tuple

OLDEST = (3, 11)
# Looked for, newest last, when `python3` is too old.
OTHER_PYTHONS = ("python3.13", "python3.12", "python3.11")
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
NEEDED_BYTES = 1500 * 1024 * 1024
PROGRESS_EVERY_S = 2.0
PIP_TIMEOUT_S = 1800
STAMP = "bank-requirements.sha256"

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
LOG = os.path.join(ROOT, ".local", "bootstrap.log")

# What pip says -> what it means; the first that occurs in its output wins.
PIP_FAILURES = (
    (("No space left on device", "Errno 28"), "磁盘空间已满。", "The disk is full: free some space."),
    (
        (
            "Temporary failure in name resolution",
            "Failed to establish a new connection",
            "NewConnectionError",
            "Name or service not known",
            "Network is unreachable",
            "Connection refused",
            "ConnectTimeout",
            "Read timed out",
            "Connection aborted",
            "ProxyError",
        ),
        "连不上软件包索引，请检查网络或 pip 的代理设置。",
        "The package index cannot be reached: check the network, or pip's proxy settings.",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError"),
        "软件包索引的证书无法验证。",
        "The package index's certificate cannot be verified: check pip's `cert` setting.",
    ),
    (
        ("No matching distribution found", "Could not find a version"),
        "软件包索引里没有所需的某个版本。",
        "The package index lacks a pinned version for this Python.",
    ),
    (("Permission denied", "Errno 13"), "没有写权限。", "A file or directory cannot be written."),
)


def fail(chinese: str, english: str) -> NoReturn:
    """Say what is wrong in both languages and stop."""
    sys.stderr.write("错误: {}\nerror: {}\n".format(chinese, english))
    sys.exit(1)


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(text, flush=True)


def ensure_python() -> None:
    """Go on with a newer Python of this machine when this one is too old; fail when there is none."""
    if sys.version_info[:2] >= OLDEST:
        return
    for name in reversed(OTHER_PYTHONS):
        path = shutil.which(name)
        if path and subprocess.call([path, "-c", "import ssl"], stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path, os.path.abspath(__file__)])
    found = "{}.{}".format(*sys.version_info[:2])
    fail(
        "需要 Python 3.11 或更新版本，这里是 {}。请安装后用 make PYTHON=路径 指定。".format(found),
        "Python 3.11 or newer is needed, this is {}. Install one and name it: make PYTHON=path.".format(found),
    )


def ensure_venv_module() -> None:
    """Debian ships Python without `ensurepip`; without it `venv` leaves half an environment behind."""
    try:
        import ensurepip
        import venv
    except ImportError:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        fail(
            "缺少 venv 模块。请运行: sudo apt install {}".format(package),
            "Python's venv module is missing. Run: sudo apt install {}".format(package),
        )
    del ensurepip, venv


def wanted_stamp() -> str:
    """Return a digest of all that the environment depends on, its own path included (scripts name it)."""
    digest = hashlib.sha256()
    digest.update("{} {} {}".format(VENV, sys.version, os.path.realpath(sys.executable)).encode())
    for name in REQUIREMENTS:
        try:
            with open(os.path.join(ROOT, name), "rb") as file:
                digest.update(file.read())
        except FileNotFoundError:
            fail("缺少文件 {}。".format(name), "The file {} is missing from the checkout.".format(name))
    return digest.hexdigest()


def kept_stamp() -> Optional[str]:
    """Return the digest of the last complete installation, if there was one and its Python still runs."""
    try:
        with open(os.path.join(VENV, STAMP)) as file:
            stamp = file.read().strip()
    except OSError:
        return None
    return stamp if os.access(os.path.join(VENV, "bin", "python"), os.X_OK) else None


def follow(process: "subprocess.Popen[str]", output: IO[str], doing: str) -> Tuple[int, str]:
    """Copy a process's output to the log, telling now and then that it is alive; return code and output."""
    lines = queue.Queue()  # type: queue.Queue[Optional[str]]

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    began = told = time.monotonic()
    kept = []  # type: List[str]
    packages = 0
    while True:
        try:
            line = lines.get(timeout=PROGRESS_EVERY_S)
            if line is None:
                break
            kept.append(line)
            output.write(line)
            packages += line.startswith("Collecting ")
        except queue.Empty:
            pass
        now = time.monotonic()
        if now - told >= PROGRESS_EVERY_S:
            told = now
            say("  … {}: {} packages, {:.0f} s".format(doing, packages, now - began))
        if now - began > PIP_TIMEOUT_S:
            process.kill()
            fail("安装超时。", "Installing took over {} minutes.".format(PIP_TIMEOUT_S // 60))
    return process.wait(), "".join(kept)


def run(command: List[str], doing: str) -> None:
    """Run one step of the installation; turn its failure into a sentence."""
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    # A caller's own PYTHONPATH or --user installs must not leak into the bank's environment.
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        environment.pop(name, None)
    with open(LOG, "a", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        try:
            code, text = follow(process, output, doing)
        except BaseException:
            # Ctrl-C must not leave pip writing into an environment that the next run clears.
            process.terminate()
            process.wait()
            raise
    if code == 0:
        return
    for signs, chinese, english in PIP_FAILURES:
        if any(sign in text for sign in signs):
            fail(chinese, english + " Details: .local/bootstrap.log")
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no output")
    fail("{}失败，详见 .local/bootstrap.log".format(doing), "{} failed: {}".format(doing, last[:300]))


def install(stamp: str, complete_before: bool) -> None:
    """Make the environment, or bring a complete one up to date; the stamp is written last."""
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_BYTES:
        fail(
            "磁盘空间不足: 需要约 1.5 GB，只剩 {} MB。".format(free // 1048576),
            "Too little disk space: about 1.5 GB is needed, {} MB are free.".format(free // 1048576),
        )
    python = os.path.join(VENV, "bin", "python")
    if complete_before:
        os.remove(os.path.join(VENV, STAMP))
    say("准备 Python 环境 .venv / preparing the Python environment .venv (about a minute)")
    run([sys.executable, "-m", "venv", "--clear", VENV], "venv")
    pip = [python, "-m", "pip", "install", "--progress-bar", "off", "--no-input", "--retries", "2"]
    run(pip + ["-r", REQUIREMENTS[-1]], "pip install")
    with open(os.path.join(VENV, STAMP), "w") as file:
        file.write(stamp)
    say("Python 环境就绪 / the Python environment is ready")


def main() -> int:
    """Do nothing when the environment matches the requirement files, else make it anew."""
    ensure_python()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Chinese must not stop an installation.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    stamp = wanted_stamp()
    kept = kept_stamp()
    if kept == stamp:
        return 0
    ensure_venv_module()
    install(stamp, complete_before=kept is not None)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("\n已中断 / interrupted\n")
        sys.exit(130)
    except OSError as problem:
        fail("系统错误: {}".format(problem), "The system refused: {}".format(problem))
