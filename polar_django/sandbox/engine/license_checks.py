"""What programs ask of a license key: is it good, may I run here, I run here no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.sandbox import clock
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import BadRequest, NotPermitted, ResourceNotFound
from polar_django.sandbox.models import ORGANIZATION_ID, LicenseKey, LicenseKeyActivation

__all__ = ["Validation", "activate_key", "deactivate_key", "validate_key"]

INACTIVE = "License key is no longer active."
EXPIRED = "License key has expired."
NOT_HERE = "This license key can not be activated."


@dataclass(frozen=True, slots=True)
class Validation:
    """A key that is good, and the activation that was asked about."""

    key: LicenseKey
    activation: LicenseKeyActivation | None


def _find_key(data: Mapping[str, Any]) -> LicenseKey:
    keys = LicenseKey.objects.select_related("customer", "member", "benefit", "grant")
    key = keys.filter(key=data["key"]).first()
    if key is None or data["organization_id"] != ORGANIZATION_ID:
        raise ResourceNotFound
    return key


def _find_activation(key: LicenseKey, activation_id: Any) -> LicenseKeyActivation:
    found = key.activations.filter(pk=activation_id, deleted_at=None).first()
    if found is None:
        raise ResourceNotFound
    return found


def _is_expired(key: LicenseKey) -> bool:
    return key.expires_at is not None and key.expires_at <= clock.now()


def validate_key(data: Mapping[str, Any]) -> Validation:
    """`data` as LicenseKeyValidate. Counts the validation, and adds `increment_usage`.

    Raises ResourceNotFound for whatever is wrong with the key, BadRequest for too much usage.
    """
    with business_transaction():
        key = _find_key(data)
        if key.status != "granted":
            raise ResourceNotFound(INACTIVE)
        if _is_expired(key):
            raise ResourceNotFound(EXPIRED)
        activation = None
        if data.get("activation_id") is not None:
            activation = _find_activation(key, data["activation_id"])
            if activation.conditions and activation.conditions != (data.get("conditions") or {}):
                raise ResourceNotFound("License key does not match required conditions")
        if data.get("benefit_id") not in (None, key.benefit_id):
            raise ResourceNotFound("License key does not match given benefit.")
        if data.get("customer_id") not in (None, key.customer_id):
            raise ResourceNotFound("License key does not match given customer.")
        usage = key.usage + _checked_increment(key, data.get("increment_usage") or 0)
        rows.change(
            key, usage=usage, validations=key.validations + 1, last_validated_at=clock.tick()
        )
        return Validation(key, activation)


def _checked_increment(key: LicenseKey, increment: int) -> int:
    if increment and key.limit_usage is not None:
        left = key.limit_usage - key.usage
        if increment > left:
            raise BadRequest(f"License key only has {left} more usages.")
    return increment


def activate_key(data: Mapping[str, Any]) -> LicenseKeyActivation:
    """`data` as LicenseKeyActivate. Every call takes one of the places.

    Raises ResourceNotFound, NotPermitted (not active, expired, no places at all, or none left).
    """
    with business_transaction():
        key = _find_key(data)
        if key.status != "granted":
            raise NotPermitted(f"{INACTIVE} {NOT_HERE}")
        if _is_expired(key):
            raise NotPermitted(f"{EXPIRED} {NOT_HERE}")
        if key.limit_activations is None:
            raise NotPermitted(
                "This license key does not support activations. Use the /validate endpoint "
                "instead to check license validity."
            )
        if key.activations.filter(deleted_at=None).count() >= key.limit_activations:
            raise NotPermitted("License key activation limit already reached")
        return rows.create(
            LicenseKeyActivation,
            license_key=key,
            label=data["label"],
            conditions=dict(data.get("conditions") or {}),
            meta=dict(data.get("meta") or {}),
        )


def deactivate_key(data: Mapping[str, Any]) -> None:
    """`data` as LicenseKeyDeactivate; the place is free again. Raises ResourceNotFound.

    Works on a key that is not active any more.
    """
    with business_transaction():
        activation = _find_activation(_find_key(data), data["activation_id"])
        rows.change(activation, deleted_at=clock.tick())
