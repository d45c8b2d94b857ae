"""/v1/meters/"""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer, find
from polar_django.sandbox.api.inputs.fields import Moment, sent
from polar_django.sandbox.api.inputs.usage import MeterCreate, MeterUpdate
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import meters
from polar_django.sandbox.models import Meter, UsageEvent

router = Router()

COLUMNS = {"created_at": "created_at", "name": "name"}


class Filters(Paging):
    organization_id: list[UUID4] = []
    query: str | None = None
    is_archived: bool | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


class Quantities(Schema):
    start_timestamp: Moment
    end_timestamp: Moment
    interval: Literal["year", "month", "week", "day", "hour"]
    timezone: str = "UTC"
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    customer_aggregation_function: Literal["count", "sum", "max", "min", "avg", "unique"] | None = (
        None
    )


@router.get("/")
def list_meters(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(Meter.objects.all(), request)
    if filters.query:
        rows = rows.filter(name__icontains=filters.query)
    if filters.is_archived is not None:
        rows = rows.filter(archived_at__isnull=not filters.is_archived)
    return page(ordered(rows, filters.sorting, COLUMNS, "name"), filters, shapes.meter)


@router.post("/", response={201: dict[str, Any]})
def create_meter(request: HttpRequest, body: MeterCreate) -> Any:
    return shapes.meter(meters.create_meter(body.data()))


@router.get("/{id}")
def get_meter(request: HttpRequest, id: UUID4) -> Any:
    return shapes.meter(find(Meter.objects.all(), id))


@router.patch("/{id}")
def update_meter(request: HttpRequest, id: UUID4, body: MeterUpdate) -> Any:
    return shapes.meter(meters.update_meter(find(Meter.objects.all(), id), sent(body)))


@router.get("/{id}/quantities")
def count_quantities(request: HttpRequest, id: UUID4, wanted: Query[Quantities]) -> Any:
    meter = find(Meter.objects.all(), id)
    rows = by_metadata(UsageEvent.objects.filter(source="user"), request)
    rows = by_customer(rows, wanted.customer_id, [])
    if wanted.external_customer_id:
        rows = rows.filter(external_customer_id__in=wanted.external_customer_id)
    counted = meters.count_quantities(
        meter,
        rows.order_by("timestamp").iterator(),
        start=wanted.start_timestamp,
        end=wanted.end_timestamp,
        interval=wanted.interval,
        timezone=wanted.timezone,
        per_customer=wanted.customer_aggregation_function,
    )
    return {
        "quantities": [
            {"timestamp": shapes.moment(begin), "quantity": quantity}
            for begin, quantity in counted["quantities"]
        ],
        "total": counted["total"],
    }
