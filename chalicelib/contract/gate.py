"""What every request passes before anything else looks at it; neither asks the database, nor who is there."""

from __future__ import annotations

from chalicelib.apps import service as apps
from chalicelib.maintenance import service as maintenance
from chalicelib.platform.http import Call


def admit(call: Call) -> None:
    """Raise UnderMaintenance for what is suspended, then AppOutdated or MalformedRequest by the app's version."""
    maintenance.require_up(call.operation.method, call.operation.path)
    apps.require_current(call)
