"""What customers read of outages, without log-in (NB-5.1.8-6, XJ-7.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.outages import service
from chalicelib.outages.domain import SCOPES, Words
from chalicelib.platform import clock, fields
from chalicelib.platform.http import Api, Call, View

api = Api(__name__)


class ExplainedOutage(View):
    """An outage and the bank's explanation of it."""

    id: str
    state: Literal["running", "over"]
    began_at: fields.Timestamp
    ended_at: fields.Timestamp | None
    affects_zh: Annotated[str, Field(description="影响范围 / what was affected", examples=["转账汇款"])]
    affects_en: str
    text_zh: Annotated[str, Field(description="说明 / the explanation")]
    text_en: str
    published_at: fields.Timestamp


class ExplainedOutages(View):
    outages: list[ExplainedOutage]


@api.operation(
    "GET", "/v1/outages", zh="服务中断说明", en="Explanations of outages", auth=None, answer=ExplainedOutages
)
def read_explanations(call: Call) -> ExplainedOutages:
    """Those that the bank has published an explanation of, the latest first."""
    del call
    found = service.published(clock.now())
    return ExplainedOutages(outages=[_view(outage, outage.words or Words("", "")) for outage in found])


def _view(outage: service.Outage, words: Words) -> ExplainedOutage:
    zh, en = SCOPES[outage.scope]
    return ExplainedOutage(
        id=outage.outage_id,
        state="running" if outage.ended_at is None else "over",
        began_at=outage.opened_at,
        ended_at=outage.ended_at,
        affects_zh=zh,
        affects_en=en,
        text_zh=words.zh,
        text_en=words.en,
        published_at=str(outage.published_at),
    )
