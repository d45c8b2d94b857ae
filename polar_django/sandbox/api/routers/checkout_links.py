"""/v1/checkout-links/, and the address that buyers follow"""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.addresses import base_url
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.checkout_links import CheckoutLinkCreate, CheckoutLinkUpdate
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.engine import checkout_links
from polar_django.sandbox.models import CheckoutLink

router = Router()

COLUMNS = {name: name for name in ("created_at", "label", "success_url", "allow_discount_codes")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    product_id: list[UUID4] = []
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


def _all() -> QuerySet[CheckoutLink]:
    return CheckoutLink.objects.filter(deleted_at=None).select_related("discount")


@router.get("/")
def list_checkout_links(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = _all()
    if filters.product_id:
        # Compared in Python, because databases differ in how they read JSON.
        wanted = {str(each) for each in filters.product_id}
        found = [row.pk for row in rows if wanted & set(row.product_ids)]
        rows = rows.filter(pk__in=found)
    rows = ordered(rows, filters.sorting, COLUMNS, "-created_at")
    return page(rows, filters, shapes.checkout_link)


@router.post("/", response={201: dict[str, Any]})
def create_checkout_link(request: HttpRequest, body: CheckoutLinkCreate) -> Any:
    link = checkout_links.create_checkout_link(sent(body.root), base_url=base_url(request))
    return shapes.checkout_link(link)


@router.get("/{client_secret}/redirect", auth=None)
def follow_checkout_link(request: HttpRequest, client_secret: str) -> Any:
    checkout = checkout_links.follow_checkout_link(
        client_secret, request.GET.dict(), base_url=base_url(request)
    )
    return HttpResponseRedirect(shapes.checkout_url(checkout))


@router.get("/{id}")
def get_checkout_link(request: HttpRequest, id: UUID4) -> Any:
    return shapes.checkout_link(find(_all(), id))


@router.patch("/{id}")
def update_checkout_link(request: HttpRequest, id: UUID4, body: CheckoutLinkUpdate) -> Any:
    return shapes.checkout_link(checkout_links.update_checkout_link(find(_all(), id), sent(body)))


@router.delete("/{id}", response={204: None})
def delete_checkout_link(request: HttpRequest, id: UUID4) -> None:
    checkout_links.delete_checkout_link(find(_all(), id))
