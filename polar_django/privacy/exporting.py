"""Everything this app keeps about a subscriber, or an unclaimed customer, as plain JSON."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet

from polar_django import models
from polar_django.models.databases import on_primary
from polar_django.privacy.belongings import belongings_of, belongings_of_customer
from polar_django.privacy.people import refuse_claimed, refuse_stranger

__all__ = ["export_subscriber", "export_unclaimed"]

# What opens a page is no information about anybody.
_SECRETS = frozenset(
    {"client_secret", "customer_session_token", "success_url", "token", "trace", "url"}
)


def export_subscriber(subscriber: Any) -> dict[str, Any]:
    """Every row about the subscriber, by table: `{"customers": [{…}], "orders": […], …}`.

    Columns have their names, moments are ISO 8601, amounts whole minor units; `raw` is the
    provider's object as last received. Of webhook deliveries that changed something there is what
    came when, without the bodies, which repeat it. Secrets are left out. JSON throughout. About
    fifteen queries. Raises TypeError for what is no subscriber.
    """
    refuse_stranger(subscriber)
    given = on_primary(models.BenefitGrant).filter(subscriber=subscriber, customer=None)
    return _exported(belongings_of(subscriber), Q(object_id__in=given.values("pk")))


def export_unclaimed(customer: models.Customer) -> dict[str, Any]:
    """The same about a customer that is no subscriber here, such as a guest who bought.

    About fifteen queries. Raises ValueError for one that is a subscriber's.
    """
    refuse_claimed(customer)
    return _exported(belongings_of_customer(customer), Q(pk__in=()))


def _exported(belongings: Mapping[str, "QuerySet[Any]"], other_news: Q) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: [_shown(row) for row in rows] for name, rows in belongings.items()
    }
    customers = belongings["customers"].order_by().values("pk")
    timeline = (
        on_primary(models.Transition)
        .filter(Q(customer_id__in=customers) | other_news)
        .order_by("happened_at", "pk")
    )
    found["timeline"] = [_shown(row) for row in timeline]
    found["deliveries"] = [
        {"delivery_id": key, "type": type_, "received_at": at}
        for key, type_, at in on_primary(models.WebhookDelivery)
        .filter(pk__in=timeline.order_by().values("delivery"))
        .order_by("pk")
        .values_list("delivery_id", "type", "received_at")
    ]
    plain: dict[str, Any] = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return plain


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
