"""/v1/refunds/"""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.inputs.refunds import RefundCreate
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import refunds
from polar_django.sandbox.models import Refund

router = Router()

COLUMNS = {"created_at": "created_at", "amount": "amount"}


class Filters(Paging):
    organization_id: list[UUID4] = []
    id: list[UUID4] = []
    order_id: list[UUID4] = []
    subscription_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    succeeded: bool | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


@router.get("/")
def list_refunds(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_customer(Refund.objects.all(), filters.customer_id, filters.external_customer_id)
    if filters.id:
        rows = rows.filter(pk__in=filters.id)
    if filters.order_id:
        rows = rows.filter(order_id__in=filters.order_id)
    if filters.subscription_id:
        rows = rows.filter(subscription_id__in=filters.subscription_id)
    if filters.succeeded is not None:
        succeeded = rows.filter(status="succeeded")
        rows = succeeded if filters.succeeded else rows.exclude(status="succeeded")
    return page(ordered(rows, filters.sorting, COLUMNS, "-created_at"), filters, shapes.refund)


@router.post("/", response={201: dict[str, Any]})
def create_refund(request: HttpRequest, body: RefundCreate) -> Any:
    return shapes.refund(refunds.create_refund(sent(body)))
