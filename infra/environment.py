"""The one rule by which a resource of `resources.yaml` reaches the functions as an environment variable.

There is no list to keep: every table, queue, key, secret and bucket has its variable, named after its logical id.

    AccountsTable  -> ACCOUNTS_TABLE       (the table's name)
    ReceiptsQueue  -> RECEIPTS_QUEUE_URL   (the queue's URL)
    TokenKey       -> TOKEN_KEY_ID         (the key's id)
    CodeSecret     -> CODE_SECRET_ARN      (the secret's ARN)
    ClearingFilesBucket -> CLEARING_FILES_BUCKET  (the bucket's name)

The value is what CloudFormation's `Ref` gives. Dead-letter queues and buckets of
failures have none: no function writes to them, Lambda itself does.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

RESOURCES_FILE = Path(__file__).with_name("resources.yaml")
STAGES = ("local", "dev", "staging", "prod")
SUFFIX_OF_TYPE = {
    "AWS::DynamoDB::Table": "",
    "AWS::SQS::Queue": "_URL",
    "AWS::KMS::Key": "_ID",
    "AWS::SecretsManager::Secret": "_ARN",
    "AWS::S3::Bucket": "",
}


def read_template(path: Path) -> dict[str, Any]:
    """Read a template with its short forms (`!Ref`, `!GetAtt`); raise TypeError when it is not one."""
    parsed = yaml_parse(path.read_text(encoding="utf-8"))
    if not isinstance(parsed, dict):
        raise TypeError(f"{path.name} is not a template")
    # The parser keeps YAML's order in its own dict types; plain dicts merge and serialise predictably.
    plain = _plain(parsed)
    assert isinstance(plain, dict)
    return plain


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_plain(value) for value in node]
    return node


@cache
def _resources() -> dict[str, Any]:
    resources = read_template(RESOURCES_FILE)["Resources"]
    assert isinstance(resources, dict)
    return resources


def is_dead_letter_queue(logical_id: str) -> bool:
    """Tell a dead-letter queue by its name; an architecture test holds the names to the wiring."""
    return logical_id.endswith("DeadLetterQueue")


def variable_of(logical_id: str, resource_type: str) -> str | None:
    """Return the environment variable of a resource, or None where functions do not see it."""
    if resource_type not in SUFFIX_OF_TYPE or is_dead_letter_queue(logical_id) or logical_id.endswith("FailuresBucket"):
        return None
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", logical_id)
    return words.upper() + SUFFIX_OF_TYPE[resource_type]


def variables() -> dict[str, str]:
    """Return variable -> logical id, for every resource that functions see."""
    named = {variable_of(logical_id, item["Type"]): logical_id for logical_id, item in _resources().items()}
    return {name: logical_id for name, logical_id in named.items() if name is not None}


def condition_of(logical_id: str) -> str | None:
    """Return the condition under which a resource exists, if it does not always."""
    condition = _resources()[logical_id].get("Condition")
    return str(condition) if condition else None


def environment_of(references: Mapping[str, str], stage: str = "local") -> dict[str, str]:
    """Return what the functions of a stage find in their environment.

    `references` maps logical ids to what `Ref` gives (table name, queue URL, key id, secret ARN, bucket), as
    `describe_stack_resources` reports them. Resources that it lacks are left out, as in a stage where
    their condition does not hold. The same rule as in the packaged template, for tests and tools.
    """
    found = {name: references[logical_id] for name, logical_id in variables().items() if logical_id in references}
    providers = {
        "MESSAGE_PROVIDER": "local" if stage == "local" else "sns",
        "IDENTITY_PROVIDER": "local" if stage == "local" else "http",
    }
    return {**found, **providers, "STAGE": stage}
