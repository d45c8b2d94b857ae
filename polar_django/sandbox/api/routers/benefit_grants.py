"""/v1/benefit-grants/"""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import by_customer
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.models import BenefitGrant

router = Router()

COLUMNS = {name: name for name in ("created_at", "granted_at", "revoked_at")}


class Filters(Paging):
    organization_id: list[UUID4] = []
    customer_id: list[UUID4] = []
    external_customer_id: list[str] = []
    is_granted: bool | None = None
    sorting: list[Annotated[str, one_of(COLUMNS)]] = []


@router.get("/")
def list_benefit_grants(request: HttpRequest, filters: Query[Filters]) -> Any:
    """Revoked ones too, unless filtered."""
    rows = BenefitGrant.objects.select_related("customer", "member", "benefit")
    rows = by_customer(rows, filters.customer_id, filters.external_customer_id)
    if filters.is_granted is not None:
        rows = rows.filter(granted_at__isnull=not filters.is_granted)
    rows = ordered(rows, filters.sorting, COLUMNS, "-created_at")
    return page(rows, filters, shapes.benefit_grant)
