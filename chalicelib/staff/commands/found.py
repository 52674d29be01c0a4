"""The first two members of staff of a new bank: system administrators, one maker and one checker (NB-5.2.5)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.platform import transactions
from chalicelib.staff import domain, store
from chalicelib.staff.commands.appoint import (
    Appointment,
    Credentials,
    appointment_writes,
    new_credentials,
    person_of,
    require_fit,
    require_free,
)
from chalicelib.staff.errors import StaffFounded, StaffPersonTaken

# Claimed once for a bank, beside the people, so that this is no way in later.
_FOUNDING = "founding"


def found(
    maker: tuple[str, str, str], checker: tuple[str, str, str], now: dt.datetime
) -> tuple[Credentials, Credentials]:
    """Appoint both in one write, once in a bank's life; what each is given.

    Each is number, name and resident identity number. Raises AppointmentRefused, DocumentInvalid, StaffNumberTaken,
    StaffPersonTaken (also for one person twice), StaffFounded.
    """
    writes, given = [store.person_put(_FOUNDING, maker[0])], []
    hashes = set()
    for (number, name, identity_number), post in ((maker, domain.MAKER), (checker, domain.CHECKER)):
        person = person_of(identity_number, now)
        appointment = Appointment(
            number, name, domain.HEAD_OFFICE, domain.SYSTEM_ADMINISTRATOR, frozenset({post}), person
        )
        require_fit(appointment)
        require_free(appointment)
        credentials, password_hash, token = new_credentials(number)
        writes += appointment_writes(appointment, password_hash, token, now)
        writes.append(audit.staff_event(number, "staff.founded", now, on=number))
        given.append(credentials)
        hashes.add(person)
    if len(hashes) == 1 or maker[0] == checker[0]:
        raise StaffPersonTaken()
    if not transactions.commit(writes):
        raise StaffFounded()
    return given[0], given[1]
