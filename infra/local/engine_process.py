"""What runs in the engine's own process: MiniStack, taught four things.

**Streams outlive a restart.** MiniStack 1.5.33 saves tables and the position of each stream consumer, but
not the records of the streams themselves. After a restart the streams begin again at position 0 while
consumers wait at their old position: the first changes would be skipped without a word, and changes that
nobody had read yet would be lost. In the cloud a stream outlives its consumers, so here the records are
saved and restored beside the tables. Test: stop the bank right after a transfer; its receipt appears after
the next start.

**A record that a worker reports as failed is tried again.** MiniStack honours partial batch responses of
queues, but takes a stream's batch as done whatever the worker answers, so that a failed record would be
lost without a word. Here a batch with failures is repeated, as often as the overlay's MaximumRetryAttempts
says, and then given up with a line in the log (the cloud then writes it to StreamFailuresBucket). The cloud
resumes at the failed record, here the whole batch comes again: workers must bear repeats anyway.

**A queue's URL does not name the port.** MiniStack keeps queues under their URL, port included, so that
after a start with another BANK_PORT nobody would find them. Here the URL always names the same port;
clients reach the engine by its endpoint, whatever the URL says.

**An archive is unpacked once.** MiniStack unpacks the package for each function that is called: thousands of files a
function, which take longer to remove, when the engine stops, than all that it did before. Here functions share them.
"""

import copy
import functools
import hashlib
import json
import logging
import sys
import tempfile
import threading
import zipfile
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import dynamodb, lambda_svc, sqs

# What DynamoDB's streams are made of in that version; a new version is checked against this list.
STREAM_STORES = ("_stream_records", "_stream_trimmed", "_closed_streams")
SEQUENCE = "_stream_seq_counter"
SECTION = "rural_bank_streams"
# The first attempt and the overlay's MaximumRetryAttempts.
MOST_ATTEMPTS = 9
PORT_IN_QUEUE_URLS = "4566"

logger = logging.getLogger("rural_bank.streams")


def keep_streams(dynamodb: ModuleType) -> None:
    """Make a DynamoDB service module save and restore its streams with its tables."""
    for name in (*STREAM_STORES, SEQUENCE, "get_state", "load_persisted_state"):
        if not hasattr(dynamodb, name):
            raise SystemExit(f"this version of ministack has no {name}: infra/local/engine_process.py needs a look")
    save, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> dict[str, Any]:
        streams: dict[str, Any] = {name: copy.deepcopy(getattr(dynamodb, name)) for name in STREAM_STORES}
        streams[SEQUENCE] = getattr(dynamodb, SEQUENCE)
        return {**save(), SECTION: streams}

    def load_persisted_state(data: dict[str, Any]) -> None:
        load(data)
        streams = data.get(SECTION, {})
        for name in STREAM_STORES:
            if name in streams:
                getattr(dynamodb, name).update(streams[name])
        # Sequence numbers go on rising: a consumer orders and de-duplicates by them.
        setattr(dynamodb, SEQUENCE, streams.get(SEQUENCE, 0))

    dynamodb.get_state = get_state  # type: ignore[attr-defined]
    dynamodb.load_persisted_state = load_persisted_state  # type: ignore[attr-defined]


def _failed_items(event: Any, result: dict[str, Any]) -> list[str]:
    """Return the failures that a worker reported for a batch of stream records."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or records[0].get("eventSource") != "aws:dynamodb":
        return []
    body = result.get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return []
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    return [str(failure.get("itemIdentifier", "")) for failure in failures or []]


def repeat_failed_batches(service: ModuleType) -> None:
    """Make a Lambda service module repeat a stream's batch of which a record failed."""
    if not hasattr(service, "_execute_function"):
        raise SystemExit("this version of ministack has no _execute_function: infra/local/engine_process.py")
    execute = service._execute_function
    attempts: Counter[tuple[str, str]] = Counter()

    @functools.wraps(execute)
    def execute_function(func: dict[str, Any], event: Any, *rest: Any, **named: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event, *rest, **named)
        failed = [] if result.get("error") else _failed_items(event, result)
        if not failed:
            return result
        name = str((func.get("config") or func).get("FunctionName", ""))
        attempts[name, failed[0]] += 1
        if attempts[name, failed[0]] >= MOST_ATTEMPTS:
            logger.error("%s: record %s is given up after %d attempts", name, failed[0], MOST_ATTEMPTS)
            return result
        answer = {"errorType": "BatchItemFailures", "errorMessage": f"failed: {', '.join(failed)}"}
        return {"body": answer, "error": True, "log": result.get("log", "")}

    service._execute_function = execute_function  # type: ignore[attr-defined]


def pin_queue_urls(service: ModuleType) -> None:
    """Make the SQS module name queues by one port, so that kept state is found again on another."""
    for name in ("DEFAULT_HOST", "DEFAULT_PORT", "_CANONICAL_NETLOC"):
        if not hasattr(service, name):
            raise SystemExit(f"this version of ministack has no {name}: infra/local/engine_process.py needs a look")
    service.DEFAULT_PORT = PORT_IN_QUEUE_URLS  # type: ignore[attr-defined]
    service._CANONICAL_NETLOC = f"{service.DEFAULT_HOST}:{PORT_IN_QUEUE_URLS}"  # type: ignore[attr-defined]


class SharedArchive(zipfile.ZipFile):
    """An archive whose files are unpacked once, however many functions are made of it; none writes to its own code."""

    _unpacking = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Put a link to the unpacked archive in place of `path`, an empty directory."""
        place, archive = Path(path), Path(str(self.filename))
        shared = Path(tempfile.gettempdir()) / f"unpacked-{hashlib.sha256(archive.read_bytes()).hexdigest()}"
        with self._unpacking:
            if not shared.exists():
                unfinished = tempfile.mkdtemp()
                super().extractall(unfinished, members, pwd)
                Path(unfinished).rename(shared)
        place.rmdir()
        place.symlink_to(shared)


def share_archives(runtime: ModuleType) -> None:
    """Make the module that starts functions unpack each archive once."""
    if getattr(runtime, "zipfile", None) is not zipfile:
        raise SystemExit("this version of ministack unpacks otherwise: infra/local/engine_process.py needs a look")
    shared = ModuleType("zipfile")
    vars(shared).update(vars(zipfile) | {"ZipFile": SharedArchive})
    runtime.zipfile = shared  # type: ignore[attr-defined]


def main() -> int:
    """Run the engine until SIGTERM; its configuration is in the environment (see infra/local/engine.py)."""
    keep_streams(dynamodb)
    repeat_failed_batches(lambda_svc)
    pin_queue_urls(sqs)
    share_archives(lambda_runtime)
    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
