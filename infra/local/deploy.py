"""Deploys the packaged template on the local engine with CloudFormation, as it is deployed to the cloud."""

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.build import TEMPLATE
from infra.local.client import local_client
from infra.local.engine import Tell

STACK = "rural-bank-local"
ARTEFACTS_BUCKET = "rural-bank-local-artefacts"
# Resources that have a zip, and the property that says where it is.
ZIP_IS_NAMED_BY = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
DEPLOY_TIMEOUT_S = 300.0
POLL_S = 0.2
TELL_EVERY_S = 2.0
GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
# A stack whose first creation failed can only be deleted.
NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


class DeployError(Exception):
    """The stack cannot be deployed; the text is meant for a person."""


def _upload(s3: Any, package: Path) -> str:
    """Upload the zips and the template under their digests; return the template's key.

    Like `aws cloudformation package`, it replaces the zips' local paths by their places in S3, and
    nothing else.
    """
    try:
        s3.create_bucket(Bucket=ARTEFACTS_BUCKET)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
    places: dict[str, dict[str, str]] = {}
    template = json.loads((package / TEMPLATE).read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if name := ZIP_IS_NAMED_BY.get(resource["Type"]):
            local = resource["Properties"][name]
            if local not in places:
                places[local] = _put(s3, (package / local).read_bytes(), "zip")
            resource["Properties"][name] = places[local]
    return _put(s3, json.dumps(template, sort_keys=True).encode(), "json")["Key"]


def _put(s3: Any, body: bytes, suffix: str) -> dict[str, str]:
    place = {"Bucket": ARTEFACTS_BUCKET, "Key": f"{hashlib.sha256(body).hexdigest()}.{suffix}"}
    s3.put_object(**place, Body=body)
    return place


def _teach_gateway_responses(endpoint_url: str, package: Path) -> None:
    """Give the engine the template's GatewayResponses, which it drops when it imports the API's definition.

    CloudFormation does this in the cloud. A deployment takes a snapshot of them, hence the last call.
    """
    template = json.loads((package / TEMPLATE).read_text(encoding="utf-8"))
    api = template["Resources"]["RestAPI"]["Properties"]
    cloudformation = local_client("cloudformation", endpoint_url)
    found = cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId="RestAPI")
    api_id = found["StackResourceDetail"]["PhysicalResourceId"]
    gateway = local_client("apigateway", endpoint_url)
    for response_type, response in api["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=response_type,
            statusCode=str(response["StatusCode"]),
            responseParameters={
                f"gatewayresponse.header.{name}": _text(value, template["Parameters"])
                for name, value in headers.items()
            },
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api_id, stageName=api["StageName"])


def _text(value: str | dict[str, str], parameters: dict[str, Any]) -> str:
    """A text of the template with the stack's parameters in it, which this stage leaves at their defaults."""
    if isinstance(value, str):
        return value
    return re.sub(r"\$\{(\w+)\}", lambda named: str(parameters[named[1]]["Default"]), value["Fn::Sub"])


def _status(cloudformation: Any) -> str | None:
    try:
        stacks = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as refusal:
        if "does not exist" in str(refusal):
            return None
        raise
    return str(stacks[0]["StackStatus"])


def _first_failure(cloudformation: Any) -> str:
    """Return the event that started the trouble: the oldest failure that is not a cancellation."""
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    for event in reversed(events):
        reason = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in reason.lower():
            return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason or event['ResourceStatus']}"
    return "no event tells why"


def _await(cloudformation: Any, tell: Tell) -> str | None:
    """Wait until the stack is at rest, telling how far it is; return its status."""
    began = told = time.monotonic()
    while True:
        status = _status(cloudformation)
        now = time.monotonic()
        if status is None or not status.endswith("_IN_PROGRESS"):
            return status
        if now - began > DEPLOY_TIMEOUT_S:
            raise DeployError(f"部署超时 / the stack is still {status} after {DEPLOY_TIMEOUT_S:.0f} s")
        if now - told >= TELL_EVERY_S:
            told = now
            events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
            done = {event["LogicalResourceId"] for event in events if event["ResourceStatus"].endswith("_COMPLETE")}
            tell(f"  … {status}: {len(done)} resources, {now - began:.0f} s")
        time.sleep(POLL_S)


def _remove_never_made(cloudformation: Any, tell: Tell) -> None:
    cloudformation.delete_stack(StackName=STACK)
    if _await(cloudformation, tell) not in {None, "DELETE_COMPLETE"}:
        raise DeployError(
            "上次失败的部署无法清除，请运行 make clean / a failed stack cannot be removed: run make clean"
        )


def deploy(endpoint_url: str, package: Path, tell: Tell) -> bool:
    """Create or update the stack from a package; return False when it was already up to date.

    Raises DeployError naming the resource that failed and why.
    """
    cloudformation = local_client("cloudformation", endpoint_url)
    template_key = _upload(local_client("s3", endpoint_url), package)
    status = _status(cloudformation)
    if status in NEVER_MADE:
        _remove_never_made(cloudformation, tell)
        status = None
    request = {
        "StackName": STACK,
        "TemplateURL": f"{endpoint_url}/{ARTEFACTS_BUCKET}/{template_key}",
        "Capabilities": CAPABILITIES,
    }
    try:
        if status in {None, "DELETE_COMPLETE"}:
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request)
    except ClientError as refusal:
        if "No updates are to be performed" in str(refusal):
            return False
        raise DeployError(f"模板被拒绝 / the template was refused: {refusal}") from refusal
    outcome = _await(cloudformation, tell)
    if outcome not in GOOD:
        raise DeployError(f"部署失败 / the stack is {outcome}: {_first_failure(cloudformation)}")
    _teach_gateway_responses(endpoint_url, package)
    return True
