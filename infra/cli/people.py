"""A member of staff at the command: logged in as at a screen, for as long as the command takes."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.platform import clock, ids
from chalicelib.platform.callers import StaffCaller
from chalicelib.staff.commands.log_in import log_in, log_out
from infra.cli.shell import asking, use_bank


@contextmanager
def acting(staff_id: str) -> Iterator[StaffCaller]:
    """Who has that number, password and token code, and a session that ends with the command."""
    use_bank()
    with asking():
        password = getpass.getpass("密码 / password: ")
        code = getpass.getpass("动态口令 / token code: ")
    actor = log_in(staff_id, password, code, clock.now(), correlation_id=ids.random_id()).caller
    try:
        yield actor
    finally:
        log_out(actor, clock.now())
