"""Look whether the bank is well, open and end outages by what was seen, and warn staff ahead of each deadline.

What is looked at: whether the engine answers for the tables that money is in, and whether transactions get their lines,
legs, receipts and notifications. A look that fails counts in a metric of its own, which needs no database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from botocore.exceptions import ClientError

from chalicelib.outages import domain, service, store, watches
from chalicelib.outages.commands.keep_outages import END, opening, stepping
from chalicelib.outages.domain import Outage
from chalicelib.outages.errors import OutageRunning, RegisterChanged
from chalicelib.outages.watches import Needed, Watch
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, ids, log, metrics, settings, updates
from chalicelib.reports import service as reports

# How often the schedule looks.
EVERY_MIN = 1
WARN = "warn"
WHOLE_SERVICE = "all"
# No row has this key.
_NOBODY = "outage-probe"


def engine_trouble(now: dt.datetime) -> str | None:  # noqa: ARG001  # as each look has it
    """What is wrong with the tables that money is in; None where they answer."""
    keys = {
        settings.table("journal"): {"entry_id": _NOBODY},
        settings.table("accounts"): {"account_id": _NOBODY},
        settings.table("customers"): {"customer_id": _NOBODY},
    }
    try:
        is_well = store.are_answered(keys)
    except (*aws.NO_ANSWER, ClientError) as error:
        return f"数据库未应答 / the database does not answer: {type(error).__name__}"
    return None if is_well else "数据库限流 / the database throttles"


def followers_trouble(now: dt.datetime) -> str | None:
    """What is wrong with what follows on transactions; None while few of them wait for too long."""
    most = parameters.value(parameters.OUTAGE_STUCK_COUNT, now)
    since = now - dt.timedelta(minutes=parameters.value(parameters.OUTAGE_STUCK_MIN, now))
    found = reports.overdue_count(since, most)
    return f"{found} 笔业务滞留 / transactions are stuck" if found >= most else None


# Scope -> the look at it.
LOOKS: Mapping[str, Callable[[dt.datetime], str | None]] = {
    WHOLE_SERVICE: engine_trouble,
    "transfers": followers_trouble,
}

# Who notes an outage at a shell counts in no metric, so this counts for all of them.
_METRICS = {
    domain.NOTED: metrics.OUTAGES_OPENED,
    domain.REPORT_LATE: metrics.OUTAGE_REPORTS_LATE,
    domain.FINAL_LATE: metrics.OUTAGE_REPORTS_LATE,
}


def watch_all(now: dt.datetime) -> dict[str, int]:
    """Look at every scope once and give the warnings that are due: how many looks were bad, and how many warnings.

    Raises what the engine raises where nothing can be written: the next run finds the silence.
    """
    looks = [_taken(scope, look, now) for scope, look in LOOKS.items()]
    for look in looks:
        if look.wrong is not None:
            metrics.count(metrics.PROBES_FAILED)
            log.logger.error("a probe failed", extra={"scope": look.scope, "trouble": look.wrong})
    for look in looks:
        if not look.is_taken:
            continue
        try:
            note_look(look.scope, look.wrong, now)
        except RegisterChanged:
            log.logger.info("another run has noted this look", extra={"scope": look.scope})
    done = {"bad": sum(look.wrong is not None for look in looks), "warned": warn(now)}
    tell_certificate(now)
    return done


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a scope has found wrong, if anything; it says nothing of the scope where it could not be
    `is_taken`.
    """

    scope: str
    wrong: str | None
    is_taken: bool = True


def _taken(scope: str, look: Callable[[dt.datetime], str | None], now: dt.datetime) -> _Look:
    """One look. An engine that does not answer it keeps neither the others nor the metric back."""
    try:
        return _Look(scope, look(now))
    except (*aws.NO_ANSWER, ClientError) as error:
        return _Look(scope, f"查询未应答 / a look was not answered: {type(error).__name__}", is_taken=False)


def tell_certificate(now: dt.datetime) -> None:
    """Ring while the certificate of documents has ended, or ends so soon that the next one must be asked for."""
    # The API registers every worker and calls none: it starts without what only they need.
    from chalicelib.platform.pdf import keys  # noqa: PLC0415

    until = keys.signable_until(now)
    if until is None or until - now <= keys.RENEWAL:
        metrics.count(metrics.DOCUMENT_CERTIFICATE_ENDS)
        ends = clock.to_text(until) if until is not None else None
        log.logger.error("documents need a new certificate", extra={"ends_at": ends})


def needed(scope: str, now: dt.datetime) -> Needed:
    """How many looks open and end an outage; silence says that all is out, and is not told twice."""
    return Needed(
        parameters.value(parameters.OUTAGE_PROBES_BAD, now),
        parameters.value(parameters.OUTAGE_PROBES_GOOD, now),
        dt.timedelta(minutes=EVERY_MIN),
        is_silence_bad=scope == WHOLE_SERVICE,
    )


def note_look(scope: str, wrong: str | None, now: dt.datetime) -> None:
    """Note one look at a scope; the one that is one too many opens, or ends, the scope's outage in the same write.

    Of two runs at once one is noted. Raises RegisterChanged, TryAgain, OutcomeUnknown.
    """
    before = store.watch(scope)
    if before is None:
        updates.put(store.new_put(Watch(scope, clock.to_text(now))))
        return
    wanted = needed(scope, now)
    if watches.is_same_look(before, now, wanted):
        return
    running = store.outage(before.outage_id) if before.outage_id is not None else None
    if running is not None and running.state != domain.RUNNING:
        # A person has ended it, or found that it was none.
        running, before_looking = None, watches.over(before)
    else:
        before_looking = before
    after = watches.looked(before_looking, now, wanted, is_bad=wrong is not None)
    opens_at, ends_at = after.opens_at(wanted), after.ends_at(wanted)
    if opens_at is not None:
        silence = "没有探测记录 / nothing was noted by the probes"
        _open(before, after, opens_at, wrong or silence, now)
    elif ends_at is not None and running is not None:
        _end(before, after, running, ends_at, now)
    else:
        updates.together([store.next_put(before, after)])


def _open(before: Watch, after: Watch, opened_at: str, cause: str, now: dt.datetime) -> None:
    # By the watch's revision: a run that is done again opens the same one.
    outage_id = ids.derived_id("outage", domain.PROBE, after.scope, opened_at, str(before.revision))
    terms = service.terms(now)
    outage = Outage(outage_id, after.scope, cause, domain.PROBE, clock.to_text(now), opened_at, terms)
    try:
        updates.together([store.next_put(before, watches.opened(after, outage_id)), *opening(outage)])
    except OutageRunning:
        # A person was quicker: theirs is the one, and what comes after it is counted from nothing.
        updates.together([store.next_put(before, watches.over(after))])
        return
    log.logger.error("an outage was opened", extra={"outage_id": outage_id, "scope": after.scope})


def _end(before: Watch, after: Watch, running: Outage, ended_at: str, now: dt.datetime) -> None:
    over = domain.ended(running, max(clock.from_text(ended_at), clock.from_text(running.opened_at)), now)
    _, writes = stepping(running, over, END, domain.PROBE, "探测恢复 / the probes see it back", now)
    updates.together([store.next_put(before, watches.over(after)), *writes])
    log.logger.info("an outage has ended", extra={"outage_id": running.outage_id})


def warn(now: dt.datetime) -> int:
    """Tell staff what is due of every outage, once each; how many warnings.

    The mark that it was told is written first, by one run of several: a run that dies right after it has told nobody,
    and the next stage of the same deadline tells again.
    """
    given = 0
    for outage in store.outages():
        found = domain.warnings_due(outage, service.ahead(now), now, service.kind_of_day)
        if not found:
            continue
        stages = [warning.stage for warning in found]
        told = replace(outage, told=(*outage.told, *(warning.mark for warning in found)))
        _, writes = stepping(outage, told, WARN, domain.PROBE, ", ".join(stages), now)
        try:
            updates.together(writes)
        except RegisterChanged:
            continue  # somebody wrote to it meanwhile: the next run looks again
        given += len(found)
        for stage in stages:
            metrics.count(_METRICS.get(stage, metrics.OUTAGE_WARNINGS))
            log.logger.error("an outage needs attention", extra={"outage_id": outage.outage_id, "stage": stage})
    return given
