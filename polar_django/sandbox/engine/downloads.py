"""Addresses under which a holder gets a file, for an hour and while they hold it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import BenefitGrant, Download, File

__all__ = ["LIFETIME", "Ticket", "download", "make_ticket"]

LIFETIME = timedelta(hours=1)
SALT = "polar_sandbox.downloads"


@dataclass(frozen=True, slots=True)
class Ticket:
    """The secret part of an address, and until when it opens."""

    token: str
    expires_at: datetime


def make_ticket(grant_id: UUID, file_id: UUID) -> Ticket:
    """For the holder of that grant. No query but the clock's."""
    expires_at = clock.now() + LIFETIME
    parts = [grant_id.hex, file_id.hex, expires_at.timestamp()]
    return Ticket(signing.dumps(parts, salt=SALT), expires_at)


def download(token: str) -> File:
    """The file with its bytes; the download is counted. Raises ResourceNotFound."""
    grant_id, file_id = _read(token)
    held = BenefitGrant.objects.filter(pk=grant_id, granted_at__isnull=False).first()
    file = File.objects.filter(pk=file_id, deleted_at=None, is_uploaded=True).first()
    if held is None or file is None or not file.content:
        raise ResourceNotFound
    if str(file.id) not in held.properties.get("files", []):
        raise ResourceNotFound
    with business_transaction():
        rows.create(Download, file=file, customer_id=held.customer_id, member_id=held.member_id)
    return file


def _read(token: str) -> tuple[UUID, UUID]:
    try:
        parts: Any = signing.loads(token, salt=SALT)
        grant_id, file_id, expires_at = UUID(parts[0]), UUID(parts[1]), float(parts[2])
    except (signing.BadSignature, ValueError, TypeError, LookupError) as error:
        raise ResourceNotFound from error
    if expires_at <= clock.now().timestamp():
        raise ResourceNotFound
    return grant_id, file_id
