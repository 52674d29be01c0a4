"""The seam to the channels: SMS and push by AWS SNS, e-mail and WeChat by the bank's own gateways; or all of them by
the local provider, which keeps what it sent and fails on request.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.notifications.channels import Channel, Outgoing, ProviderRefused, ProviderSilent
from chalicelib.platform import aws, clock, log, settings
from chalicelib.platform.dynamo import Item
from chalicelib.platform.errors import Retryable

T = TypeVar("T")

if TYPE_CHECKING:
    from chalicelib.notifications.gateways import SmtpGateway, WechatGateway


class Provider(Protocol):
    """Sends a message. Raises Retryable when it surely was not taken, but may be later; ProviderRefused when it
    never will be; ProviderSilent when nobody knows.
    """

    def send(self, message: Outgoing) -> None: ...

    def offers(self, channel: Channel) -> bool:
        """Whether it has the channel at all."""
        ...

    def open_id_of(self, code: str) -> str | None:
        """Whose log-in to WeChat the code is of, None for none; raises Retryable, ProviderSilent."""
        ...


_SNS_FINAL = frozenset({"InvalidParameter", "InvalidParameterValue", "EndpointDisabled", "NotFound", "OptedOut"})


class CloudProvider:
    """AWS SNS: SMS by phone number, push by the platform endpoint a device registered. E-mail and WeChat as a secret
    says, where it does.
    """

    def send(self, message: Outgoing) -> None:
        if message.channel in ("sms", "push"):
            self._publish(message)
            return
        gateways = _gateways()
        gateway = gateways.email if message.channel == "email" else gateways.wechat
        if gateway is None:
            raise ProviderRefused(f"the bank has no {message.channel}")
        gateway.send(message)

    def offers(self, channel: Channel) -> bool:
        gateways = _gateways()
        return {"email": gateways.email, "wechat": gateways.wechat}.get(channel, channel) is not None

    def open_id_of(self, code: str) -> str | None:
        gateway = _gateways().wechat
        return gateway.open_id_of(code) if gateway is not None else None

    @staticmethod
    def _publish(message: Outgoing) -> None:
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


@dataclass(frozen=True, slots=True)
class _Gateways:
    email: SmtpGateway | None = None
    wechat: WechatGateway | None = None


def _gateways() -> _Gateways:
    """Those that the secret says something of; raises Retryable while it cannot be read."""
    try:
        return _gateways_of(settings.get("CHANNELS_SECRET_ARN"))
    except (ClientError, *aws.NO_ANSWER) as error:
        raise Retryable("the secret of the channels was not read") from error


@functools.cache
def _gateways_of(arn: str) -> _Gateways:
    # Few messages go this way, and each start of a worker would pay for it.
    from chalicelib.notifications.gateways import SmtpGateway, WechatGateway  # noqa: PLC0415

    try:
        secret = json.loads(aws.secretsmanager().get_secret_value(SecretId=arn)["SecretString"])
    except ValueError:
        # As it was made: nobody has filled it in.
        return _Gateways()
    return _Gateways(_made(SmtpGateway, secret.get("email")), _made(WechatGateway, secret.get("wechat")))


def _made(kind: Callable[..., T], said: dict[str, Any] | None) -> T | None:
    """A gateway of what the secret says of it; None for nothing, and for what makes none, which takes no other away."""
    try:
        return kind(**said) if said else None
    except TypeError:
        log.logger.exception("the secret says something of a channel that makes none")
        return None


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

    Sent twice, a message is there once. `behave` makes it fail for a phone, for now or for good. WeChat knows whoever
    comes with a code that begins with `local-`.
    """

    def offers(self, channel: Channel) -> bool:  # noqa: ARG002  # it has all
        return True

    def open_id_of(self, code: str) -> str | None:
        return f"open-id-of-{code}" if code.startswith("local-") else None

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
    return LocalProvider() if name == "local" else CloudProvider()
