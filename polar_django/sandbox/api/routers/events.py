"""/v1/events/: usage as it was ingested, and the system's notes"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4, ValidationError

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer, find
from polar_django.sandbox.api.inputs.fields import Moment, sent
from polar_django.sandbox.api.inputs.usage import EventsIngest, Filter
from polar_django.sandbox.api.lists import Paging, by_metadata, one_of, ordered, page
from polar_django.sandbox.engine import usage_events
from polar_django.sandbox.engine.meter_filter import matches
from polar_django.sandbox.errors import InvalidRequest
from polar_django.sandbox.models import ORGANIZATION_ID, Meter, UsageEvent

router = Router()

COLUMNS = {"timestamp": "timestamp"}
NAME_COLUMNS = {name: name for name in ("name", "occurrences", "first_seen", "last_seen")}


class NameFilters(Paging):
    organization_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    source: list[Literal["user", "system"]] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(NAME_COLUMNS)]] = []


class Filters(Paging):
    filter: str | None = None
    start_timestamp: Moment | None = None
    end_timestamp: Moment | None = None
    organization_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    meter_id: UUID4 | None = None
    name: list[str] = []
    source: list[Literal["user", "system"]] = []
    query: str | None = None
    parent_id: UUID4 | None = None
    depth: int | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[UsageEvent]:
    return UsageEvent.objects.select_related("customer")


def _of(rows: QuerySet[UsageEvent], filters: Filters | NameFilters) -> QuerySet[UsageEvent]:
    """What both lists can be narrowed by."""
    rows = by_customer(rows, filters.customer_id, [])
    if filters.external_customer_id:
        # As it was sent: nobody may have that id yet.
        rows = rows.filter(external_customer_id__in=filters.external_customer_id)
    if filters.source:
        rows = rows.filter(source__in=filters.source)
    return rows.filter(name__icontains=filters.query) if filters.query else rows


@router.get("/")
def list_events(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = by_metadata(_of(_all(), filters), request)
    if filters.start_timestamp is not None:
        rows = rows.filter(timestamp__gte=filters.start_timestamp)
    if filters.end_timestamp is not None:
        rows = rows.filter(timestamp__lte=filters.end_timestamp)
    if filters.name:
        rows = rows.filter(name__in=filters.name)
    if filters.parent_id is not None:
        rows = rows.filter(parent_id=filters.parent_id)
    elif filters.depth is not None:
        rows = rows.filter(parent=None)
    for wanted in _clauses(filters):
        rows = rows.filter(pk__in=list(_matching(rows, wanted)))
    rows = ordered(rows, filters.sorting, COLUMNS, "-timestamp")
    return page(rows, filters, shapes.usage_event)


def _clauses(filters: Filters) -> Iterator[dict[str, Any]]:
    """The filter of the query and that of the meter."""
    if filters.meter_id is not None:
        meter = Meter.objects.filter(pk=filters.meter_id).first()
        if meter is None:
            raise _refusal("meter_id", "meter_id", "Meter not found.", str(filters.meter_id))
        yield meter.filter
    if filters.filter is not None:
        try:
            yield Filter.model_validate(json.loads(filters.filter)).model_dump()
        except (ValueError, ValidationError, RecursionError) as error:
            message = "Invalid filter."
            raise _refusal("filter", "value_error", message, filters.filter) from error


def _refusal(field: str, kind: str, message: str, value: str) -> InvalidRequest:
    entry = {"type": kind, "loc": ["query", field], "msg": message, "input": value}
    return InvalidRequest([entry])


def _matching(rows: QuerySet[UsageEvent], wanted: dict[str, Any]) -> Iterator[UUID]:
    return (row.pk for row in rows if matches(wanted, row))


@router.post("/ingest")
def ingest_events(request: HttpRequest, body: EventsIngest) -> Any:
    for index, event in enumerate(body.events):
        if event.organization_id is not None:
            raise _organization_refusal(index, event.organization_id)
    ingested = usage_events.ingest([sent(event) for event in body.events])
    return {"inserted": ingested.inserted, "duplicates": ingested.duplicates}


def _organization_refusal(index: int, value: UUID) -> InvalidRequest:
    entry = {
        "type": "organization_token",
        "loc": ["body", "events", index, "organization_id"],
        "msg": "Setting organization_id is disallowed when using an organization token.",
        "input": str(value),
    }
    return InvalidRequest([entry])


@router.get("/names")
def list_event_names(request: HttpRequest, filters: Query[NameFilters]) -> Any:
    counted = (
        _of(UsageEvent.objects.all(), filters)
        .order_by()
        .values("name", "source")
        .annotate(occurrences=Count("pk"), first_seen=Min("timestamp"), last_seen=Max("timestamp"))
    )
    by_sorting = filters.sorting or ["-last_seen"]
    # Rows of a GROUP BY are dictionaries.
    rows: Any = counted.order_by(*by_sorting, "name")
    return page(rows, filters, _event_name)


def _event_name(row: Any) -> dict[str, Any]:
    return {
        "name": row["name"],
        "label": row["name"],
        "source": row["source"],
        "occurrences": row["occurrences"],
        "first_seen": shapes.moment(row["first_seen"]),
        "last_seen": shapes.moment(row["last_seen"]),
        "organization_id": str(ORGANIZATION_ID),
    }


@router.get("/{id}")
def get_event(request: HttpRequest, id: UUID4) -> Any:
    return shapes.usage_event(find(_all(), id))
