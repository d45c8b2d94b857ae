"""License keys: one per grant, made, taken back, and changed by the seller."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import RotateNotPermitted
from polar_django.sandbox.models import BenefitGrant, LicenseKey
from polar_django.sandbox.periods import add_interval

__all__ = ["give", "rotate_key", "take"]


def give(grant: BenefitGrant) -> dict[str, Any]:
    """The key of a grant, made the first time; the grant's properties.

    A key that comes back is the same key, and stays disabled where somebody disabled it.
    """
    properties = grant.benefit.properties
    values = {
        "limit_activations": (properties.get("activations") or {}).get("limit"),
        "limit_usage": properties.get("limit_usage"),
    }
    key = LicenseKey.objects.filter(grant=grant).first()
    if key is None:
        key = rows.create(
            LicenseKey,
            grant=grant,
            customer=grant.customer,
            member=grant.member,
            benefit=grant.benefit,
            key=_new_key(properties.get("prefix")),
            expires_at=_expires_at(grant),
            **values,
        )
    else:
        status = "granted" if key.status == "revoked" else key.status
        rows.change(key, status=status, **values)
    return {"license_key_id": str(key.id), "display_key": key.display_key}


def _new_key(prefix: str | None) -> str:
    key = str(uuid4()).upper()
    return f"{prefix.upper()}-{key}" if prefix else key


def _expires_at(grant: BenefitGrant) -> datetime | None:
    """Only of one-time purchases: a subscription's key ends with the subscription."""
    expires = grant.benefit.properties.get("expires")
    if not expires or grant.subscription_id is not None:
        return None
    now = clock.tick()
    try:
        return add_interval(now, expires["timeframe"], expires["ttl"], anchor_day=now.day)
    except (OverflowError, ValueError):
        # Beyond the calendar: it never does.
        return None


def take(grant: BenefitGrant) -> dict[str, Any]:
    """The key is no longer active; the grant's properties stay."""
    key = LicenseKey.objects.filter(grant=grant, status="granted").first()
    if key is not None:
        rows.change(key, status="revoked")
    return dict(grant.properties)


def rotate_key(key: LicenseKey) -> LicenseKey:
    """Another text for the same key. Raises RotateNotPermitted. Sends nothing."""
    with business_transaction():
        key.refresh_from_db()
        if key.status not in ("granted", "disabled"):
            raise RotateNotPermitted
        prefix: Mapping[str, Any] = key.benefit.properties
        return rows.change(key, key=_new_key(prefix.get("prefix")))
