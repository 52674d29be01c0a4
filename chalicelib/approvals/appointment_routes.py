"""Ask for an appointment: the person's document is checked here, and what is stored knows it by a keyed hash alone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.approvals import errors
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.kinds.staff_administration import Name, StaffSeat
from chalicelib.approvals.routes import ApprovalReason, ApprovalView, view_of
from chalicelib.customers.errors import DocumentInvalid
from chalicelib.ledger.errors import IdempotencyKeyReused
from chalicelib.platform import clock
from chalicelib.platform.errors import IdempotencyKeyMissing, NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Call
from chalicelib.staff import errors as staff_errors
from chalicelib.staff import service as staff
from chalicelib.staff.commands.appoint import Appointment, person_of, seal_of, shown_document
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class NewMember(StaffSeat):
    """Who is to have which number and seat; the number of their resident identity card is not kept."""

    name: Name
    identity_number: Annotated[
        str, StringConstraints(min_length=1, max_length=18), Field(description="居民身份证号 / identity number")
    ]
    reason: ApprovalReason


@api.operation(
    "POST",
    "/v1/staff/members",
    zh="任命员工（待复核）",
    en="Ask that a person be appointed",
    auth=checks_session,
    permission=staff.STAFF_MANAGE,
    body=NewMember,
    answer=ApprovalView,
    status=201,
    refusals=(
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
        NotFound,
        DocumentInvalid,
        staff_errors.AppointmentRefused,
        staff_errors.StaffNumberTaken,
        staff_errors.StaffPersonTaken,
        OutcomeUnknown,
        errors.ApprovalChangesNothing,
    ),
)
def ask_for_appointment(call: Call) -> ApprovalView:
    """Nothing is done before another administrator approves; then who asked takes the credentials (NB-5.2.4)."""
    body, now = call.json(NewMember), clock.now()
    key = call.idempotency_key()
    shown = shown_document(body.identity_number)
    appointment = Appointment(
        body.staff_id,
        body.name,
        body.branch_id,
        body.role,
        frozenset(body.posts),
        person_of(body.identity_number, now),
    )
    payload = {
        **body.model_dump(mode="json", exclude={"identity_number", "reason"}),
        "person": appointment.document_hash,
        "document": shown,
        "seal": seal_of(appointment, shown),
    }
    wish = Wish("staff.appoint", payload, body.reason)
    return view_of(call, make_request(call.staff, wish, key=key, now=now).approval_id)
