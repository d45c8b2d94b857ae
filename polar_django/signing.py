"""Standard Webhooks: signing and verifying, with both of Polar's key schemes.

Polar has two ways to turn a secret into a key, and does not say per delivery which one it used:

- "standard": secrets generated on or after 2026-09-08. The part after `whsec_` is base64.
- "legacy": all older or self-chosen secrets. The key is the UTF-8 bytes of the *whole* string,
  prefix included.

So a verifier tries both. Source: spec of Standard Webhooks; Polar's server and its SDK 1.0.2.
"""

import base64
import binascii
import secrets as random_source
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from standardwebhooks import Webhook, WebhookVerificationError

from polar_django.exceptions import SignatureError

__all__ = ["Scheme", "SignedMessage", "generate_secret", "sign", "verify"]

Scheme = Literal["standard", "legacy"]

SECRET_PREFIX = "whsec_"
MAX_ID_LENGTH = 255


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The trusted headers of a verified message.

    `id` is stable over retries and redelivery; `attempted_at` is the time of this attempt only,
    never an order of events.
    """

    id: str
    attempted_at: datetime


def generate_secret() -> str:
    """A new secret of the standard scheme: `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(random_source.token_bytes(32)).decode()


def sign(
    secret: str,
    *,
    message_id: str,
    timestamp: datetime,
    body: bytes,
    scheme: Scheme = "standard",
) -> str:
    """The value of the `webhook-signature` header: `v1,<base64 HMAC-SHA256>`.

    `timestamp` (aware) is the moment of the attempt. Raises ValueError where the secret cannot
    be read in that scheme.
    """
    key = secret.encode() if scheme == "legacy" else _standard_key(secret)
    if not key:
        raise ValueError("This secret holds no base64 key; sign it with scheme='legacy'.")
    return Webhook(key).sign(
        msg_id=message_id, timestamp=timestamp.astimezone(UTC), data=body.decode()
    )


def verify(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> SignedMessage:
    """Check a message against every secret and key scheme; return its trusted headers.

    `headers` may spell names in any case. The timestamp may be 300 s off. Raises SignatureError
    for everything that is not a valid message, however it is malformed; never anything else.
    No queries, no calls.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id = found.get("webhook-id", "")
    timestamp = found.get("webhook-timestamp", "")
    signatures = _readable_signatures(found.get("webhook-signature", ""))
    if not message_id or not timestamp or not signatures:
        raise SignatureError(
            "The webhook-id, -timestamp or -signature header is missing or malformed."
        )
    if len(message_id) > MAX_ID_LENGTH:
        raise SignatureError(f"The webhook-id header is longer than {MAX_ID_LENGTH} characters.")
    clean = {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signatures,
    }
    reason = "no secret is configured"
    for key in _keys(secrets):
        try:
            Webhook(key).verify(body, clean, json_parse=False)
        except WebhookVerificationError as error:
            reason = str(error)
        except ValueError as error:  # a body or header that is not UTF-8, an absurd number
            raise SignatureError("The message is not readable text.") from error
        else:
            return SignedMessage(message_id, datetime.fromtimestamp(float(timestamp), tz=UTC))
    raise SignatureError(f"The signature could not be verified: {reason}.")


def _keys(secrets: Iterable[str]) -> Iterator[bytes]:
    for secret in secrets:
        if secret:
            # The newer first: whoever has both kinds pays for a second HMAC on the old ones only.
            if standard := _standard_key(secret):
                yield standard
            yield secret.encode()


def _standard_key(secret: str) -> bytes:
    """The base64 part as bytes, b"" where it is none; missing padding is forgiven."""
    encoded = secret.removeprefix(SECRET_PREFIX)
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _readable_signatures(header: str) -> str:
    """The `v1` entries that are base64: standardwebhooks lets one junk entry hide a valid one."""
    return " ".join(entry for entry in header.split() if _is_readable(entry))


def _is_readable(entry: str) -> bool:
    version, _, signature = entry.partition(",")
    if version != "v1" or not signature:
        return False
    try:
        base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
