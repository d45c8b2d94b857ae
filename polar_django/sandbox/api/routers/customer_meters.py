"""/v1/customer-meters/: what each customer used of each meter"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer, find
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.models import CustomerMeter

router = Router()

COLUMNS = {
    "created_at": "created_at",
    "modified_at": "modified_at",
    "customer_id": "customer_id",
    "customer_name": "customer__name",
    "meter_id": "meter_id",
    "meter_name": "meter__name",
    "consumed_units": "consumed_units",
    "credited_units": "credited_units",
    "balance": "balance",
}


class Filters(Paging):
    organization_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    meter_id: list[UUID4] = []
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[CustomerMeter]:
    return CustomerMeter.objects.filter(customer__deleted_at=None).select_related(
        "customer", "meter"
    )


@router.get("/")
def list_customer_meters(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_customer(_all(), filters.customer_id, filters.external_customer_id)
    if filters.meter_id:
        rows = rows.filter(meter_id__in=filters.meter_id)
    rows = ordered(rows, filters.sorting, COLUMNS, "-modified_at")
    return page(rows, filters, shapes.customer_meter)


@router.get("/{id}")
def get_customer_meter(request: HttpRequest, id: UUID4) -> Any:
    return shapes.customer_meter(find(_all(), id))
