"""Which functions the application declares, so that the overlay can speak of kinds instead of names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from chalice.utils import to_cfn_resource_name

Kind = Literal["Queue", "Stream", "Schedule"]
# How Chalice ends the name of an event source, by kind.
EVENT_SUFFIX: dict[Kind, str] = {
    "Queue": "-sqs-event-source",
    "Stream": "-dynamodb-event-source",
    "Schedule": "-event",
}


@dataclass(frozen=True)
class Worker:
    """A function that is not the API: its Chalice name, kind, and the logical id it reads from."""

    name: str
    kind: Kind
    source: str | None

    @property
    def logical_id(self) -> str:
        """The function's logical id in the packaged template."""
        return str(to_cfn_resource_name(self.name))

    @property
    def event_id(self) -> str:
        """The key under the function's `Events`."""
        return str(to_cfn_resource_name(self.name + EVENT_SUFFIX[self.kind]))


def _source(worker_name: str, arn: Any) -> str:
    try:
        logical_id, _attribute = arn["Fn::GetAtt"]
    except (TypeError, KeyError, ValueError):
        wanted = '{"Fn::GetAtt": ["<LogicalId>", "Arn"]}'
        raise ValueError(f"worker {worker_name} must name its source as {wanted}, not {arn!r}") from None
    return str(logical_id)


def discover_workers(root: Path) -> list[Worker]:
    """Import the application as `chalice package` does and list its workers, in order of name.

    Raises ValueError for a kind of event that the overlay has no rule for.
    """
    # Its package asks the terminal what it can do, and waits for the answer; `./bank` packages nothing and need not.
    from chalice.cli.factory import CLIFactory  # noqa: PLC0415  # see above

    app = CLIFactory(str(root)).load_chalice_app({})
    workers = []
    for event in app.event_sources:
        # Chalice publishes the base class only; what each kind adds is not in its types.
        declared: Any = event
        kind = type(event).__name__
        if kind == "SQSEventConfig":
            workers.append(Worker(event.name, "Queue", _source(event.name, declared.queue_arn)))
        elif kind == "DynamoDBEventConfig":
            workers.append(Worker(event.name, "Stream", _source(event.name, declared.stream_arn)))
        elif kind == "ScheduledEventConfig":
            workers.append(Worker(event.name, "Schedule", None))
        else:
            raise ValueError(f"worker {event.name}: infra/overlay.yaml has no rule for {kind}")
    return sorted(workers, key=lambda worker: worker.name)
