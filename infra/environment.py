"""The one rule by which a resource of `resources.yaml` reaches the functions as an environment variable.

There is no list to keep: every queue, key, secret and bucket has its variable, named after its logical id. Tables
have one together: their names are all `<prefix><logical id in small letters and dashes>`.

    AccountsTable  -> TABLE_PREFIX         (with it, the table's name: `rural-bank-prod-accounts`)
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
TABLE = "AWS::DynamoDB::Table"
TABLE_PREFIX = "TABLE_PREFIX"
# As every table of the template is named (an architecture test holds them to it).
PREFIX_IN_TEMPLATE = "${AWS::StackName}-"
SUFFIX_OF_TYPE = {
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
    return _words_of(logical_id, "_").upper() + SUFFIX_OF_TYPE[resource_type]


def _words_of(logical_id: str, between: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", between, logical_id)


def table_suffix(logical_id: str) -> str:
    """What a table's name ends in, after the prefix: `login-names` of `LoginNamesTable`."""
    return _words_of(logical_id.removesuffix("Table"), "-").lower()


def table_ids() -> list[str]:
    """Logical ids of all tables."""
    return [logical_id for logical_id, item in _resources().items() if item["Type"] == TABLE]


def _prefix_of(references: Mapping[str, str]) -> dict[str, str]:
    """The variable that names the tables, as far as `references` has any.

    Raises ValueError where their names do not follow the rule.
    """
    names = {logical_id: references[logical_id] for logical_id in table_ids() if logical_id in references}
    prefixes = {name.removesuffix(table_suffix(logical_id)) for logical_id, name in names.items()}
    if len(prefixes) > 1 or prefixes & set(names.values()):
        raise ValueError(f"tables without a prefix in common: {sorted(prefixes)}")
    return {TABLE_PREFIX: prefixes.pop()} if prefixes else {}


def variables() -> dict[str, str]:
    """Return variable -> logical id, for every resource that has its own and that functions see."""
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
    return {**found, **_prefix_of(references), **providers, "STAGE": stage}
