"""Who holds what now: the local question that every gate asks. Reads the mirror, calls nobody."""

from polar_django.entitlements.holders import holders_of
from polar_django.entitlements.holdings import Entitlement, EntitlementSet
from polar_django.entitlements.lookup import (
    aentitlements_for,
    ahas_benefit,
    entitlements_for,
    has_benefit,
)
from polar_django.entitlements.memory import refresh_entitlements
from polar_django.entitlements.prefetch import prefetch_entitlements
from polar_django.entitlements.purchases import has_purchased, plan_of

__all__ = [
    "Entitlement",
    "EntitlementSet",
    "aentitlements_for",
    "ahas_benefit",
    "entitlements_for",
    "has_benefit",
    "has_purchased",
    "holders_of",
    "plan_of",
    "prefetch_entitlements",
    "refresh_entitlements",
]
