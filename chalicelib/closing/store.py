"""BusinessDaysTable: one row a closed business date, never changed."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.closing.domain import TrialBalance
from chalicelib.platform.dynamo import Item, is_refused

BOOK = "main"


class BusinessDayItem(Item):
    class Meta:
        logical_name = "business_days"

    book = UnicodeAttribute(hash_key=True)
    business_date = UnicodeAttribute(range_key=True)
    closed_at = UnicodeAttribute()
    accounts = NumberAttribute()
    lines = NumberAttribute()
    turnover_fen = NumberAttribute()
    customers_fen = NumberAttribute()
    house_fen = NumberAttribute()
    house = JSONAttribute()


def put_once(balance: TrialBalance, closed_at: str) -> bool:
    """Close the day; False when it was closed before."""
    item = BusinessDayItem(
        BOOK,
        balance.business_date,
        closed_at=closed_at,
        accounts=balance.accounts,
        lines=balance.lines,
        turnover_fen=balance.turnover_fen,
        customers_fen=balance.customers_fen,
        house_fen=sum(balance.house.values()),
        house=balance.house,
    )
    try:
        item.save(BusinessDayItem.business_date.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


def get(business_date: str) -> BusinessDayItem | None:
    """The row of a closed day, or None."""
    try:
        return BusinessDayItem.get(BOOK, business_date, consistent_read=True)
    except DoesNotExist:
        return None


def closed_between(first: str, last: str) -> set[str]:
    """The closed dates of a period, both ends included."""
    rows = BusinessDayItem.query(BOOK, BusinessDayItem.business_date.between(first, last), consistent_read=True)
    return {row.business_date for row in rows}


def first_from(business_date: str) -> BusinessDayItem | None:
    """The oldest closed day from a date on."""
    rows = BusinessDayItem.query(
        BOOK, BusinessDayItem.business_date >= business_date, limit=1, page_size=1, consistent_read=True
    )
    return next(iter(rows), None)


def last_before(business_date: str) -> BusinessDayItem | None:
    """The newest closed day before a date."""
    rows = BusinessDayItem.query(
        BOOK,
        BusinessDayItem.business_date < business_date,
        scan_index_forward=False,
        limit=1,
        page_size=1,
        consistent_read=True,
    )
    return next(iter(rows), None)
