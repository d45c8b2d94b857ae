"""/v1/customer-portal/benefit-grants/, /meters/, and license keys with their public routes"""

from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.benefits import BenefitType
from polar_django.sandbox.api.inputs.fields import Body
from polar_django.sandbox.api.inputs.license_keys import (
    LicenseKeyActivate,
    LicenseKeyDeactivate,
    LicenseKeyValidate,
)
from polar_django.sandbox.api.lists import Paging, one_of, ordered, page
from polar_django.sandbox.api.portal_access import has_session, visitor, whose
from polar_django.sandbox.api.routers import license_keys as private
from polar_django.sandbox.engine import license_keys
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import NotPermitted, invalid
from polar_django.sandbox.models import BenefitGrant, CustomerMeter, LicenseKey

router = Router(auth=has_session)

GRANT_COLUMNS = {
    "granted_at": "granted_at",
    "type": "benefit__type",
    "organization": "created_at",
    "product_benefit": "created_at",
}
METER_COLUMNS = {
    "created_at": "created_at",
    "modified_at": "modified_at",
    "meter_id": "meter_id",
    "meter_name": "meter__name",
    "consumed_units": "consumed_units",
    "credited_units": "credited_units",
    "balance": "balance",
}


class GrantFilters(Paging):
    query: str | None = None
    type: list[BenefitType] = []
    benefit_id: list[UUID4] = []
    checkout_id: list[UUID4] = []
    order_id: list[UUID4] = []
    subscription_id: list[UUID4] = []
    member_id: list[UUID4] = []
    sorting: list[Annotated[str, one_of(GRANT_COLUMNS)]] = []


class KeyFilters(Paging):
    benefit_id: list[UUID4] = []


class MeterFilters(Paging):
    meter_id: list[UUID4] = []
    query: str | None = None
    sorting: list[Annotated[str, one_of(METER_COLUMNS)]] = []


def _grants(request: HttpRequest) -> QuerySet[BenefitGrant]:
    """Those that are held; a member sees their own."""
    held = visitor(request).grants.filter(granted_at__isnull=False, **whose(request))
    return held.select_related("customer", "member", "benefit")


def _grant(row: BenefitGrant) -> dict[str, Any]:
    return shapes.portal_grant(row, get_organization())


@router.get("/benefit-grants/")
def list_grants(request: HttpRequest, filters: Query[GrantFilters]) -> Any:
    lookups = {
        "benefit__description__icontains": filters.query,
        "benefit__type__in": filters.type,
        "benefit_id__in": filters.benefit_id,
        "order_id__in": filters.order_id,
        "subscription_id__in": filters.subscription_id,
        "member_id__in": filters.member_id,
    }
    rows = _grants(request).filter(**{name: value for name, value in lookups.items() if value})
    if filters.checkout_id:
        bought = rows.filter(order__checkout_id__in=filters.checkout_id)
        rows = bought | rows.filter(subscription__checkout_id__in=filters.checkout_id)
    return page(ordered(rows, filters.sorting, GRANT_COLUMNS, "product_benefit"), filters, _grant)


@router.get("/benefit-grants/{id}")
def get_grant(request: HttpRequest, id: UUID4) -> Any:
    return _grant(find(_grants(request), id))


class GrantUpdate(Body):
    """PATCH of a grant by its holder. `properties` is for accounts at services no sandbox has."""

    benefit_type: Literal[
        "custom",
        "discord",
        "downloadables",
        "feature_flag",
        "github_repository",
        "license_keys",
        "meter_credit",
        "slack_shared_channel",
    ]


@router.patch("/benefit-grants/{id}")
def update_grant(request: HttpRequest, id: UUID4, body: GrantUpdate) -> Any:
    """The kinds of benefits that the sandbox has leave their holder nothing to choose."""
    mine = visitor(request).grants.filter(**whose(request))
    grant = find(mine.select_related("customer", "member", "benefit"), id)
    if grant.is_revoked:
        raise NotPermitted("This benefit grant is revoked and cannot be updated.")
    if body.benefit_type != grant.benefit.type:
        raise invalid("Benefit type mismatch.", "benefit_type", value=body.benefit_type)
    return _grant(grant)


def _keys(request: HttpRequest) -> QuerySet[LicenseKey]:
    return private.all_keys().filter(customer=visitor(request), **whose(request))


@router.get("/license-keys/")
def list_license_keys(request: HttpRequest, filters: Query[KeyFilters]) -> Any:
    rows = _keys(request)
    if filters.benefit_id:
        rows = rows.filter(benefit_id__in=filters.benefit_id)
    return page(rows.order_by("created_at", "pk"), filters, shapes.license_key)


# These three take no token: programs on a customer's machine have none.
@router.post("/license-keys/validate", auth=None)
def validate_license_key(request: HttpRequest, body: LicenseKeyValidate) -> Any:
    return private.validate_license_key(request, body)


@router.post("/license-keys/activate", auth=None)
def activate_license_key(request: HttpRequest, body: LicenseKeyActivate) -> Any:
    return private.activate_license_key(request, body)


@router.post("/license-keys/deactivate", auth=None, response={204: None})
def deactivate_license_key(request: HttpRequest, body: LicenseKeyDeactivate) -> None:
    private.deactivate_license_key(request, body)


@router.get("/license-keys/{id}")
def get_license_key(request: HttpRequest, id: UUID4) -> Any:
    """Activations are shown where the benefit lets customers see to them."""
    key = find(_keys(request), id)
    shape = shapes.license_key_with_activations(key)
    activations = key.benefit.properties.get("activations") or {}
    return shape if activations.get("enable_customer_admin") else {**shape, "activations": []}


@router.post("/license-keys/{id}/rotate")
def rotate_license_key(request: HttpRequest, id: UUID4) -> Any:
    return shapes.license_key(license_keys.rotate_key(find(_keys(request), id)))


def _meters(request: HttpRequest) -> QuerySet[CustomerMeter]:
    return visitor(request).meters.select_related("meter")


@router.get("/meters/")
def list_meters(request: HttpRequest, filters: Query[MeterFilters]) -> Any:
    rows = _meters(request)
    if filters.meter_id:
        rows = rows.filter(meter_id__in=filters.meter_id)
    if filters.query:
        rows = rows.filter(meter__name__icontains=filters.query)
    rows = ordered(rows, filters.sorting, METER_COLUMNS, "-modified_at")
    return page(rows, filters, shapes.portal_meter)


@router.get("/meters/{id}")
def get_meter(request: HttpRequest, id: UUID4) -> Any:
    return shapes.portal_meter(find(_meters(request), id))
