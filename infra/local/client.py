"""Clients of the local engine that know nothing of the developer's own AWS profile, region or proxy."""

import os
from typing import Any

import botocore.session
from botocore.config import Config

from infra.local.engine import ACCESS_KEY, REGION, SECRET_KEY

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5, 60
# A profile named by AWS_PROFILE need not exist on this machine: no variable is read, no file either.
NO_PROFILE: dict[str, Any] = {"profile": (None, [], None, None), "config_file": (None, [], os.devnull, None)}


def local_client(service: str, endpoint_url: str) -> Any:
    """Return a client of an AWS service on a local engine."""
    session = botocore.session.Session(NO_PROFILE)
    return session.create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"total_max_attempts": 2},
            proxies={},
            s3={"addressing_style": "path"},
        ),
    )
