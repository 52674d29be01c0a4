"""The bank's tables, queues and keys on an engine, without its functions: for races, and for the bench."""

from __future__ import annotations

import json

from infra.environment import RESOURCES_FILE, read_template
from infra.local.client import local_client

_BUCKET, _KEY = "templates", "resources.json"


def create_resources(url: str, stack: str) -> dict[str, str]:
    """Create every resource of the template on the engine at `url`: logical id -> what `Ref` gives.

    By way of a bucket: a template that comes with the request may have 51,200 bytes.
    """
    s3, cloudformation = local_client("s3", url), local_client("cloudformation", url)
    s3.create_bucket(Bucket=_BUCKET)
    s3.put_object(Bucket=_BUCKET, Key=_KEY, Body=json.dumps(read_template(RESOURCES_FILE)).encode())
    cloudformation.create_stack(
        StackName=stack,
        TemplateURL=f"{url}/{_BUCKET}/{_KEY}",
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    rows = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}
