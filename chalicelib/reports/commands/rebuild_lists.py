"""Make good the rows of a business date whose records never came: for an operator, as it reads the whole journal.

The list by which the date's seal finds its entries is made good with them.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.reports import service
from chalicelib.seals.commands.list_entry import list_entries

# The engine reads so many items at once.
AT_ONCE = 100
_LAST_MS = dt.timedelta(days=1) - dt.timedelta(milliseconds=1)


def rebuild_lists(business_date: str, *, most_pages: int) -> int:
    """Note, and count, every entry posted on a date (Shanghai) whose row is missing or behind; how many.

    Raises ValueError for what is no date, TooManyPages, TryAgain, OutcomeUnknown; then run it again: what is there
    is left as it is.
    """
    begins = clock.start_of_day(business_date)
    posted = ledger.posted_between(clock.to_text(begins), clock.to_text(begins + _LAST_MS), most_pages)
    noted = 0
    while images := list(islice(posted, AT_ONCE)):
        noted += service.list_again(images)
        list_entries(images, clock.now())
    return noted
