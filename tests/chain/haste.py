"""A bank in haste: what costs much in each and shows nothing is done once a process, or cheaper.

`tests/chain/test_haste.py` holds what is done here to what moto does by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import yaml
from argon2 import PasswordHasher
from botocore import UNSIGNED
from botocore.useragent import UserAgentString
from moto import backend_index
from moto.core import responses, utils
from moto.dynamodb.parsing import ast_nodes
from moto.kms import models as kms_models
from moto.kms import utils as kms_utils

from chalicelib.platform import aws, passwords
from tests.chain.quick_moto import quick_moto

OWN_SERVICES = ("dynamodb", "kms", "secretsmanager", "sns", "sqs")

_make_client = aws._client.__wrapped__
_generate_key = kms_utils.generate_private_key


@cache
def _client(service: str) -> Any:
    """One client a process: it holds an address, and moto answers behind it whichever bank is open.

    That of DynamoDB does not sign: nobody here verifies a signature. (Of a queue moto reads the region there.)
    """
    client = _make_client(service)
    if service == "dynamodb":
        client.meta.events.register("choose-signer", lambda **_: UNSIGNED)
    return client


def patterns_in_haste() -> list[tuple[str, Any]]:
    """moto tries the address of each request against those of all services, in turn: the bank's own come first."""
    return sorted(backend_index.backend_url_patterns, key=lambda pattern: pattern[0] not in OWN_SERVICES)


_is_kind = cache(issubclass)


def _is_one(value: object, kinds: Any) -> bool:
    """For moto's expressions, whose classes are abstract ones: `isinstance` asks them slowly, node by node."""
    kind: Any = type(value)
    return _is_kind(kind, kinds)


@cache
def _unused_pair() -> Any:
    return _generate_key("RSA_2048")


def _generate_unless_unused(key_spec: str) -> Any:
    """moto makes a key pair for a symmetric key, too, and never uses it."""
    return _unused_pair() if key_spec == "SYMMETRIC_DEFAULT" else _generate_key(key_spec)


@contextmanager
def in_haste() -> Iterator[None]:
    """Spared: clients, names, what `quick_moto` spares; and password hashes at full strength (unit tests see those)."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with ExitStack() as stack:
        for owner, name, instead in (
            (passwords, "_hasher", hasher),
            (aws, "_client", _client),
            (UserAgentString, "to_string", lambda _: "Boto3"),
            (backend_index, "backend_url_patterns", patterns_in_haste()),
            (kms_models, "generate_private_key", _generate_unless_unused),
            (responses, "method_names_from_class", cache(utils.method_names_from_class)),
            (responses, "camelcase_to_underscores", cache(utils.camelcase_to_underscores)),
            (ast_nodes, "isinstance", _is_one),
        ):
            stack.enter_context(patch.object(owner, name, instead, create=owner is ast_nodes))
        stack.enter_context(quick_moto())
        yield


@contextmanager
def json_templates() -> Iterator[None]:
    """moto's CloudFormation reads JSON as YAML, slowly."""
    with patch.object(yaml, "load", lambda text, **_: json.loads(text)):
        yield
