"""/v1/orders/export, /v1/subscriptions/export and /v1/customers/export: CSV"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import UUID4

from polar_django.sandbox.api.inputs.fields import Moment, choice
from polar_django.sandbox.api.inputs.orders import OrderStatus
from polar_django.sandbox.api.inputs.subscriptions import Status
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import Customer, Order, Subscription

router = Router()

Column = Callable[[Any], object]


def _major(amount: int) -> Decimal:
    """Minor units as a file for accountants has them: 1190 → 11.9."""
    return Decimal(amount) / 100


def _country(address: Mapping[str, Any] | None) -> str:
    return str((address or {}).get("country") or "")


ORDERS: Mapping[str, Column] = {
    "email": lambda row: row.customer.email,
    "created_at": lambda row: row.created_at,
    "product": lambda row: row.product.name if row.product else "",
    "net_amount": lambda row: _major(row.net_amount),
    "currency": lambda row: row.currency,
    "status": lambda row: row.status,
    "invoice_number": lambda row: row.invoice_number,
    "customer_name": lambda row: row.customer.name,
    "billing_name": lambda row: row.billing_name,
    "billing_country": lambda row: _country(row.billing_address),
    "subtotal_amount": lambda row: _major(row.subtotal_amount),
    "discount_amount": lambda row: _major(row.discount_amount),
    "tax_amount": lambda row: _major(row.tax_amount),
    "total_amount": lambda row: _major(row.total_amount),
    "refunded_amount": lambda row: _major(row.refunded_amount),
    "billing_reason": lambda row: row.billing_reason,
}
ORDERS_SHOWN = tuple(ORDERS)[:7]

SUBSCRIPTIONS: Mapping[str, Column] = {
    "email": lambda row: row.customer.email,
    "started_at": lambda row: row.started_at,
    "product": lambda row: row.product.name,
    "amount": lambda row: _major(row.amount),
    "currency": lambda row: row.currency,
    "status": lambda row: row.status,
    "recurring_interval": lambda row: row.recurring_interval,
    "customer_name": lambda row: row.customer.name,
    "billing_name": lambda row: row.customer.billing_name or row.customer.name,
    "billing_country": lambda row: _country(row.customer.billing_address),
    "net_amount": lambda row: _major(row.amount),
    "discount": lambda row: row.discount.name if row.discount else "",
    "seats": lambda row: row.seats,
    "current_period_start": lambda row: row.current_period_start,
    "current_period_end": lambda row: row.current_period_end,
    "cancel_at_period_end": lambda row: row.cancel_at_period_end,
    "canceled_at": lambda row: row.canceled_at,
    "ends_at": lambda row: row.ends_at,
    "ended_at": lambda row: row.ended_at,
    "cancellation_reason": lambda row: row.customer_cancellation_reason,
    "trial_start": lambda row: row.trial_start,
    "trial_end": lambda row: row.trial_end,
}
SUBSCRIPTIONS_SHOWN = tuple(SUBSCRIPTIONS)[:7]

CUSTOMERS: Mapping[str, Column] = {
    "id": lambda row: row.id,
    "external_id": lambda row: row.external_id,
    "created_at": lambda row: row.created_at,
    "email": lambda row: row.email,
    "name": lambda row: row.name,
}


class OrderExport(Schema):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    status: list[OrderStatus] = []
    created_after: Moment | None = None
    created_before: Moment | None = None
    timezone: str = "UTC"
    columns: list[Annotated[str, choice(*ORDERS)]] = []


class SubscriptionExport(Schema):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    status: list[Status] = []
    cancel_at_period_end: bool | None = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    timezone: str = "UTC"
    columns: list[Annotated[str, choice(*SUBSCRIPTIONS)]] = []


class CustomerExport(Schema):
    organization_id: list[UUID4] = []


@router.get("/orders/export")
def export_orders(request: HttpRequest, asked: Query[OrderExport]) -> Any:
    lookups = {
        "product_id__in": asked.product_id or None,
        "status__in": asked.status or None,
        "created_at__gte": asked.created_after,
        "created_at__lte": asked.created_before,
    }
    rows = Order.objects.select_related("customer", "product").filter(**_given(lookups))
    columns = asked.columns or ORDERS_SHOWN
    return _csv("orders", rows.order_by("-created_at"), ORDERS, columns, asked.timezone)


@router.get("/subscriptions/export")
def export_subscriptions(request: HttpRequest, asked: Query[SubscriptionExport]) -> Any:
    lookups = {
        "product_id__in": asked.product_id or None,
        "status__in": asked.status or None,
        "cancel_at_period_end": asked.cancel_at_period_end,
        "started_at__gte": asked.started_after,
        "started_at__lte": asked.started_before,
    }
    related = Subscription.objects.select_related("customer", "product", "discount")
    rows = related.filter(**_given(lookups)).order_by("-started_at")
    columns = asked.columns or SUBSCRIPTIONS_SHOWN
    return _csv("subscriptions", rows, SUBSCRIPTIONS, columns, asked.timezone)


@router.get("/customers/export")
def export_customers(request: HttpRequest, asked: Query[CustomerExport]) -> Any:
    rows = Customer.objects.filter(deleted_at=None).order_by("-created_at")
    return _csv("customers", rows, CUSTOMERS, tuple(CUSTOMERS), "UTC")


def _given(lookups: Mapping[str, Any]) -> dict[str, Any]:
    return {lookup: value for lookup, value in lookups.items() if value is not None}


def _csv(
    name: str,
    rows: Iterable[Model],
    known: Mapping[str, Column],
    columns: Sequence[str],
    timezone: str,
) -> HttpResponse:
    zone = _zone(timezone)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.replace("_", " ").capitalize() for column in columns)
    for row in rows:
        writer.writerow(_cell(known[column](row), zone) for column in columns)
    answer = HttpResponse(text.getvalue(), content_type="text/csv")
    answer["Content-Disposition"] = f"attachment; filename=polar-{name}.csv"
    return answer


def _cell(value: object, zone: ZoneInfo) -> object:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")):
        # A spreadsheet would take it as a formula, and buyers choose their own names.
        return f"'{value}"
    return value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        entry = {
            "type": "timezone",
            "loc": ["query", "timezone"],
            "msg": "Invalid timezone.",
            "input": name,
        }
        raise InvalidRequest([entry]) from error
