"""/v1/customer-portal/subscriptions/"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4, ConfigDict, RootModel

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Body, Moment, Text
from polar_django.sandbox.api.inputs.subscriptions import Count, Reason
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.api.portal_access import has_session, require_billing
from polar_django.sandbox.engine import changes, pauses, plan_changes
from polar_django.sandbox.engine import subscriptions as endings
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.engine.pending import clear_pending
from polar_django.sandbox.errors import NotPermitted
from polar_django.sandbox.models import BILLABLE_STATUSES, Subscription

router = Router(auth=has_session)

COLUMNS = {
    "started_at": "started_at",
    "amount": "amount",
    "status": "status",
    "product": "product__name",
}


class Filters(Paging):
    product_id: list[UUID4] = []
    active: bool | None = None
    query: str | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


class _Strict(Body):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


# These names stand in the `loc` of Polar's errors.
class CustomerSubscriptionUpdateProduct(_Strict):
    product_id: UUID4


class CustomerSubscriptionUpdateSeats(_Strict):
    seats: Count


class CustomerSubscriptionCancel(_Strict):
    cancel_at_period_end: bool
    cancellation_reason: Reason | None = None
    cancellation_comment: Text | None = None


class CustomerSubscriptionPause(_Strict):
    pause_at_period_end: bool
    resumes_at: Moment | None = None


class CustomerSubscriptionResume(_Strict):
    resume: Literal[True]


class CustomerSubscriptionUpdateClear(_Strict):
    pending_update: None


class CustomerSubscriptionUpdate(
    RootModel[
        CustomerSubscriptionUpdateProduct
        | CustomerSubscriptionUpdateSeats
        | CustomerSubscriptionCancel
        | CustomerSubscriptionPause
        | CustomerSubscriptionResume
        | CustomerSubscriptionUpdateClear
    ]
):
    """PATCH of a subscription by its customer: one kind of change at a time."""


def _subscriptions(request: HttpRequest) -> QuerySet[Subscription]:
    return require_billing(request).subscriptions.select_related("customer", "product", "discount")


def _subscription(row: Subscription) -> dict[str, Any]:
    return shapes.portal_subscription(row, get_organization())


@router.get("/subscriptions/")
def list_subscriptions(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _subscriptions(request)
    if filters.product_id:
        rows = rows.filter(product_id__in=filters.product_id)
    if filters.active is not None:
        live = rows.filter(status__in=BILLABLE_STATUSES)
        rows = live if filters.active else rows.exclude(status__in=BILLABLE_STATUSES)
    if filters.query:
        rows = rows.filter(product__name__icontains=filters.query)
    rows = ordered(rows, filters.sorting, COLUMNS, "-started_at")
    return page(rows, filters, _subscription)


@router.get("/subscriptions/{id}")
def get_subscription(request: HttpRequest, id: UUID4) -> Any:
    return _subscription(find(_subscriptions(request), id))


@router.patch("/subscriptions/{id}")
def update_subscription(request: HttpRequest, id: UUID4, body: CustomerSubscriptionUpdate) -> Any:
    row = find(_subscriptions(request), id)
    return _subscription(CHANGES[type(body.root)](row, body.root))


@router.delete("/subscriptions/{id}")
def cancel_subscription(request: HttpRequest, id: UUID4) -> Any:
    """A customer's own DELETE takes nothing at once: it ends with the period."""
    row = find(_subscriptions(request), id)
    return _subscription(endings.cancel_at_period_end(row))


def _require(switch: str) -> None:
    """The organization may forbid customers to do this. Raises NotPermitted."""
    allowed = get_organization().settings["customer_portal_settings"]["subscription"]
    if not allowed.get(switch, True):
        raise NotPermitted("Customers cannot change this themselves.")


def _change_product(row: Subscription, body: CustomerSubscriptionUpdateProduct) -> Subscription:
    _require("update_plan")
    return changes.update_subscription(row, {"product_id": body.product_id})


def _change_seats(row: Subscription, body: CustomerSubscriptionUpdateSeats) -> Subscription:
    _require("update_seats")
    return plan_changes.change_seats(row, body.seats, None)


def _cancel(row: Subscription, body: CustomerSubscriptionCancel) -> Subscription:
    if not body.cancel_at_period_end:
        return endings.uncancel(row)
    return endings.cancel_at_period_end(
        row, reason=body.cancellation_reason, comment=body.cancellation_comment
    )


def _pause(row: Subscription, body: CustomerSubscriptionPause) -> Subscription:
    if not body.pause_at_period_end:
        return pauses.unschedule_pause(row)
    return pauses.schedule_pause(row, resumes_at=body.resumes_at)


CHANGES: Mapping[type, Callable[[Subscription, Any], Subscription]] = {
    CustomerSubscriptionUpdateProduct: _change_product,
    CustomerSubscriptionUpdateSeats: _change_seats,
    CustomerSubscriptionCancel: _cancel,
    CustomerSubscriptionPause: _pause,
    CustomerSubscriptionResume: lambda row, body: pauses.resume_now(row),
    CustomerSubscriptionUpdateClear: lambda row, body: clear_pending(row),
}
