"""One botocore client a service and function instance, with time-outs short enough for a customer who waits."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailed

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_kms import KMSClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

# Silence: not reached, no answer in time, or cut off. botocore has two families for it, without a common base.
NO_ANSWER = (HTTPClientError, ConnectionFailed)

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 2
# Of what must not keep anybody waiting: it is tried once.
BRIEF_READ_TIMEOUT_S = 1

_THROTTLES = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TransactionConflictException",
    }
)
_SILENCE = frozenset({"InternalServerError"})

# Two attempts inside botocore; a transaction's retries belong to the ledger, which knows what a time-out means.
# One where a repeat after silence would be felt: SNS does not recognise a message it took before.
_ATTEMPTS = {"sns": 1}
_USUAL_ATTEMPTS = 2
# Links are signed as requests are: by itself botocore signs them the old way, which China's regions do not take.
_SIGNATURES = {"s3": "s3v4"}


def _config(service: str, is_brief: bool) -> Config:
    attempts = 1 if is_brief else _ATTEMPTS.get(service, _USUAL_ATTEMPTS)
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=BRIEF_READ_TIMEOUT_S if is_brief else READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=50,
        signature_version=_SIGNATURES.get(service),
    )


@functools.cache
def _client(service: str, *, is_brief: bool = False) -> Any:
    return boto3.client(service, config=_config(service, is_brief))  # type: ignore[call-overload]  # the name is dynamic here only


def dynamodb() -> DynamoDBClient:
    """The shared DynamoDB client."""
    return _client("dynamodb")  # type: ignore[no-any-return]


def dynamodb_briefly() -> DynamoDBClient:
    """The same for what may go undone: at most two seconds pass, whatever state the engine is in."""
    return _client("dynamodb", is_brief=True)  # type: ignore[no-any-return]


def sqs() -> SQSClient:
    """The shared SQS client."""
    return _client("sqs")  # type: ignore[no-any-return]


def kms() -> KMSClient:
    """The shared KMS client."""
    return _client("kms")  # type: ignore[no-any-return]


def s3() -> S3Client:
    """The shared S3 client."""
    return _client("s3")  # type: ignore[no-any-return]


def secretsmanager() -> SecretsManagerClient:
    """The shared Secrets Manager client."""
    return _client("secretsmanager")  # type: ignore[no-any-return]


def sns() -> SNSClient:
    """The shared SNS client."""
    return _client("sns")  # type: ignore[no-any-return]


def is_passing(error: Exception) -> bool:
    """Whether trying again may help: throttled, held by another transaction, or no answer in time."""
    return is_silence(error) or any(_code_of(cause) in _THROTTLES for cause in _causes(error))


def is_silence(error: Exception) -> bool:
    """Whether the engine never said what became of a request."""
    return any(isinstance(cause, NO_ANSWER) or _code_of(cause) in _SILENCE for cause in _causes(error))


def _code_of(error: BaseException) -> str | None:
    return error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def forget_clients() -> None:
    """Drop all clients, so that the next call builds them anew: for tests that swap the engine."""
    _client.cache_clear()
