"""`bank day …`: the trial balance of a business date, its close, and its workers' work done again."""

import datetime as dt
from typing import Annotated

import typer

from chalicelib.accounts import service as accounts
from chalicelib.accounts.commands.sweep_lines import sweep_account
from chalicelib.audit.commands.link_actions import link_lost
from chalicelib.closing import service as closing
from chalicelib.closing.domain import BEGINNING
from chalicelib.customers import service as customers
from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text
from chalicelib.receipts.commands.sweep_receipts import Swept, sweep_customer
from chalicelib.reports.commands.rebuild_lists import rebuild_lists
from infra.cli.shell import BROKEN, PENDING, WHOLE, CannotBeDone, end, group, tell, use_bank

app = group("营业日 / a business date")

Date = Annotated[str, typer.Argument(help="营业日期，如 20261121 / a business date")]
# More customers than the bank will ever have, a hundred a page.
MOST_PAGES = 1_000_000
TELL_EVERY = 1000


@app.command("trial-balance")
def trial_balance(date: Date) -> None:
    """已过营业日的试算平衡 / the trial balance of a date that is over."""
    use_bank()
    end(_show_trial_balance(date))


def _show_trial_balance(business_date: str) -> int:
    balance = closing.trial_balance(business_date, clock.now())
    rows = [("客户存款 / customers' accounts", balance.customers_fen)]
    rows += sorted(balance.house.items())
    rows += [("合计 / total", balance.closing_fen)]
    tell(f"试算平衡 / trial balance {business_date}")
    for name, amount_fen in rows:
        tell(f"  {grouped_text(amount_fen):>24}  {name}")
    since = "最初 / the beginning" if balance.first_date == BEGINNING else balance.first_date
    tell(f"  账户 / accounts {balance.accounts}, 明细 / lines {balance.lines} (since {since})")
    for title, findings in (
        ("待记明细的账户 / accounts whose lines are pending", balance.pending_accounts),
        ("待入账分录 / entries whose deferred legs are pending", balance.pending_entries),
        ("不符 / broken", balance.broken),
        ("已日终数据变动 / changed since the last close", balance.changed),
    ):
        if findings.count:
            tell(f"  {title}: {findings.count}")
            for name in findings.names:
                tell(f"    {name}")
    if balance.is_balanced:
        tell("平衡 / balanced")
        return WHOLE
    tell("不平 / NOT balanced" if balance.is_wrong else "有待处理 / pending: the sum says nothing yet")
    return BROKEN if balance.is_wrong else PENDING


@app.command()
def close(date: Date) -> None:
    """日终 / close a date, as the function does at night; one that is closed stays so."""
    use_bank()
    day = closing.close_day(date, clock.now())
    tell(f"营业日 {day.business_date} 已日终 / closed at {day.closed_at}")


@app.command()
def replay(date: Date) -> None:
    """重做某日的明细、回单、清单、待入账与日志链接；已有的不变 / do again what workers made of a date's journal.

    Lines that are missing are rebuilt; transfers without receipt or row in the list, and legs that are due, are told to
    their queues again; rows of the staff's log get their links. What is there stays, so a second run does nothing.
    """
    use_bank()
    # First, as it refuses what is no date or not over.
    pending = closing.trial_balance(date, clock.now()).pending_entries
    start = clock.start_of_day(date)
    lines, unrepaired, transfers = _replay_customers(start, start + dt.timedelta(days=1))
    closing.tell_legs_again(pending.names)
    linked = link_lost(date, clock.now())
    tell(f"补记明细 / lines rebuilt: {lines}; 无法补记的账户 / accounts not repaired: {unrepaired}")
    tell(f"转账 / transfers: {transfers.transfers}")
    tell(f"  重发回单 / told again for their receipts: {transfers.told}, 补列 / listed: {transfers.listed}")
    tell(f"待入账分录 / entries with legs due: {pending.count}, 重发 / told again: {len(pending.names)}")
    tell(f"补链接 / rows of the staff's log linked: {linked}")
    end(BROKEN if unrepaired else WHOLE)


@app.command()
def lists(date: Date) -> None:
    """补记某日的业务清单与统计 / the staff's lists and statistics of a date, from its journal.

    What the stream never told of is added; what is there stays as it is, and is not counted again.
    """
    use_bank()
    try:
        noted = rebuild_lists(date, most_pages=MOST_PAGES)
    except ValueError:
        raise CannotBeDone(f"日期有误 / this is no date: {date}") from None
    tell(f"已补记 / noted: {noted}")


def _replay_customers(since: dt.datetime, until: dt.datetime) -> tuple[int, int, Swept]:
    """Lines before transfers: those are found by the lines they made."""
    lines = unrepaired = 0
    transfers = Swept()
    for visited, customer_id in enumerate(customers.all_ids(MOST_PAGES), start=1):
        for account in accounts.accounts_held(customer_id):
            written = sweep_account(account, clock.now())
            lines += written or 0
            unrepaired += written is None
        transfers = transfers.plus(sweep_customer(customer_id, since, until))
        if visited % TELL_EVERY == 0:
            tell(f"客户 / customers: {visited}")
    return lines, unrepaired, transfers
