"""`bank account …`: an account's statement lines, verified and rebuilt."""

from typing import Annotated

import typer

from chalicelib.accounts import service as accounts
from chalicelib.accounts.commands.fill_holes import fill_holes
from chalicelib.accounts.commands.lost_lines import Irreparable
from chalicelib.accounts.commands.rebuild_lines import rebuild_lines
from chalicelib.accounts.commands.verify_chain import verify_chain
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from infra.cli.shell import BROKEN, WHOLE, CannotBeDone, end, group, tell, use_bank

app = group("账户明细 / statement lines")
# A terabyte of journal: an operator waits where a function may not.
MOST_PAGES = 1_000_000

Account = Annotated[str, typer.Argument(help="账号 / account number")]


@app.command("verify")
def verify_command(account: Account) -> None:
    """验证账户的哈希链 / recompute an account's hash chain; names the first line that is broken."""
    _open(account)
    end(verify(account))


@app.command("rebuild")
def rebuild_command(account: Account) -> None:
    """从日记账重建丢失的明细 / rebuild missing lines, however large the journal; what stands never changes."""
    _open(account)
    end(rebuild(account))


def _open(account: str) -> None:
    if not account.isdecimal():
        raise CannotBeDone("请给出账号 / name an account, as in 9000010000000000017")
    use_bank()


def verify(account_id: str) -> int:
    """Say whether an account's lines hold, and the first that does not."""
    verdict = verify_chain(account_id)
    if verdict.broken is None:
        tell(f"完好 / whole: {verdict.lines} lines")
        return WHOLE
    broken = verdict.broken
    tell(f"已损坏 / broken: line {broken.seq} is {broken.how}: {broken.why}; {verdict.lines} lines before it hold")
    return BROKEN


def rebuild(account_id: str) -> int:
    """Rebuild what is missing in the middle or at the end; whatever else `verify` names it names afterwards, too."""
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    try:
        count = fill_holes(account, most_pages=MOST_PAGES)
        count += rebuild_lines(account, accounts.last_line(account_id), clock.now(), most_pages=MOST_PAGES)
    except Irreparable as error:
        tell(f"无法重建 / not rebuilt: {error}")
        return BROKEN
    tell(f"已重建 / rebuilt: {count} lines")
    return verify(account_id)
