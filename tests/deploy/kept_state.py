"""Puts what a release left behind into the state of a stopped engine, as if that release had written it there.

Past the application and its streams: a put would be told to the workers once more. Keys and secrets of the stack get
the release's material, so that what was signed and hashed with them stays so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from infra.environment import table_suffix
from infra.local.deploy import STACK


def put_into(state: Path, kept: dict[str, Any]) -> None:
    """Write items, keys and secrets into a state that MiniStack has saved."""
    _edit(state / "dynamodb.json", lambda payload: _put_items(payload["tables"]["data"], kept["items"]))
    _edit(state / "kms.json", lambda payload: _put_keys(payload["keys"]["data"], kept["keys"]))
    _edit(state / "secretsmanager.json", lambda payload: _put_secrets(payload["secrets"]["data"], kept["secrets"]))


def _edit(file: Path, change: Any) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document["payload"])
    file.write_text(json.dumps(document), encoding="utf-8")


def _put_items(tables: dict[str, Any], items: dict[str, list[Any]]) -> None:
    by_name = {record["TableName"]: record for record in tables.values()}
    for table, rows in items.items():
        record = by_name[f"{STACK}-{table_suffix(table)}"]
        for row in rows:
            ((_, place),) = row[record["pk_name"]].items()
            ((_, beside),) = row[record["sk_name"]].items() if record["sk_name"] else (("", "__no_sort__"),)
            record["items"].setdefault(place, {})[beside] = row
        record["ItemCount"] = sum(map(len, record["items"].values()))


def _put_keys(records: dict[str, Any], pems: dict[str, str]) -> None:
    for logical_id, record in _tagged(records):
        if logical_id in pems:
            private = load_pem_private_key(pems[logical_id].encode(), None)
            der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            record["_private_key_pem"] = base64.b64encode(pems[logical_id].encode()).decode()
            record["_public_key_der_b64"] = base64.b64encode(der).decode()


def _put_secrets(records: dict[str, Any], texts: dict[str, str]) -> None:
    for logical_id, record in _tagged(records):
        for version in record["Versions"].values():
            version["SecretString"] = texts[logical_id]


def _tagged(records: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records with the logical ids by which the stack made them."""
    for record in records.values():
        for tag in record["Tags"]:
            if tag.get("Key", tag.get("TagKey")) == "aws:cloudformation:logical-id":
                yield str(tag.get("Value", tag.get("TagValue"))), record
