"""A planned suspension is announced at least three days ahead, to the second (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.maintenance import service, store
from chalicelib.maintenance.errors import NoticeMalformed, NoticeTooLate
from chalicelib.parameters import store as parameters_store
from chalicelib.parameters.domain import Row
from chalicelib.platform import clock

STARTS = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)
ENDS = STARTS + dt.timedelta(hours=2)
SECOND = dt.timedelta(seconds=1)


class Notices:
    """Stands for NoticesTable and ParametersTable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.items: list[store.NoticeItem] = []
        self.parameters: dict[str, int] = {}
        monkeypatch.setattr(store, "publish", self._keep)
        monkeypatch.setattr(store, "all_notices", lambda: iter(self.items))
        monkeypatch.setattr(
            parameters_store, "rows", lambda: {name: Row(value) for name, value in self.parameters.items()}
        )

    def _keep(self, item: store.NoticeItem) -> bool:
        self.items.append(item)
        return True

    def publish(
        self,
        now: dt.datetime,
        *,
        starts_at: dt.datetime = STARTS,
        ends_at: dt.datetime = ENDS,
        affects: str = "转账 / transfers",
        zh: str = "系统升级",
        en: str = "Upgrade",
    ) -> None:
        """Publish, all right unless told otherwise."""
        service.publish("n1", starts_at=starts_at, ends_at=ends_at, affects=affects, zh=zh, en=en, now=now)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> Notices:
    return Notices(monkeypatch)


@pytest.mark.requirement("NB-5.1.8-5")
@pytest.mark.parametrize(
    ("lead_h", "needed_h"),
    [
        pytest.param(None, 72, id="the default"),
        pytest.param(72, 72, id="the least"),
        pytest.param(96, 96, id="a stricter bank"),
        pytest.param(48, 72, id="a laxer value is out of bounds"),
    ],
)
def test_the_lead_is_exact_to_the_second(notices: Notices, lead_h: int | None, needed_h: int) -> None:
    # given the bank's policy
    if lead_h is not None:
        notices.parameters["notice.lead_h"] = lead_h
    latest = STARTS - dt.timedelta(hours=needed_h)
    # when somebody publishes a second late, then it is refused and nothing is published
    with pytest.raises(NoticeTooLate) as refused:
        notices.publish(latest + SECOND)
    assert refused.value.facts == {"lead_h": str(needed_h)}
    assert notices.items == []
    # and in the last second, and before, it is published
    notices.publish(latest)
    notices.publish(latest - SECOND)
    assert len(notices.items) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"ends_at": STARTS}, {"ends_at": STARTS - SECOND}, {"affects": ""}, {"zh": ""}, {"en": ""}],
    ids=["no time", "backwards", "nothing affected", "no Chinese", "no English"],
)
def test_a_notice_that_says_not_enough_is_refused(notices: Notices, wrong: dict[str, object]) -> None:
    with pytest.raises(NoticeMalformed):
        notices.publish(STARTS - dt.timedelta(days=10), **wrong)  # type: ignore[arg-type]  # varied by name
    assert notices.items == []


@pytest.mark.parametrize(
    ("at", "listed"),
    [
        (STARTS - dt.timedelta(days=9), True),
        (STARTS, True),
        (ENDS + dt.timedelta(days=30) - SECOND, True),
        (ENDS + dt.timedelta(days=30), False),
    ],
    ids=["coming", "running", "over for less than 30 days", "long over"],
)
def test_a_notice_is_listed_until_30_days_after_its_window(notices: Notices, at: dt.datetime, listed: bool) -> None:
    notices.publish(STARTS - dt.timedelta(days=10))
    assert bool(service.listed(at)) == listed
