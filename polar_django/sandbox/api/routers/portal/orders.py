"""/v1/customer-portal/orders/"""

from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Body, Text, sent
from polar_django.sandbox.api.inputs.orders import OrderUpdate
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.api.portal_access import has_session, require_billing, session_of
from polar_django.sandbox.api.refusals import json_answer
from polar_django.sandbox.api.routers.orders import InvoiceDoesNotExist
from polar_django.sandbox.engine import manual_payments, orders
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.models import Order

router = Router(auth=has_session)

COLUMNS = {
    "created_at": "created_at",
    "amount": "net_amount",
    "net_amount": "net_amount",
    "product": "product__name",
    "subscription": "subscription_id",
}


class Filters(Paging):
    product_id: list[UUID4] = []
    product_billing_type: list[Literal["one_time", "recurring"]] = []
    subscription_id: list[UUID4] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


class ConfirmPayment(Body):
    """POST to pay what a renewal could not charge: a new test card, or a saved one."""

    confirmation_token_id: Text | None = None
    payment_method_id: UUID4 | None = None
    payment_processor: Literal["stripe"] = "stripe"


def _all(request: HttpRequest) -> QuerySet[Order]:
    return require_billing(request).orders.select_related(
        "customer", "product", "discount", "subscription__product"
    )


def _order(row: Order) -> dict[str, Any]:
    return shapes.portal_order(row, get_organization())


@router.get("/orders/")
def list_orders(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all(request).exclude(status="draft")
    if filters.product_id:
        rows = rows.filter(product_id__in=filters.product_id)
    if len(filters.product_billing_type) == 1:
        one_time = filters.product_billing_type == ["one_time"]
        rows = rows.filter(product__recurring_interval__isnull=one_time)
    if filters.subscription_id:
        rows = rows.filter(subscription_id__in=filters.subscription_id)
    if filters.query:
        rows = rows.filter(product__name__icontains=filters.query)
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, _order)


@router.get("/orders/{id}")
def get_order(request: HttpRequest, id: UUID4) -> Any:
    return _order(find(_all(request), id))


@router.patch("/orders/{id}")
def update_order(request: HttpRequest, id: UUID4, body: OrderUpdate) -> Any:
    return _order(orders.update_order(find(_all(request), id), sent(body)))


@router.get("/orders/{id}/invoice")
def get_invoice(request: HttpRequest, id: UUID4) -> Any:
    order = find(_all(request), id)
    if not order.is_invoice_generated:
        raise InvoiceDoesNotExist(f"No invoice exists for order {order.id}.")
    return {"url": _page_of(order, request)}


@router.get("/orders/{id}/receipt")
def get_receipt(request: HttpRequest, id: UUID4) -> Any:
    """Made with the payment; an order that no card paid has none, and Polar answers 202 for it."""
    order = find(_all(request), id)
    if order.receipt_number is None:
        return json_answer(None, 202)
    return {"url": _page_of(order, request)}


def _page_of(order: Order, request: HttpRequest) -> str:
    token = session_of(request).token
    address = f"{base_url(request)}/portal/orders/{order.id}"
    return f"{address}?customer_session_token={token}"


@router.post("/orders/{id}/invoice")
def generate_invoice(request: HttpRequest, id: UUID4) -> Any:
    orders.generate_invoice(find(_all(request), id))
    return json_answer(None, 202)


@router.get("/orders/{id}/payment-status")
def get_payment_status(request: HttpRequest, id: UUID4) -> Any:
    order = find(_all(request), id)
    return {"status": "succeeded" if order.paid else order.status, "error": None}


@router.post("/orders/{id}/confirm-payment")
def confirm_payment(request: HttpRequest, id: UUID4, body: ConfirmPayment) -> Any:
    """A refused card is no error of the request: the answer says `failed` and why."""
    order, card_id = find(_all(request), id), body.payment_method_id
    cards = order.customer.payment_methods.filter(deleted_at=None)
    method = None if card_id is None else find(cards, card_id)
    payment = manual_payments.pay_order(order, token=body.confirmation_token_id, method=method)
    status = "succeeded" if payment.error is None else "failed"
    return {"status": status, "client_secret": None, "error": payment.error}
