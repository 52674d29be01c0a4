"""Tell an outdated app to be updated, by what this instance knows: no request pays for it."""

from __future__ import annotations

from chalicelib.apps import domain
from chalicelib.apps.errors import AppOutdated
from chalicelib.maintenance import service as maintenance
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import MalformedRequest
from chalicelib.platform.http import Call
from chalicelib.platform.versions import is_older, is_version

HEADER = "App-Version"


def can_be_outdated(method: str, path: str) -> bool:
    """Whether an app that is too old is refused the operation. What no suspension holds back is open to all: staff's
    own programs, what is said of service, keys and verification, and the contract.
    """
    return maintenance.can_be_held_back(method, path) and not domain.is_always_served(method, path)


def require_current(call: Call) -> None:
    """Raise AppOutdated for an app that says it is older than the parameter, and MalformedRequest for one that says
    what is no version. Who says nothing, as browsers and other programs do, is served.
    """
    version = call.header(HEADER)
    if version is None or not can_be_outdated(call.operation.method, call.operation.path):
        return
    if not is_version(version):
        raise MalformedRequest([{"field": HEADER, "code": "malformed"}])
    now = clock.now()
    minimum = parameters.value(parameters.APP_MINIMUM, now)
    if is_older(version, minimum):
        raise AppOutdated(yours=version, minimum=minimum, address=parameters.value(parameters.APP_ADDRESS, now))
