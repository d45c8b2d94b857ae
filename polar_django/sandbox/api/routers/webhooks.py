"""/v1/webhooks/: endpoints, what was delivered, and delivering again; no trailing slashes here"""

from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Moment, sent
from polar_django.sandbox.api.inputs.webhooks import EndpointCreate, EndpointUpdate, EventType
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.api.refusals import json_answer
from polar_django.sandbox.engine import endpoints
from polar_django.sandbox.models import WebhookAttempt, WebhookEndpoint

router = Router()


class EndpointFilters(Paging):
    organization_id: list[UUID4] = []


class DeliveryFilters(Paging):
    endpoint_id: list[UUID4] = []
    start_timestamp: Moment | None = None
    end_timestamp: Moment | None = None
    succeeded: bool | None = None
    query: str | None = None
    http_code_class: Literal["2xx", "3xx", "4xx", "5xx"] | None = None
    event_type: list[EventType] = []


def _endpoints() -> QuerySet[WebhookEndpoint]:
    """Those that are not deleted; the one of the settings is made where it is missing."""
    endpoints.list_endpoints()
    return WebhookEndpoint.objects.filter(deleted_at=None)


@router.get("/endpoints")
def list_endpoints(request: HttpRequest, filters: Query[EndpointFilters]) -> Any:
    return page(_endpoints().order_by("-created_at"), filters, shapes.webhook_endpoint)


@router.post("/endpoints", response={201: dict[str, Any]})
def create_endpoint(request: HttpRequest, body: EndpointCreate) -> Any:
    return shapes.webhook_endpoint(endpoints.create_endpoint(body.data()))


@router.get("/endpoints/{id}")
def get_endpoint(request: HttpRequest, id: UUID4) -> Any:
    return shapes.webhook_endpoint(find(_endpoints(), id))


@router.patch("/endpoints/{id}")
def update_endpoint(request: HttpRequest, id: UUID4, body: EndpointUpdate) -> Any:
    return shapes.webhook_endpoint(endpoints.update_endpoint(find(_endpoints(), id), sent(body)))


@router.delete("/endpoints/{id}", response={204: None})
def delete_endpoint(request: HttpRequest, id: UUID4) -> None:
    endpoints.delete_endpoint(find(_endpoints(), id))


@router.patch("/endpoints/{id}/secret")
def reset_secret(request: HttpRequest, id: UUID4) -> Any:
    return shapes.webhook_endpoint(endpoints.reset_secret(find(_endpoints(), id)))


@router.get("/deliveries")
def list_deliveries(request: HttpRequest, filters: Query[DeliveryFilters]) -> Any:
    kept = WebhookAttempt.objects.filter(event__endpoint__deleted_at=None)
    rows = kept.select_related("event")
    if filters.endpoint_id:
        rows = rows.filter(event__endpoint_id__in=filters.endpoint_id)
    if filters.start_timestamp is not None:
        rows = rows.filter(created_at__gte=filters.start_timestamp)
    if filters.end_timestamp is not None:
        rows = rows.filter(created_at__lte=filters.end_timestamp)
    if filters.succeeded is not None:
        rows = rows.filter(succeeded=filters.succeeded)
    if filters.query:
        rows = rows.filter(event__body__icontains=filters.query)
    if filters.http_code_class is not None:
        first = int(filters.http_code_class[0]) * 100
        rows = rows.filter(http_code__gte=first, http_code__lt=first + 100)
    if filters.event_type:
        rows = rows.filter(event__type__in=filters.event_type)
    return page(rows.order_by("-created_at", "pk"), filters, shapes.webhook_delivery)


@router.post("/events/{id}/redeliver")
def redeliver(request: HttpRequest, id: UUID4) -> Any:
    endpoints.redeliver(id)
    return json_answer(None, 202)
