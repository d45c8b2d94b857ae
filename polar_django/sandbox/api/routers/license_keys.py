"""/v1/license-keys/, the seller's side"""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import sent
from polar_django.sandbox.api.inputs.license_keys import (
    KeyStatus,
    LicenseKeyActivate,
    LicenseKeyDeactivate,
    LicenseKeyUpdate,
    LicenseKeyValidate,
)
from polar_django.sandbox.api.lists import Paging, page
from polar_django.sandbox.engine import key_changes, license_checks, license_keys
from polar_django.sandbox.models import LicenseKey

router = Router()


class Filters(Paging):
    organization_id: list[UUID4] = []
    benefit_id: list[UUID4] = []
    status: list[KeyStatus] = []


def all_keys() -> QuerySet[LicenseKey]:
    """Keys with all that their shape reads."""
    return LicenseKey.objects.select_related(
        "customer", "member", "benefit", "grant__order", "grant__subscription"
    )


@router.get("/")
def list_license_keys(request: HttpRequest, filters: Query[Filters]) -> Any:
    rows = all_keys()
    if filters.benefit_id:
        rows = rows.filter(benefit_id__in=filters.benefit_id)
    if filters.status:
        rows = rows.filter(status__in=filters.status)
    return page(rows.order_by("created_at", "pk"), filters, shapes.license_key)


@router.post("/validate")
def validate_license_key(request: HttpRequest, body: LicenseKeyValidate) -> Any:
    validation = license_checks.validate_key(sent(body))
    activation = validation.activation
    return {
        **shapes.license_key(validation.key),
        "activation": shapes.license_key_activation_base(activation) if activation else None,
    }


@router.post("/activate")
def activate_license_key(request: HttpRequest, body: LicenseKeyActivate) -> Any:
    return shapes.license_key_activation(license_checks.activate_key(sent(body)))


@router.post("/deactivate", response={204: None})
def deactivate_license_key(request: HttpRequest, body: LicenseKeyDeactivate) -> None:
    license_checks.deactivate_key(sent(body))


@router.get("/{id}")
def get_license_key(request: HttpRequest, id: UUID4) -> Any:
    return shapes.license_key_with_activations(find(all_keys(), id))


@router.patch("/{id}")
def update_license_key(request: HttpRequest, id: UUID4, body: LicenseKeyUpdate) -> Any:
    return shapes.license_key(key_changes.update_key(find(all_keys(), id), sent(body)))


@router.post("/{id}/rotate")
def rotate_license_key(request: HttpRequest, id: UUID4) -> Any:
    return shapes.license_key(license_keys.rotate_key(find(all_keys(), id)))


@router.get("/{id}/activations/{activation_id}")
def get_activation(request: HttpRequest, id: UUID4, activation_id: UUID4) -> Any:
    live = find(all_keys(), id).activations.filter(deleted_at=None)
    return shapes.license_key_activation(find(live, activation_id))
