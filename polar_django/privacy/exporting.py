"""Everything this app keeps about a subscriber, as plain JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet

from polar_django import models
from polar_django.models.databases import on_primary
from polar_django.privacy.belongings import belongings_of

__all__ = ["export_subscriber"]

# What opens a page is no information about anybody.
_SECRETS = frozenset(
    {"client_secret", "customer_session_token", "success_url", "token", "trace", "url"}
)


def export_subscriber(subscriber: Any) -> dict[str, Any]:
    """Every row about the subscriber, by table: `{"customers": [{…}], "orders": […], …}`.

    Columns have their names, moments are ISO 8601, amounts whole minor units; `raw` is the
    provider's object as last received. Of webhook deliveries that changed something there is what
    came when, without the bodies, which repeat it. Secrets are left out. JSON throughout. About
    fifteen queries.
    """
    found: dict[str, Any] = {
        name: [_shown(row) for row in rows] for name, rows in belongings_of(subscriber).items()
    }
    found["timeline"] = [_shown(row) for row in _timeline(subscriber)]
    found["deliveries"] = [
        {"delivery_id": key, "type": type_, "received_at": at}
        for key, type_, at in on_primary(models.WebhookDelivery)
        .filter(pk__in=_timeline(subscriber).values("delivery"))
        .order_by("pk")
        .values_list("delivery_id", "type", "received_at")
    ]
    plain: dict[str, Any] = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return plain


def _timeline(subscriber: Any) -> "QuerySet[models.Transition]":
    customers = on_primary(models.Customer).filter(subscriber=subscriber).values("pk")
    grants = on_primary(models.BenefitGrant).filter(subscriber=subscriber, customer=None)
    return (
        on_primary(models.Transition)
        .filter(Q(customer_id__in=customers) | Q(object_id__in=grants.values("pk")))
        .order_by("happened_at", "pk")
    )


def _shown(row: Model) -> dict[str, Any]:
    return {
        field.attname: _without_secrets(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in _SECRETS
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_secrets(v) for k, v in value.items() if k not in _SECRETS}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
