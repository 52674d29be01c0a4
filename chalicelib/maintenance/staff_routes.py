"""What staff look at before they plan a suspension."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.maintenance.commands.suitable_times import suitable_times
from chalicelib.platform import clock
from chalicelib.platform.http import Api, Call, Query, View
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

# The quietest ones; the rest are no hint.
MAX_STARTS = 5


class SuitableQuery(Query):
    hours: Annotated[int, Field(ge=1, le=24, description="停机多少小时 / for how many hours")] = 2


class StartView(View):
    """An hour to begin in."""

    hour: Annotated[int, Field(description="上海时间的小时 / hour of the Shanghai day")]
    entries: Annotated[int, Field(description="同一时段过去的交易笔数 / entries of past days in that time")]


class SuitableView(View):
    """When few are disturbed, by the bank's own traffic."""

    days: Annotated[int, Field(description="统计天数 / over how many days")]
    entries_by_hour: list[int]
    starts: Annotated[list[StartView], Field(description="最空闲者在前 / the quietest first")]


@api.operation(
    "GET",
    "/v1/staff/notices/suitable-times",
    zh="停机时段建议：按本行每小时交易量",
    en="When a suspension disturbs few, by the bank's traffic by hour",
    auth=checks_session,
    permission=staff.NOTICES_PUBLISH,
    query=SuitableQuery,
    answer=SuitableView,
)
def read_suitable_times(call: Call) -> SuitableView:
    """The quietest hours of past days."""
    hint = suitable_times(call.params(SuitableQuery).hours, clock.now())
    return SuitableView(
        days=hint.days,
        entries_by_hour=[*hint.entries],
        starts=[StartView(hour=start.hour, entries=start.entries) for start in hint.starts[:MAX_STARTS]],
    )
