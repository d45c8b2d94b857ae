"""Billing addresses as Polar stores them."""

from collections.abc import Mapping
from typing import Any

__all__ = ["has_street", "normalize_address"]

ADDRESS_FIELDS = ("line1", "line2", "postal_code", "city", "state", "country")
PREFIXED_STATES = ("US", "CA")


def normalize_address(address: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """All six keys; the state of US and CA as "US-CA"."""
    if address is None:
        return None
    full = {field: address.get(field) for field in ADDRESS_FIELDS}
    state, country = full["state"], full["country"]
    if state and country in PREFIXED_STATES and not str(state).startswith(f"{country}-"):
        full["state"] = f"{country}-{state}"
    return full


def has_street(address: Mapping[str, Any] | None) -> bool:
    """Whether it is a whole address, not a country only."""
    return all((address or {}).get(field) for field in ("line1", "postal_code", "city", "country"))
