"""What a grant does besides being held: keys, credits, files; by the benefit's type."""

from collections.abc import Callable, Mapping
from typing import Any

from polar_django.sandbox.engine import credits, license_keys
from polar_django.sandbox.models import Benefit, BenefitGrant

__all__ = ["cycle", "give", "needs_update", "take"]

Properties = dict[str, Any]
Effect = Callable[[BenefitGrant], Properties]


def _give_files(grant: BenefitGrant) -> Properties:
    archived = grant.benefit.properties.get("archived", {})
    files = grant.benefit.properties.get("files", [])
    return {"files": [each for each in files if not archived.get(each)]}


def _keep(grant: BenefitGrant) -> Properties:
    return dict(grant.properties)


GIVE: Mapping[str, Effect] = {
    "downloadables": _give_files,
    "license_keys": license_keys.give,
    "meter_credit": credits.give,
}
TAKE: Mapping[str, Effect] = {
    "license_keys": license_keys.take,
    "meter_credit": credits.take,
}
CYCLE: Mapping[str, Effect] = {"meter_credit": credits.cycle}
# Holders hear of a change of these; credits wait for the next period.
UPDATED: Mapping[str, tuple[str, ...]] = {
    "downloadables": ("files", "archived"),
    "license_keys": ("prefix", "expires", "activations", "limit_usage"),
}


def give(grant: BenefitGrant) -> Properties:
    """Do what granting does; the grant's new properties. The grant itself is not saved."""
    return GIVE.get(grant.benefit.type, _keep)(grant)


def take(grant: BenefitGrant) -> Properties:
    """Do what revoking does; the grant's new properties."""
    return TAKE.get(grant.benefit.type, _keep)(grant)


def cycle(grant: BenefitGrant) -> Properties:
    """Do what a new period does; the grant's new properties."""
    return CYCLE.get(grant.benefit.type, _keep)(grant)


def needs_update(benefit: Benefit, previous: Mapping[str, Any]) -> bool:
    """Whether grants change when the benefit's properties were `previous` until now."""
    names = UPDATED.get(benefit.type, ())
    return any(benefit.properties.get(name) != previous.get(name) for name in names)
