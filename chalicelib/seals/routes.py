"""Days' seals and receipts' proofs over HTTP, for everybody: hashes and signatures, nothing of anybody's."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.platform import clock, fields
from chalicelib.platform.errors import CursorMalformed, NotFound
from chalicelib.platform.http import Answer, Api, Call, Query, View
from chalicelib.platform.jwks import JwkSet, answer_of
from chalicelib.seals import service
from chalicelib.seals.commands.prove_receipt import prove
from chalicelib.seals.errors import DayNotSealed, ReceiptProofNotFound

api = Api(__name__)

Hash = Annotated[str, Field(description="SHA-256，十六进制 / in hex", pattern="^[0-9a-f]{64}$")]
Signed = Annotated[str, Field(description="签名的日封存：JWS, ES256, compact; docs/day-seal.md")]


class DaySealView(View):
    """The sealed head of a business date: the root over its entries and receipts. What counts is `signed`."""

    business_date: fields.BusinessDate
    sequence: Annotated[int, Field(description="链中序号，自一起 / place in the chain, from 1")]
    entries: Annotated[int, Field(description="分录数 / leaves of the tree")]
    root: Hash
    sealed_at: fields.Timestamp
    signed: Signed


class DaySealList(View):
    seals: list[DaySealView]
    next_cursor: fields.Cursor | None


class DaySealQuery(Query):
    """Which page of the seals."""

    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _view(seal: service.Seal) -> DaySealView:
    return DaySealView(
        business_date=seal.business_date,
        sequence=seal.sequence,
        entries=seal.entries,
        root=seal.root.hex(),
        sealed_at=seal.sealed_at,
        signed=seal.signed,
    )


@api.operation(
    "GET",
    "/v1/day-seals",
    zh="日封存列表",
    en="The seals of business dates, newest first",
    auth=None,
    query=DaySealQuery,
    answer=DaySealList,
    refusals=(CursorMalformed,),
)
def read_all(call: Call) -> DaySealList:
    """The chain of all sealed days, from its end: who keeps it can show later that no day was rewritten."""
    query = call.params(DaySealQuery)
    found, cursor = service.seal_page(query.limit, query.cursor)
    return DaySealList(seals=[_view(seal) for seal in found], next_cursor=cursor)


@api.operation(
    "GET",
    "/v1/day-seals/{business_date}",
    zh="某日的日封存",
    en="The seal of a business date",
    auth=None,
    answer=DaySealView,
    refusals=(NotFound, DayNotSealed),
)
def read_one(call: Call, business_date: str) -> DaySealView:
    """The seal of one date, as it was signed."""
    return _view(service.seal_of(business_date))


class PlaceView(View):
    """Where the receipt's entry is among the day's: its leaf is over both hashes, the entry's and the receipt's."""

    entry: Hash
    index: Annotated[int, Field(description="叶序号，自零起 / the leaf's index, from 0")]
    path: Annotated[list[Hash], Field(description="审计路径，自下而上 / audit path (RFC 6962), from below")]


class ReceiptProofView(View):
    """That a receipt is in its sealed day; verified with the receipt and public keys alone (docs/day-seal.md)."""

    version: str
    number: Annotated[str, Field(description="回单编号（含校验位）/ receipt number with check digits")]
    business_date: fields.BusinessDate
    places: Annotated[list[PlaceView], Field(description="通常一处 / one, hardly ever two that share a number")]
    seal: Signed


@api.operation(
    "GET",
    "/v1/receipt-proofs/{number}",
    zh="回单存证",
    en="The inclusion proof of a receipt, once its day is sealed",
    auth=None,
    answer=ReceiptProofView,
    refusals=(DayNotSealed, ReceiptProofNotFound),
)
def read_proof(call: Call, number: str) -> ReceiptProofView:
    """The proof of the receipt with this number. It says nothing of what the receipt says."""
    return ReceiptProofView.model_validate(prove(number).facts())


@api.operation(
    "GET",
    "/v1/day-seal-keys.json",
    zh="日封存的公钥",
    en="Public keys of days' seals (RFC 7517)",
    auth=None,
    answer=JwkSet,
    also=(304,),
)
def read_keys(call: Call) -> Answer:
    """The keys of all seals that there are, and of the next ones."""
    return answer_of(service.public_keys(clock.now()))
