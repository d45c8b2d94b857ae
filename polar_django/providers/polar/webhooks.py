"""Trusting a delivery, and reading as much of it as the inbox stores beside the body."""

from collections.abc import Mapping, Sequence

from polar_django import signing
from polar_django.exceptions import ConfigurationError, MalformedPayload
from polar_django.providers.base import Envelope
from polar_django.providers.body import read_object
from polar_django.providers.polar.reading import moment, text


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Envelope:
    """The envelope of a message signed with one of the secrets, whatever is in it.

    One that is signed and cannot be read is kept too: it has the type "" and no timestamp. Raises
    SignatureError, and ConfigurationError without a secret. No queries, no calls.
    """
    usable = [secret.strip() for secret in secrets]  # one from a file ends in a line break
    if not any(usable):
        raise ConfigurationError(
            "POLAR_DJANGO['WEBHOOK_SECRETS'] is empty, so that no delivery can be trusted: put the "
            "endpoint's secret there, or in POLAR_WEBHOOK_SECRET in the environment."
        )
    message = signing.verify(headers, body, usable)
    try:
        envelope = read_object(body)
    except MalformedPayload:
        envelope = {}
    return Envelope(
        delivery_id=message.id,
        type=text(envelope.get("type")),
        timestamp=moment(envelope.get("timestamp")),
        api_version=text(envelope.get("api_version"), 32),
    )
