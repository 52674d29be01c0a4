"""Reference pages out of what is deployed: tables, functions, alarms, events; and the list of decisions.

They are made from the assembled template, the policies and `events/`, so none of them can say what is not so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app import app
from docs import events
from infra.alarms import runbook_of
from infra.build import ROOT, assemble
from infra.environment import TABLE
from infra.workers import Worker, discover_workers

HERE = Path(__file__).parent
DECISIONS, RUNBOOKS = HERE / "decisions", HERE / "runbooks"
CONFIG = ROOT / ".chalice" / "config.json"
# Tables that a stage of the cloud does not have are of no use to who reads the reference, but the rest is.
STAGE = "prod"
MADE = "<!-- Written by `.venv/bin/python -m docs.generate` from the code; do not edit. -->"


def table(titles: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


@cache
def template() -> dict[str, Any]:
    """What is merged into Chalice's template: tables, queues, alarms, and what is told of each function."""
    return assemble(STAGE, list(workers()))


@cache
def workers() -> tuple[Worker, ...]:
    """Every function but the API."""
    return tuple(discover_workers(ROOT))


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _key(schema: list[Mapping[str, str]]) -> str:
    return _code([part["AttributeName"] for part in schema])


@cache
def policies() -> dict[str, list[dict[str, Any]]]:
    """The statements of each function's policy, those of one stage alone too, by the function's name."""
    functions = json.loads(CONFIG.read_text(encoding="utf-8"))["lambda_functions"]
    files = {name: CONFIG.parent / one["iam_policy_file"] for name, one in functions.items()}
    written = {name: json.loads(file.read_text(encoding="utf-8"))["Statement"] for name, file in files.items()}
    # `Fn::If` has its condition, the statement where it holds, and nothing for where it does not.
    return {name: [one["Fn::If"][1] if "Fn::If" in one else one for one in found] for name, found in written.items()}


def touches(logical_id: str) -> dict[str, list[str]]:
    """Function -> what its policy lets it do with a table, in words of DynamoDB."""
    found: dict[str, set[str]] = {}
    for name, statements in policies().items():
        for statement in statements:
            actions = [one.removeprefix("dynamodb:") for one in statement["Action"] if "dynamodb:" in one]
            if actions and re.search(rf'"{logical_id}"|{{{logical_id}\.', json.dumps(statement["Resource"])):
                found.setdefault(name, set()).update(actions)
    return {name: sorted(actions) for name, actions in sorted(found.items()) if actions}


TABLES_HEADER = f"""# Tables / 数据表

{MADE}

Keys, indexes and streams are those of `infra/resources.yaml`; who touches a table, and how, is what the functions'
policies
admit (`.chalice/policy-*.json`): nothing else can. What each is for: [architecture](architecture.md#tables).

- **added to**: no function may change or remove a row, whatever its policy says (NB-4-audit).
- **ends**: rows are removed after the time in that attribute.
- **stream**: every change is told to who reads the stream.

主键、索引、流取自 `infra/resources.yaml`；「谁可操作」取自各函数的权限策略。“added to”表示只增不改。

"""


def tables_page() -> str:
    """Every table with its key, and the functions whose policies name it."""
    rows = []
    for logical_id, resource in sorted(template()["Resources"].items()):
        if resource.get("Type") != TABLE:
            continue
        properties = resource["Properties"]
        marks = [
            "added to" if resource.get("Metadata", {}).get("AppendOnly") else "",
            "stream" if "StreamSpecification" in properties else "",
            f"ends `{ends['AttributeName']}`" if (ends := properties.get("TimeToLiveSpecification")) else "",
            "stage `local` only" if resource.get("Condition") == "IsLocal" else "",
        ]
        indexes = [
            f"`{index['IndexName']}`: {_key(index['KeySchema'])}"
            for index in properties.get("GlobalSecondaryIndexes", [])
        ]
        who = [f"`{name}`: {', '.join(actions)}" for name, actions in touches(logical_id).items()]
        rows.append(
            [
                f"**{logical_id.removesuffix('Table')}**",
                _key(properties["KeySchema"]),
                "<br>".join(indexes),
                "; ".join(mark for mark in marks if mark),
                "<br>".join(who),
            ]
        )
    return TABLES_HEADER + table(["table", "key", "indexes", "marks", "who may do what"], rows) + "\n"


FUNCTIONS_HEADER = f"""# Functions / 函数

{MADE}

Every Lambda function: what starts it, its memory, the time that it may take, and how many instances run at once where
that is bounded. One that raises
or runs out of time rings ([function errors](runbooks/function-errors.md)). What each may touch: [tables](tables.md);
what each does:
[architecture](architecture.md#workers). Times of schedules are UTC.

各函数的触发方式、内存、时限与最大并发。

"""


def functions_page() -> str:
    """Every function as it is deployed."""
    resources = template()["Resources"]
    api = resources["APIHandler"]["Properties"]
    declared: list[Any] = app.event_sources  # Chalice publishes the base class only
    schedules = {
        one.name: f"`{one.schedule_expression.to_string()}`" for one in declared if hasattr(one, "schedule_expression")
    }
    rows = [["`api_handler`", "API Gateway", str(api["MemorySize"]), str(api["Timeout"]), _at_once(api)]]
    for worker in workers():
        properties = resources[worker.logical_id]["Properties"]
        source = (worker.source or "").removesuffix("Table").removesuffix("Queue")
        rows.append(
            [
                f"`{worker.name}`",
                schedules[worker.name] if worker.kind == "Schedule" else f"{worker.kind.lower()} {source}",
                str(properties["MemorySize"]),
                str(properties["Timeout"]),
                _at_once(properties),
            ]
        )
    titles = ["function", "started by", "memory (MB)", "timeout (s)", "at once"]
    return FUNCTIONS_HEADER + table(titles, rows) + "\n"


def _at_once(properties: Mapping[str, Any]) -> str:
    """How many run at once, where that is said."""
    if "ReservedConcurrentExecutions" in properties:
        return str(properties["ReservedConcurrentExecutions"])
    found = [one["Properties"].get("ScalingConfig") for one in properties.get("Events", {}).values()]
    return ", ".join(str(one["MaximumConcurrency"]) for one in found if one)


def alarms() -> dict[str, dict[str, Any]]:
    """Every alarm of the template, by its logical id."""
    return {
        name: resource
        for name, resource in sorted(template()["Resources"].items())
        if resource.get("Type") == "AWS::CloudWatch::Alarm"
    }


ALARMS_HEADER = f"""# Alarms / 告警

{MADE}

All tell the topic `<stack>-alarms`. Each has a runbook: what it means, where to look first, what to do, and when it
is over. An alarm watches five
minutes at a time; silence means that all is well. A record that a stream's worker gave up rings by itself:
[set aside](runbooks/stream-failures.md). Which ring now:

```sh
aws cloudwatch describe-alarms --state-value ALARM --query "MetricAlarms[].[AlarmName,AlarmDescription]" --output text
```

每个告警都有处置手册：含义、先看什么、怎么做、何时算结束。

"""


def alarms_page() -> str:
    """The alarms by runbook: what rings it, and its name in the template."""
    by_runbook: dict[str, list[str]] = {}
    for name in alarms():
        by_runbook.setdefault(runbook_of(name), []).append(name)
    rows = [
        [
            f"[{title_of(RUNBOOKS / f'{runbook}.md')}](runbooks/{runbook}.md)",
            _rings(names),
            _code(names) if len(names) == 1 else f"{len(names)}: {_code(names)}",
        ]
        for runbook, names in sorted(by_runbook.items())
    ]
    return ALARMS_HEADER + table(["runbook", "rings when", "alarms"], rows) + "\n"


def _rings(names: list[str]) -> str:
    """What is told of the first; of many alike the name of what each is about says nothing."""
    first = alarms()[names[0]]["Properties"]
    if len(names) == 1 or "Metrics" in first:
        return str(first["AlarmDescription"]).partition(". docs/")[0]
    bounds = sorted({alarms()[name]["Properties"]["Threshold"] for name in names})
    return f"`{first['Namespace']}` {first['MetricName']} above {' or '.join(map(str, bounds))}"


EVENTS_HEADER = f"""# Events / 事件

{MADE}

What the bank's workers tell each other by queues, at least once and in no order. Ids only, no personal data; whoever
acts on one reads again what it is
about, and acts once however often it comes. The schemas are `events/schemas/`, the AsyncAPI document is
`events/asyncapi.json`. What a released schema
admits never changes.

银行内部各后台任务通过队列传递的事件：只含编号，不含个人信息；重复投递无害。

"""


def events_page() -> str:
    """Each queue with what it carries; each event with what it says, and a sample."""
    known = events.schemas()
    queues = [
        [f"`{queue}`", ", ".join(f"[`{name}`](#{name.replace('.', '').replace('_', '_')})" for name in types)]
        for queue, types in events.channels().items()
    ]
    parts = [EVENTS_HEADER, table(["queue", "events"], queues)]
    for name, schema in known.items():
        fields = schema["properties"]
        rows = [[f"`{field}`", _words(fields[field])] for field in ("event_id", "aggregate_id")]
        rows += [[f"`data.{field}`", _words(one)] for field, one in fields["data"].get("properties", {}).items()]
        sample = json.dumps(schema["examples"][0], ensure_ascii=False, indent=1)
        parts += [
            f"\n## {name}\n",
            f"**{schema['title']}.** {schema['description']} Version {fields['schema_version']['const']}.\n",
            table(["member", "what"], rows),
            f'\n```json title="event {name}"\n{sample}\n```',
        ]
    return "\n".join([*parts, ""])


def _words(schema: Mapping[str, Any]) -> str:
    form = f"`{schema['pattern']}`" if "pattern" in schema else ""
    among = _code([str(one) for one in schema["enum"]]) if "enum" in schema else ""
    return " ".join(part for part in (schema.get("description", ""), form, among) if part)


def title_of(path: Path) -> str:
    """The heading of a page."""
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("# ")


DECISIONS_HEADER = f"""# Decisions / 决策记录

{MADE}

Why the bank is as it is: a record a decision, with its context and what was given up. A change that overturns one
brings a new record.

"""


def decisions_page() -> str:
    """Every record, by number."""
    found = [path for path in sorted(DECISIONS.glob("*.md")) if path.name != "index.md"]
    rows = []
    for path in found:
        number, _, title = title_of(path).partition(" ")
        rows.append([number, f"[{title}]({path.name})"])
    return DECISIONS_HEADER + table(["number", "decision"], rows) + "\n"
