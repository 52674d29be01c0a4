"""Write the statement of a period, or a month's bill, as a file: checked while it is written, or not at all."""

from __future__ import annotations

import datetime as dt
import functools
import importlib
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, cast

from chalicelib.clearing import service as clearing
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, metrics
from chalicelib.platform.errors import NotFound
from chalicelib.receipts import service as receipts
from chalicelib.staff import service as staff
from chalicelib.statements import domain, store
from chalicelib.statements.domain import BillUnbalanced, Figures
from chalicelib.statements.errors import StatementTooLong
from chalicelib.statements.paper import Row, Statement, Writer, row_of
from chalicelib.statements.period import Period, period_of

CSV, XLSX, OFX, CAMT053, PDF = "csv", "xlsx", "ofx", "camt053", "pdf"
# A format's module is imported when one is asked for: nobody needs all their libraries.
_MODULES = {CSV: "csv_file", XLSX: "xlsx_file", OFX: "ofx_file", CAMT053: "camt053_file", PDF: "pdf_file"}
FORMATS = tuple(_MODULES)
# Receipts are looked up so many lines at a time.
_PAGE = 100


def write_statement(  # a period of an account, as what, where to and for whom
    account_id: str,
    first_date: str,
    last_date: str,
    form: str,
    sink: BinaryIO,
    language: str,
    *,
    print_number: int = 0,
) -> None:
    """Write the statement of business dates, both included, to `sink`; a period that is not over goes up to now.

    `form` is one of FORMATS, `language` is `zh` or `en`; `print_number` is which print of the period it is, 0 where it
    is none. Raises NotFound, StatementTooLong, Retryable while lines are still being written, and BillUnbalanced; then
    nothing is left in `sink`.
    """
    # From before the lines are read: a period that was over then has all of them.
    now, account = clock.now(), _account(account_id)
    period = period_of(account, first_date, last_date)
    _write(_statement_of(account, period, language, now, print_number=print_number), period, form, sink)


def write_bill(  # the same
    account_id: str,
    first_date: str,
    last_date: str,
    form: str,
    sink: BinaryIO,
    language: str,
    *,
    print_number: int = 0,
) -> None:
    """Write the bill of the month with these dates, as it was issued, with its lines, sums and chart.

    Raises NotFound also where there is no bill, StatementTooLong, Retryable, and BillUnbalanced where the lines do not
    add up to the bill's own figures; then nothing is left in `sink`.
    """
    now = clock.now()
    account, bill = _account(account_id), store.get(account_id, clock.month_of(first_date))
    if bill is None or domain.days_of(bill.month) != (first_date, last_date):
        raise NotFound()
    period = period_of(account, first_date, last_date)
    statement = _statement_of(account, period, language, now, bill, print_number=print_number)
    _write(statement, period, form, sink, bill)


def _account(account_id: str) -> ledger.Account:
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    return account


def _statement_of(
    account: ledger.Account,
    period: Period,
    language: str,
    now: dt.datetime,
    bill: store.BillItem | None = None,
    *,
    print_number: int,
) -> Statement:
    return Statement(
        language=language,
        account_id=account.account_id,
        holder=account.holder,
        branch=staff.branch_of(account.branch_id).name,
        bank_names=parameters.value(parameters.BANK_NAME, now),
        bank_code=clearing.OWN_BANK,
        first_date=dt.date.fromisoformat(period.first_date),
        last_date=dt.date.fromisoformat(period.last_date),
        made_at=now,
        is_over=period.last_date < clock.business_date(now),
        opening_fen=period.opening_fen,
        closing_fen=period.closing_fen,
        count=period.count,
        month=bill.month if bill is not None else None,
        figures=bill.figures if bill is not None else None,
        print_number=print_number,
    )


class _Checked:
    """The rows of a period, added up while they are read; raises BillUnbalanced, at the latest after the last."""

    def __init__(self, statement: Statement, period: Period, bill: store.BillItem | None) -> None:
        self._statement, self._period, self._bill = statement, period, bill
        self._figures: Figures | None = None

    @property
    def figures(self) -> Figures:
        if self._figures is None:
            raise RuntimeError("the rows have not been gone through")
        return self._figures

    def __iter__(self) -> Iterator[Row]:
        adding = domain.Adding(self._period.before, self._statement.holder)
        lines = self._period.lines()
        while page := list(islice(lines, _PAGE)):
            numbers = receipts.numbers_of([line.movement.entry_id for line in page])
            for line in page:
                adding.add(line)
                yield row_of(line, numbers.get(line.movement.entry_id, ""))
        figures = adding.end(self._period.after())
        if figures.closing_fen != self._statement.closing_fen:
            raise BillUnbalanced("lines went while they were read")
        if self._bill is not None and not self._bill.says(figures):
            raise BillUnbalanced("the lines are not those that the bill was made of")
        self._figures = figures


def _write(statement: Statement, period: Period, form: str, sink: BinaryIO, bill: store.BillItem | None = None) -> None:
    most_lines = parameters.value(
        parameters.STATEMENT_PDF_LINES if form == PDF else parameters.STATEMENT_LINES, statement.made_at
    )
    if period.count > most_lines:
        raise StatementTooLong(most_lines=str(most_lines))
    begins, is_whole = sink.tell(), False
    try:
        _writer(form)(statement, _Checked(statement, period, bill), sink)
        is_whole = True
    except BillUnbalanced:
        metrics.count(metrics.BILLS_UNBALANCED)
        raise
    finally:
        if not is_whole:
            sink.seek(begins)
            sink.truncate()


@functools.cache
def _writer(form: str) -> Writer:
    return cast("Writer", importlib.import_module(f"chalicelib.statements.files.{_MODULES[form]}").write)
