"""A license key changed by the seller, and the grant that follows it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from polar_django.sandbox.engine import grants, rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.models import LicenseKey

__all__ = ["update_key"]

FIELDS = ("status", "usage", "limit_activations", "limit_usage", "expires_at")


def update_key(key: LicenseKey, data: Mapping[str, Any]) -> LicenseKey:
    """Change what `data` names of status, usage, limits and expires_at.

    Revoking or granting a key does so with its grant: benefit_grant.revoked or .created follow.
    """
    values = {name: data[name] for name in FIELDS if name in data}
    for name in ("status", "usage"):
        if values.get(name, 0) is None:
            del values[name]
    with business_transaction() as work:
        key.refresh_from_db()
        rows.change(key, **values)
        if values.get("status") == "revoked":
            work.later(partial(grants.revoke_grant, key.grant_id))
        elif values.get("status") == "granted":
            work.later(partial(grants.grant_again, key.grant_id))
        return key
