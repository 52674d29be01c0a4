"""Planted bugs of what the counter changes: limits and their counters, parameters, sign-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.customers.commands import sign_up, sign_up_online
from chalicelib.customers.errors import SignUpRefused
from chalicelib.identity import service as identity
from chalicelib.identity import store as log_ins
from chalicelib.identity.commands import prepare_log_in
from chalicelib.limits import domain as limits_domain
from chalicelib.limits import service as limits
from chalicelib.limits.commands import change_limits
from chalicelib.parameters import service as parameters
from chalicelib.platform import passwords, transactions
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule

Patch = tuple[Any, str, Any]
ANYTHING = Rule("attribute_not_exists(#never)", {}, lambda _: True, None)


# ---- counters ---------------------------------------------------------------------------------------
def _without_counter(prefix: str) -> Callable[..., list[Any]]:
    own = limits_domain.account_counters

    def counters(*args: Any) -> list[Any]:
        return [counter for counter in own(*args) if not counter.bucket.startswith(prefix)]

    return counters


def forget_day_counter() -> list[Patch]:
    return [(limits, "account_counters", _without_counter("day_"))]


def forget_count_counter() -> list[Patch]:
    return [(limits, "account_counters", _without_counter("count_"))]


def forget_month_counter() -> list[Patch]:
    return [(limits, "account_counters", _without_counter("month_"))]


def forget_customer_counters() -> list[Patch]:
    return [(limits, "customer_counters", lambda *_: [])]


def bucket_of_yesterday() -> list[Patch]:
    own = limits_domain.account_counters

    def counters(business_date: str, amount_fen: int) -> list[Any]:
        day = dt.datetime.strptime(business_date, "%Y%m%d") - dt.timedelta(days=1)  # noqa: DTZ007  # a date
        return own(day.strftime("%Y%m%d"), amount_fen)

    return [(limits, "account_counters", counters)]


def counter_without_condition() -> list[Patch]:
    return [(limits_domain.Counter, "rule", lambda _: ANYTHING)]


def limits_not_given_back() -> list[Patch]:
    return [(limits, "give_back_account", lambda *_, **__: None)]


# ---- limits that change -----------------------------------------------------------------------------
def _without_delta(operator: str) -> list[Patch]:
    own = limits_domain.move_limits

    def move_limits(
        update: ItemUpdate, image: Any, changes: Mapping[str, tuple[int, int]], business_date: str
    ) -> ItemUpdate:
        moved = own(update, image, changes, business_date)
        moved.sets = [clause for clause in moved.sets if f"{operator} :delta_" not in clause]
        named = " ".join(moved.sets)
        moved.values = {name: value for name, value in moved.values.items() if name in named}
        return moved

    return [(limits_domain, "move_limits", move_limits)]


def limit_change_forgets_buckets() -> list[Patch]:
    """What a period has left stays as it was, whichever way its limit goes."""
    return _without_delta("")


def lowered_limit_spares_the_day() -> list[Patch]:
    """A lowered limit holds from the next day, month or year on only."""
    return _without_delta("-")


def limit_change_overlooks_a_first_payment() -> list[Patch]:
    """A payment that makes the bucket between the change's read and its write keeps the old limit."""
    return [(limits_domain, "presence_rule", lambda *_, **__: ANYTHING)]


def limit_change_over_another() -> list[Patch]:
    """Two changes at once both move the bucket, from the same old limit."""
    return [(limits_domain, "unchanged_rule", lambda *_: ANYTHING)]


def customer_raises_own_limits() -> list[Patch]:
    own = change_limits._change

    def change(read: Any, update: Any, wanted: Any, _: Any, customer_id: str) -> Any:
        return own(read, update, wanted, change_limits._Permit(may_raise=True, demand=None), customer_id)

    return [(change_limits, "_change", change)]


# ---- parameters -------------------------------------------------------------------------------------
def parameters_read_once() -> list[Patch]:
    """A function goes on with the fee that it knew when it started."""
    return [(parameters, "MAX_STALENESS", dt.timedelta(days=1))]


# ---- sign-up ----------------------------------------------------------------------------------------
def log_in_before_contracts() -> list[Patch]:
    """The log-in comes before what it leads to, so a half-done sign-up is of use."""
    own = sign_up._online

    def online(form: Any, customer_id: str, account_ids: list[str]) -> Any:
        if customer_id:
            names = [form.login_name, *account_ids]
            credential = log_ins.CredentialItem(
                customer_id, password_hash=passwords.hash_password(form.password), login_name=form.login_name
            )
            transactions.commit(log_ins.log_in_writes(credential, None, names, ()))
        return own(form, customer_id, account_ids)

    return [(sign_up, "_online", online), (sign_up_online, "prepare_log_in", lambda *_, **__: True)]


def names_written_one_by_one() -> list[Patch]:
    """A crash between two names leaves a customer who can log in by some of them."""
    own = prepare_log_in.prepare_log_in

    def prepared(customer_id: str, login_name: str, account_ids: Any, password: str, *, may: Any) -> bool:
        done: bool = own(customer_id, login_name, (), password, may=may)
        for name in account_ids:
            log_ins.LoginNameItem(name, customer_id=customer_id).save()
        return done

    return [(sign_up_online, "prepare_log_in", prepared)]


class Replacing(ItemPut):
    """A put that takes the place of what is there."""

    def parameters(self) -> dict[str, Any]:
        return {"TableName": self.table, "Item": dict(self.item)}


def form_sent_again_is_a_new_customer() -> list[Patch]:
    """Nobody looks whether the form was done before: its names go over to a second customer."""
    return [(sign_up, "_signed_before", lambda *_: None), (log_ins, "ItemPut", Replacing)]


def form_sent_again_is_refused() -> list[Patch]:
    """The name is taken, if by the first time that the form was sent: who had no answer gets none any more."""

    def signed_before(form: Any, *_: Any) -> None:
        if identity.customer_named(form.login_name) is not None:
            raise SignUpRefused(reason="taken")

    return [(sign_up, "_signed_before", signed_before)]


COUNTER_BUGS: tuple[Callable[[], list[Patch]], ...] = (
    limits_not_given_back,
    forget_day_counter,
    forget_count_counter,
    forget_month_counter,
    forget_customer_counters,
    bucket_of_yesterday,
    counter_without_condition,
    limit_change_forgets_buckets,
    lowered_limit_spares_the_day,
    limit_change_overlooks_a_first_payment,
    limit_change_over_another,
    customer_raises_own_limits,
    parameters_read_once,
    log_in_before_contracts,
    names_written_one_by_one,
    form_sent_again_is_a_new_customer,
    form_sent_again_is_refused,
)
