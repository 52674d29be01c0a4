"""A customer's devices over HTTP: seen, named, ended."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.devices import service
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View

api = Api(__name__)


class DeviceName(Body):
    """What the customer calls the device."""

    name: fields.DeviceName


class DeviceView(View):
    """A bound device; `current` is the one that asks."""

    id: str
    name: str
    platform: str
    bound_at: fields.Timestamp
    last_log_in_at: Annotated[fields.Timestamp, Field(description="最近登录时间 / last log-in")]
    current: bool


class DeviceList(View):
    devices: list[DeviceView]


@api.operation(
    "GET",
    "/v1/devices",
    zh="已绑定的设备",
    en="Bound devices",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_READ,
    answer=DeviceList,
)
def read_all(call: Call) -> DeviceList:
    """The caller's own devices."""
    return DeviceList(
        devices=[
            DeviceView(
                id=device.device_id,
                name=device.name,
                platform=device.platform,
                bound_at=device.bound_at,
                last_log_in_at=device.signed_at,
                current=device.device_id == call.caller.device_id,
            )
            for device in service.devices_of(call.caller)
        ]
    )


@api.operation(
    "PATCH",
    "/v1/devices/{device_id}",
    zh="修改设备名称",
    en="Rename a device",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    body=DeviceName,
    answer=None,
    status=204,
    refusals=(NotFound,),
)
def rename(call: Call, device_id: str) -> Answer:
    """Another name for one of the caller's devices."""
    service.rename(call.caller, device_id, call.json(DeviceName).name)
    return Answer(None)


@api.operation(
    "DELETE",
    "/v1/devices/{device_id}",
    zh="解绑设备，其登录立即失效",
    en="Revoke a device: its sessions end at once",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    answer=None,
    status=204,
    refusals=(NotFound, OutcomeUnknown),
)
def revoke(call: Call, device_id: str) -> Answer:
    """End a device; ending the one that asks ends this session too."""
    service.revoke(call.caller, device_id, clock.now())
    return Answer(None)


@api.operation(
    "POST",
    "/v1/devices/{device_id}/loss",
    zh="设备挂失，其登录立即失效",
    en="Report a device lost: its sessions end at once",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    answer=None,
    status=204,
    refusals=(NotFound, OutcomeUnknown),
)
def report_lost(call: Call, device_id: str) -> Answer:
    """The same, and the owner is told (NB-5.3.6)."""
    service.report_lost(call.caller, device_id, clock.now())
    return Answer(None)
