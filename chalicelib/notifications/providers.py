"""The seam to SMS and push: AWS SNS, or the local provider, which keeps what it sent and fails on request."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.notifications.channels import Channel
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Retryable


class ProviderRefused(Exception):
    """The provider will never take this message (bad address): trying again is no use."""


class ProviderSilent(Exception):
    """The provider was reached and did not answer: it may have taken the message, and it may not."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message. `message_id` is the same when the same message is sent again.

    `address` is where the channel reaches the customer: for SMS it is the phone.
    """

    message_id: str
    channel: Channel
    phone: str
    address: str
    text: str


class Provider(Protocol):
    """Sends a message. Raises Retryable when it surely was not taken, but may be later; ProviderRefused when it
    never will be; ProviderSilent when nobody knows.
    """

    def send(self, message: Outgoing) -> None: ...


_SNS_FINAL = frozenset({"InvalidParameter", "InvalidParameterValue", "EndpointDisabled", "NotFound", "OptedOut"})


class SnsProvider:
    """AWS SNS: SMS by phone number, push by the platform endpoint a device registered."""

    def send(self, message: Outgoing) -> None:
        try:
            if message.channel == "sms":
                aws.sns().publish(
                    PhoneNumber="+86" + message.address,
                    Message=message.text,
                    MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
                )
            else:
                aws.sns().publish(TargetArn=message.address, Message=message.text)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise Retryable("SNS was not reached") from error
        except aws.NO_ANSWER as error:
            raise ProviderSilent("SNS did not answer") from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _SNS_FINAL:
                raise ProviderRefused(code) from error
            raise Retryable(f"SNS refused for now: {code}") from error


class LocalMessageItem(Item):
    class Meta:
        logical_name = "local_messages"

    phone = UnicodeAttribute(hash_key=True)
    message_id = UnicodeAttribute(range_key=True)
    channel = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    sent_at = UnicodeAttribute(null=True)
    # By the machine's clock: the bank's may stand still, and ids are in no order.
    sent_ns = NumberAttribute(null=True)
    behaviour = UnicodeAttribute(null=True)


# A row with this id under a phone tells the provider how to behave towards it.
BEHAVIOUR = "#behaviour"
FAILS, REFUSES = "fails", "refuses"


class LocalProvider:
    """Keeps each message in LocalMessagesTable, under the phone, where tests and `make messages` read it.

    Sent twice, a message is there once. `behave` makes it fail for a phone, for now or for good.
    """

    def send(self, message: Outgoing) -> None:
        behaviour = self._behaviour(message.phone)
        if behaviour == FAILS:
            raise Retryable("the local provider was told to fail")
        if behaviour == REFUSES:
            raise ProviderRefused("the local provider was told to refuse")
        LocalMessageItem(
            message.phone,
            message.message_id,
            channel=message.channel,
            text=message.text,
            sent_at=clock.to_text(clock.now()),
            sent_ns=clock.machine_ns(),
        ).save()

    @staticmethod
    def _behaviour(phone: str) -> str | None:
        try:
            return LocalMessageItem.get(phone, BEHAVIOUR, consistent_read=True).behaviour
        except DoesNotExist:
            return None

    @staticmethod
    def behave(phone: str, behaviour: str | None) -> None:
        """From now on behave so towards a phone: `fails`, `refuses`, or None for well."""
        item = LocalMessageItem(phone, BEHAVIOUR, behaviour=behaviour)
        if behaviour is None:
            item.delete()
        else:
            item.save()


@functools.cache
def provider() -> Provider:
    """The provider this deployment uses: MESSAGE_PROVIDER is `local` or `sns`."""
    name = settings.get("MESSAGE_PROVIDER")
    if name not in ("local", "sns"):
        raise settings.SettingMissing(f"MESSAGE_PROVIDER must be local or sns, not {name}")
    return LocalProvider() if name == "local" else SnsProvider()
