"""/v1/checkouts/, the seller's side"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.checkouts import CheckoutCreate, CheckoutStatus, CheckoutUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import checkouts
from polar_django.sandbox.models import Checkout

router = Router()

COLUMNS = {name: name for name in ("created_at", "expires_at", "status")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    status: list[CheckoutStatus] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[Checkout]:
    return Checkout.objects.select_related("product", "product_price", "discount")


@router.get("/")
def list_checkouts(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all()
    if filters.product_id:
        rows = rows.filter(product_id__in=filters.product_id)
    if filters.customer_id:
        rows = rows.filter(customer_id__in=filters.customer_id)
    if filters.external_customer_id:
        # As it was given: the session may know an id that no customer has.
        rows = rows.filter(external_customer_id__in=filters.external_customer_id)
    if filters.status:
        rows = rows.filter(status__in=filters.status)
    if filters.query:
        rows = rows.filter(customer_email__icontains=filters.query)
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.checkout)


@router.post("/", response={201: dict[str, Any]})
def create_checkout(request: HttpRequest, body: CheckoutCreate) -> Any:
    checkout = checkouts.create_checkout(sent(body.root), base_url=base_url(request))
    return shapes.checkout(checkout)


@router.get("/{id}")
def get_checkout(request: HttpRequest, id: UUID4) -> Any:
    return shapes.checkout(find(_all(), id))


@router.patch("/{id}")
def update_checkout(request: HttpRequest, id: UUID4, body: CheckoutUpdate) -> Any:
    return shapes.checkout(checkouts.update_checkout(find(_all(), id), sent(body)))
