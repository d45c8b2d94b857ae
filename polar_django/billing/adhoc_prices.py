"""Prices that a plan sets beside the catalogue: computed here, never taken from a browser."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from polar_django.billing.prices import prices_of
from polar_django.conf import Plan
from polar_django.conf.loading import load_function
from polar_django.conf.prices import AdHocPrices, as_prices
from polar_django.exceptions import ConfigurationError
from polar_django.mirror.answers import apply_answer
from polar_django.models import Meter, Price, Product
from polar_django.providers.base import Provider

__all__ = ["Pricing", "pricing_of"]


@dataclass(frozen=True, slots=True)
class Pricing:
    """What each product of a plan costs. `rows` are what a page shows, by product id.

    `ad_hoc` is what the provider is told, by product id; empty where the catalogue's prices hold.
    """

    rows: Mapping[str, tuple[Price, ...]]
    ad_hoc: Mapping[str, tuple[Mapping[str, Any], ...]]


def pricing_of(
    plan: Plan,
    products: Mapping[str, Product],
    *,
    subscriber: Any = None,
    request: Any = None,
    catalogue: Mapping[str, Iterable[Price]] | None = None,
    service: Provider | None = None,
) -> Pricing:
    """The prices of a plan's products, by the names the plan gives them.

    A function in the plan's `prices` is called with the request and the subscriber, None for a
    guest. `catalogue` are their own prices by id, where they have been read already. One query
    otherwise, and one more where a meter is named by its key; `service` is asked for one that is
    not known here. Raises ConfigurationError.
    """
    given = _given(plan, subscriber, request)
    keys = {price["meter"] for prices in given.values() for price in prices if "meter" in price}
    meters = _meter_ids(keys, service)
    ad_hoc = {
        products[name].pk: tuple(_complete(price, plan, meters) for price in prices)
        for name, prices in given.items()
        if name in products
    }
    if catalogue is None:
        catalogue = prices_of(products.values())
    rows = {
        product.pk: tuple(
            price for price in catalogue[product.pk] if plan.currency in ("", price.price_currency)
        )
        for product in products.values()
    }
    shown = {
        product_id: tuple(_row(price) for price in prices) for product_id, prices in ad_hoc.items()
    }
    return Pricing(rows={**rows, **shown}, ad_hoc=ad_hoc)


def _given(plan: Plan, subscriber: Any, request: Any) -> AdHocPrices:
    if isinstance(plan.prices, Mapping):
        return plan.prices
    where = f"The prices of the plan {plan.key!r}"
    computed = as_prices(where, load_function(where, plan.prices)(request, subscriber))
    plan.check_priced(computed)
    return computed


def _complete(price: Mapping[str, Any], plan: Plan, meters: Mapping[str, str]) -> Mapping[str, Any]:
    whole = dict(price)
    if plan.currency:
        whole.setdefault("price_currency", plan.currency)
    if "meter" in whole:
        whole["meter_id"] = meters[whole.pop("meter")]
    return whole


def _meter_ids(keys: set[str], service: Provider | None) -> Mapping[str, str]:
    if not keys:
        return {}
    known = _stored(keys)
    if service is None:
        # A page only shows that the price is for use.
        return {key: known.get(key, key) for key in keys}
    if keys - known.keys():
        # No delivery tells of meters.
        for page in service.list_objects("meters"):
            apply_answer(page, source=None)
        known = _stored(keys)
    for key in keys - known.keys():
        raise ConfigurationError(
            f"An ad-hoc price names the meter {key!r}, but no meter has this metadata "
            "{'key': …}. Its id may be given as 'meter_id'."
        )
    return known


def _stored(keys: set[str]) -> dict[str, str]:
    living = Meter.objects.filter(key__in=keys, archived_at__isnull=True)
    return dict(living.values_list("key", "pk"))


def _row(price: Mapping[str, Any]) -> Price:
    """An unsaved row, so that a page shows it as it shows the catalogue's."""
    tiers: Any = price.get("seat_tiers")
    if "price_per_seat" in price:
        tiers = {"tiers": [{"price_per_seat": price["price_per_seat"]}]}
    unit = price.get("unit_amount")
    return Price(
        source="ad_hoc",
        amount_type=price["amount_type"],
        price_currency=price.get("price_currency", "usd"),
        price_amount=price.get("price_amount"),
        minimum_amount=price.get("minimum_amount"),
        maximum_amount=price.get("maximum_amount"),
        preset_amount=price.get("preset_amount"),
        meter_id=price.get("meter_id"),
        unit_amount=None if unit is None else Decimal(unit),
        raw={"seat_tiers": tiers} if tiers else {},
    )
