"""/v1/customer-meters/: none before usage is recorded"""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.models import CustomerMeter

router = Router()


class Filters(Paging):
    organization_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    meter_id: list[UUID4] = []


@router.get("/")
def list_customer_meters(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = CustomerMeter.objects.select_related("customer", "meter")
    rows = by_customer(rows, filters.customer_id, filters.external_customer_id)
    if filters.meter_id:
        rows = rows.filter(meter_id__in=filters.meter_id)
    return page(rows.order_by("-modified_at", "pk"), filters, _shape)


def _shape(row: CustomerMeter) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "created_at": shapes.moment(row.created_at),
        "modified_at": shapes.moment_or_none(row.modified_at),
        "customer_id": str(row.customer_id),
        "meter_id": str(row.meter_id),
        "consumed_units": row.consumed_units,
        "credited_units": row.credited_units,
        "balance": row.balance,
        "customer": shapes.customer(row.customer),
        "meter": shapes.meter(row.meter),
    }
