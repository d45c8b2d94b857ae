"""/v1/orders/"""

from typing import Annotated, Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import by_customer, find
from polar_django.sandbox.api.inputs.fields import BillingType, Moment, sent
from polar_django.sandbox.api.inputs.orders import (
    OrderCreate,
    OrderFinalize,
    OrderStatus,
    OrderUpdate,
)
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.api.refusals import json_answer
from polar_django.sandbox.engine import drafts, orders, sessions
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import Order

router = Router()

COLUMNS = {
    "created_at": "created_at",
    "status": "status",
    "invoice_number": "invoice_number",
    "amount": "total_amount",
    "net_amount": "net_amount",
    "customer": "customer__email",
    "product": "product__name",
    "discount": "discount__name",
    "subscription": "subscription_id",
}


class InvoiceDoesNotExist(ResourceNotFound):
    text = "No invoice exists for this order."


class Filters(Paging):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    product_billing_type: list[BillingType] = []
    discount_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    checkout_id: list[UUID4] = []
    subscription_id: list[UUID4] = []
    status: list[OrderStatus] = []
    created_after: Moment | None = None
    created_before: Moment | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Order]:
    return Order.objects.select_related(
        "customer", "product", "discount", "subscription", "subscription__product"
    )


@router.get("/")
def list_orders(request: HttpRequest, filters: Query[Filters]) -> Any:
    """Drafts, pending and void ones too, unless filtered."""
    rows = by_customer(_all(), filters.customer_id, filters.external_customer_id)
    rows = by_metadata(rows.filter(_wanted(filters)), request)
    if filters.product_billing_type:
        kinds = {"recurring": False, "one_time": True}
        one_time = [kinds[kind] for kind in filters.product_billing_type]
        matching = [Q(product__recurring_interval__isnull=each) for each in one_time]
        rows = rows.filter(Q(*matching, _connector=Q.OR))
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.order)


def _wanted(filters: Filters) -> Q:
    """The filters that compare one column with what was sent."""
    lookups = {
        "product_id__in": filters.product_id or None,
        "discount_id__in": filters.discount_id or None,
        "checkout_id__in": filters.checkout_id or None,
        "subscription_id__in": filters.subscription_id or None,
        "status__in": filters.status or None,
        "created_at__gte": filters.created_after,
        "created_at__lte": filters.created_before,
    }
    return Q(**{lookup: value for lookup, value in lookups.items() if value is not None})


@router.post("/", response={201: dict[str, Any]})
def create_order(request: HttpRequest, body: OrderCreate) -> Any:
    return shapes.order(drafts.create_draft(body.data()))


@router.get("/{id}")
def get_order(request: HttpRequest, id: UUID4) -> Any:
    return shapes.order(find(_all(), id))


@router.patch("/{id}")
def update_order(request: HttpRequest, id: UUID4, body: OrderUpdate) -> Any:
    return shapes.order(orders.update_order(find(_all(), id), sent(body)))


@router.post("/{id}/finalize")
def finalize_order(request: HttpRequest, id: UUID4, body: OrderFinalize) -> Any:
    order = find(_all(), id)
    return shapes.order(drafts.finalize_draft(order, payment_method_id=body.payment_method_id))


@router.get("/{id}/receipt")
def get_receipt(request: HttpRequest, id: UUID4) -> Any:
    """Made with the payment; an order that no card paid has none, and Polar answers 202 for it."""
    order = find(_all(), id)
    if order.receipt_number is None:
        return json_answer(None, 202)
    return {"url": _page_of(order, request)}


@router.get("/{id}/invoice")
def get_invoice(request: HttpRequest, id: UUID4) -> Any:
    order = find(_all(), id)
    if not order.is_invoice_generated:
        raise InvoiceDoesNotExist(f"No invoice exists for order {order.id}.")
    return {"url": _page_of(order, request)}


def _page_of(order: Order, request: HttpRequest) -> str:
    """Polar signs the address of a file; here a portal session opens the page for an hour."""
    owner = order.customer.members.filter(role="owner", deleted_at=None).first()
    session = sessions.create_customer_session(
        {"customer_id": order.customer_id, "member_id": owner and owner.pk},
        base_url=base_url(request),
    )
    query = urlencode({"customer_session_token": session.token})
    return f"{base_url(request)}/portal/orders/{order.id}?{query}"


@router.post("/{id}/invoice")
def generate_invoice(request: HttpRequest, id: UUID4) -> Any:
    orders.generate_invoice(find(_all(), id))
    return json_answer(None, 202)
