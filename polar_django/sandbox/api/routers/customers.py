"""/v1/customers/, by Polar's id"""

from typing import Annotated, Any

from django.db.models import Q
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find_customer
from polar_django.sandbox.api.inputs.customers import CustomerCreate, CustomerUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import customers
from polar_django.sandbox.models import ACTIVE_STATUSES, Customer

router = Router()

COLUMNS = {name: name for name in ("created_at", "email", "name")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    email: str | None = None
    query: str | None = None
    active: bool | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


@router.get("/")
def list_customers(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(Customer.objects.filter(deleted_at=None), request)
    if filters.email is not None:
        rows = rows.filter(email__iexact=filters.email)
    if filters.query:
        names = Q(name__icontains=filters.query) | Q(email__icontains=filters.query)
        rows = rows.filter(names | Q(external_id__startswith=filters.query))
    if filters.active is not None:
        paying = Customer.objects.filter(subscriptions__status__in=ACTIVE_STATUSES).values("pk")
        rows = rows.filter(pk__in=paying) if filters.active else rows.exclude(pk__in=paying)
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.customer)


@router.post("/", response={201: dict[str, Any]})
def create_customer(request: HttpRequest, body: CustomerCreate) -> Any:
    return shapes.customer(customers.create_customer(body.root.data()))


@router.get("/{id}")
def get_customer(request: HttpRequest, id: UUID4) -> Any:
    return shapes.customer(find_customer(id))


@router.patch("/{id}")
def update_customer(request: HttpRequest, id: UUID4, body: CustomerUpdate) -> Any:
    return shapes.customer(customers.update_customer(find_customer(id), sent(body)))


@router.delete("/{id}", response={204: None})
def delete_customer(request: HttpRequest, id: UUID4, anonymize: bool = False) -> None:
    customers.delete_customer(find_customer(id), anonymize=anonymize)


@router.get("/{id}/state")
def get_state(request: HttpRequest, id: UUID4) -> Any:
    return shapes.customer_state(find_customer(id))


def list_cards(customer: Customer, paging: Paging) -> dict[str, Any]:
    """The page of a customer's saved cards, newest first."""
    rows = customer.payment_methods.filter(deleted_at=None).select_related("customer")
    return page(rows.order_by("-created_at"), paging, shapes.payment_method)


@router.get("/{id}/payment-methods")
def list_payment_methods(request: HttpRequest, id: UUID4, paging: Query[Paging]) -> Any:
    return list_cards(find_customer(id), paging)
