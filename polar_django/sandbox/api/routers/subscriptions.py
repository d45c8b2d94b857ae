"""/v1/subscriptions/"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer, find
from polar_django.sandbox.api.inputs.fields import Moment, sent
from polar_django.sandbox.api.inputs.subscriptions import (
    Reason,
    Status,
    SubscriptionCancel,
    SubscriptionCreate,
    SubscriptionPause,
    SubscriptionResume,
    SubscriptionRevoke,
    SubscriptionUpdate,
    SubscriptionUpdateBase,
    SubscriptionUpdateBillingPeriod,
    SubscriptionUpdateClear,
    SubscriptionUpdateSeats,
    SubscriptionUpdateUnits,
)
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import changes, pauses, plan_changes, subscriptions
from polar_django.sandbox.engine.pending import clear_pending
from polar_django.sandbox.models import BILLABLE_STATUSES, Subscription

router = Router()

COLUMNS = {
    "customer": "customer__email",
    "status": "status",
    "started_at": "started_at",
    "current_period_end": "current_period_end",
    "ended_at": "ended_at",
    "ends_at": "ends_at",
    "amount": "amount",
    "product": "product__name",
    "discount": "discount__name",
}


class Filters(Paging):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    discount_id: list[UUID4] = []
    active: bool | None = None
    status: list[Status] = []
    cancel_at_period_end: bool | None = None
    customer_cancellation_reason: list[Reason] = []
    canceled_at_after: Moment | None = None
    canceled_at_before: Moment | None = None
    started_after: Moment | None = None
    started_before: Moment | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Subscription]:
    return Subscription.objects.select_related("customer", "product", "discount")


@router.get("/")
def list_subscriptions(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_customer(_all(), filters.customer_id, filters.external_customer_id)
    rows = by_metadata(rows.filter(_wanted(filters)), request)
    if filters.active is not None:
        active = Q(status__in=BILLABLE_STATUSES)
        rows = rows.filter(active if filters.active else ~active)
    rows = ordered(rows, filters.sorting, COLUMNS, "-started_at")
    return page(rows, filters, shapes.subscription)


def _wanted(filters: Filters) -> Q:
    """The filters that compare one column with what was sent."""
    lookups: Mapping[str, Any] = {
        "product_id__in": filters.product_id or None,
        "discount_id__in": filters.discount_id or None,
        "status__in": filters.status or None,
        "cancel_at_period_end": filters.cancel_at_period_end,
        "customer_cancellation_reason__in": filters.customer_cancellation_reason or None,
        "canceled_at__gte": filters.canceled_at_after,
        "canceled_at__lte": filters.canceled_at_before,
        "started_at__gte": filters.started_after,
        "started_at__lte": filters.started_before,
    }
    return Q(**{lookup: value for lookup, value in lookups.items() if value is not None})


@router.post("/", response={201: dict[str, Any]})
def create_subscription(request: HttpRequest, body: SubscriptionCreate) -> Any:
    return shapes.subscription(subscriptions.create_free_subscription(sent(body.root)))


@router.get("/{id}")
def get_subscription(request: HttpRequest, id: UUID4) -> Any:
    return shapes.subscription(find(_all(), id))


@router.patch("/{id}")
def update_subscription(request: HttpRequest, id: UUID4, body: SubscriptionUpdate) -> Any:
    change = CHANGES[type(body.root)]
    return shapes.subscription(change(find(_all(), id), body.root))


@router.delete("/{id}")
def revoke_subscription(request: HttpRequest, id: UUID4) -> Any:
    return shapes.subscription(subscriptions.revoke(find(_all(), id)))


def _cancel(row: Subscription, body: SubscriptionCancel) -> Subscription:
    if not body.cancel_at_period_end:
        return subscriptions.uncancel(row)
    return subscriptions.cancel_at_period_end(
        row,
        reason=body.customer_cancellation_reason,
        comment=body.customer_cancellation_comment,
    )


def _revoke(row: Subscription, body: SubscriptionRevoke) -> Subscription:
    return subscriptions.revoke(
        row,
        reason=body.customer_cancellation_reason,
        comment=body.customer_cancellation_comment,
    )


def _pause(row: Subscription, body: SubscriptionPause) -> Subscription:
    if not body.pause_at_period_end:
        return pauses.unschedule_pause(row)
    return pauses.schedule_pause(row, resumes_at=body.resumes_at)


CHANGES: Mapping[type, Callable[[Subscription, Any], Subscription]] = {
    SubscriptionUpdateBase: lambda row, body: changes.update_subscription(row, sent(body)),
    SubscriptionUpdateSeats: lambda row, body: plan_changes.change_seats(
        row, body.seats, body.proration_behavior
    ),
    SubscriptionUpdateUnits: lambda row, body: plan_changes.change_units(
        row, body.units, body.proration_behavior
    ),
    SubscriptionUpdateBillingPeriod: lambda row, body: changes.change_billing_period(
        row, body.current_billing_period_end
    ),
    SubscriptionCancel: _cancel,
    SubscriptionRevoke: _revoke,
    SubscriptionPause: _pause,
    SubscriptionResume: lambda row, body: pauses.resume_now(row),
    SubscriptionUpdateClear: lambda row, body: clear_pending(row),
}
