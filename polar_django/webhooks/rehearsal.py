"""A delivery that is none: signed like the provider's, known to the inbox, and gone afterwards.

`polar_doctor` sends it the way a real one goes. The inbox answers it as a duplicate, which it can
only tell once it has believed the signature and asked the database; no worker and no `@on` handler
hears of it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from django.utils import timezone

from polar_django.exceptions import ConfigurationError, SignatureError
from polar_django.models import WebhookDelivery
from polar_django.models.databases import on_primary, primary
from polar_django.providers.base import Provider
from polar_django.signing import Scheme, sign

__all__ = ["Key", "find_believed_key", "is_believed", "rehearsed", "signed_headers"]

BODY = b'{"type":"polar_django.rehearsal","timestamp":"2026-01-01T00:00:00Z","data":{}}'


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, and how the provider makes a key of it."""

    secret: str = field(repr=False)
    scheme: Scheme = "standard"


def signed_headers(key: Key, message_id: str, body: bytes = BODY) -> dict[str, str]:
    """What a delivery of the body carries. Raises ValueError for a secret that signs nothing."""
    now = timezone.now()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": sign(
            key.secret, message_id=message_id, timestamp=now, body=body, scheme=key.scheme
        ),
    }


def is_believed(provider: Provider, key: Key) -> bool:
    """Whether a message signed with that key passes here. No queries, no calls."""
    try:
        provider.verify_webhook(signed_headers(key, "rehearsal"), BODY)
    except (ConfigurationError, SignatureError, ValueError):
        return False
    return True


def find_believed_key(provider: Provider, secrets: Iterable[str]) -> Key | None:
    """A key of one of the secrets that passes here, None where none does. No queries, no calls."""
    schemes: tuple[Scheme, Scheme] = ("standard", "legacy")
    for secret in secrets:
        for scheme in schemes:
            key = Key(secret.strip(), scheme)
            if key.secret and is_believed(provider, key):
                return key
    return None


@contextmanager
def rehearsed(provider: str) -> Iterator[str]:
    """Within the block, the inbox knows that webhook id. Two statements. Raises DatabaseError."""
    now = timezone.now()
    row = WebhookDelivery(
        provider=provider,
        delivery_id=f"rehearsal-{uuid4()}",
        type="polar_django.rehearsal",
        body=b"",
        state=WebhookDelivery.State.IGNORED,
        received_at=now,
        due_at=now,
        processed_at=now,
    )
    row.save(using=primary(), force_insert=True)
    try:
        yield row.delivery_id
    finally:
        on_primary(WebhookDelivery).filter(pk=row.pk).delete()
