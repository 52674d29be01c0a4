"""Samples and marks over HTTP, for auditors (NB-4-audit). Whose data an entry has is looked up with its purpose."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.texts import printable
from chalicelib.rechecks import errors, service
from chalicelib.rechecks.domain import MAX_SAMPLE
from chalicelib.rechecks.service import Mark, Sample
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

Result = Literal["in_order", "doubtful"]
Remark = Annotated[
    str,
    StringConstraints(min_length=2, max_length=200, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="复核意见 / what was found", examples=["单据齐全"]),
]


class SampleWish(Body):
    """A date that is over, how many entries, and the seed, where a sample is to be drawn again."""

    business_date: Annotated[fields.CalendarDate, Field(description="会计日期 / business date", examples=["20261121"])]
    size: Annotated[int, Field(ge=1, le=MAX_SAMPLE, description="抽样笔数 / how many entries", examples=[20])]
    seed: Annotated[
        str | None,
        Field(pattern="^[!-~]{8,64}$", description="随机种子，不填由系统产生 / seed, drawn where none is given"),
    ] = None


class MarkBody(Body):
    entry: Annotated[str, StringConstraints(min_length=1, max_length=26)]
    result: Annotated[Result, Field(description="无误或存疑 / in order, or doubtful")]
    remark: Remark


class SamplesQuery(Query):
    business_date: Annotated[fields.CalendarDate, Field(description="会计日期 / business date")]


class SampleRow(View):
    """A sample in a list: `population` is how many entries it was drawn from."""

    id: str
    business_date: fields.BusinessDate
    seed: str
    size: int
    population: int
    drawn_by: str
    drawn_at: fields.Timestamp


class SampleList(View):
    samples: list[SampleRow]


class MarkView(View):
    result: Result
    remark: str
    by: str
    at: fields.Timestamp


class SampledEntry(View):
    entry: fields.EntryId
    marks: list[MarkView]


class SampleView(View):
    """A sample with its entries, each with the marks on it, oldest first."""

    sample: SampleRow
    entries: list[SampledEntry]
    unmarked: int


def _row(sample: Sample) -> SampleRow:
    return SampleRow(
        id=sample.sample_id,
        business_date=sample.business_date,
        seed=sample.seed,
        size=sample.size,
        population=sample.population,
        drawn_by=sample.drawn_by,
        drawn_at=sample.drawn_at,
    )


def _view(sample: Sample) -> SampleView:
    marks: dict[str, list[Mark]] = {}
    for mark in service.marks_on(sample.sample_id):
        marks.setdefault(mark.entry_id, []).append(mark)
    return SampleView(
        sample=_row(sample),
        entries=[
            SampledEntry(
                entry=entry_id,
                marks=[
                    MarkView.model_validate({"result": m.result, "remark": m.remark, "by": m.by, "at": m.at})
                    for m in marks.get(entry_id, [])
                ],
            )
            for entry_id in sample.entries
        ],
        unmarked=sum(entry_id not in marks for entry_id in sample.entries),
    )


@api.operation(
    "POST",
    "/v1/staff/audit/samples",
    zh="审计抽样：抽取某日的业务",
    en="Draw a sample of a date's entries",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    body=SampleWish,
    answer=SampleView,
    status=201,
    also=(200,),
    refusals=(errors.SampleDateNotOver,),
)
def draw(call: Call) -> Answer:
    """The same date, size and seed answers what was drawn, with 200."""
    wish = call.json(SampleWish)
    sample, hit = service.draw(call.staff, wish.business_date, wish.size, wish.seed, clock.now())
    return Answer(_view(sample), status=200 if hit else 201)


@api.operation(
    "GET",
    "/v1/staff/audit/samples",
    zh="查询某日的审计样本",
    en="Samples of a date, oldest first",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    query=SamplesQuery,
    answer=SampleList,
)
def read_samples(call: Call) -> SampleList:
    """Every sample of the date, whoever drew it."""
    found = service.samples_of(call.params(SamplesQuery).business_date)
    return SampleList(samples=[_row(sample) for sample in found])


@api.operation(
    "GET",
    "/v1/staff/audit/samples/{business_date}/{sample_id}",
    zh="查询审计样本及复核意见",
    en="A sample with its marks",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    answer=SampleView,
    refusals=(NotFound,),
)
def read_sample(call: Call, business_date: str, sample_id: str) -> SampleView:
    """The entries by id; what they are is looked up at `/v1/staff/entries/{entry_id}`."""
    del call
    return _view(service.sample_of(business_date, sample_id))


@api.operation(
    "POST",
    "/v1/staff/audit/samples/{business_date}/{sample_id}/marks",
    zh="审计复核：标注样本中的一笔业务",
    en="Mark an entry of a sample",
    auth=checks_session,
    permission=staff.AUDIT_READ,
    body=MarkBody,
    answer=SampleView,
    status=201,
    refusals=(NotFound, errors.EntryNotSampled),
)
def mark(call: Call, business_date: str, sample_id: str) -> SampleView:
    """Marks are only added to; the same one sent twice is one."""
    body = call.json(MarkBody)
    sample = service.sample_of(business_date, sample_id)
    service.mark(call.staff, sample, body.entry, body.result, body.remark, clock.now())
    return _view(sample)
