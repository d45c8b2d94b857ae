"""`PLANS`: what may be bought, written down or computed for a request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from polar_django.conf.loading import load_function
from polar_django.conf.prices import AdHocPrices, as_prices
from polar_django.conf.readers import (
    as_callable,
    as_flag,
    as_mapping,
    as_text,
    as_texts,
    as_whole,
    as_whole_or_zero,
    read_options,
    setting,
)
from polar_django.exceptions import ConfigurationError

__all__ = ["Plan", "PlanSource", "as_plan_source", "compute_plan", "compute_plans"]

# One plan may be a function or its dotted path, and so may be all of them together.
PlanEntry = Any
PlanSource = Mapping[str, PlanEntry] | Callable[..., Any] | str

_INTERVALS = ("day", "week", "month", "year")
_LONGEST_KEY, _LONGEST_TEXT, _MOST_ENTRIES = 40, 500, 50


def _interval(name: str, value: Any) -> str:
    if value not in _INTERVALS:
        raise ConfigurationError(f"{name} must be one of {', '.join(_INTERVALS)}.")
    return str(value)


def as_metadata(name: str, value: Any) -> Mapping[str, str | int | float | bool]:
    """What Polar accepts as metadata: at most 50 short keys, with plain values."""
    given = as_mapping(name, value)
    if len(given) > _MOST_ENTRIES:
        raise ConfigurationError(f"{name} may have at most {_MOST_ENTRIES} entries.")
    for key, item in given.items():
        if not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY:
            raise ConfigurationError(f"{name}: {key!r} is no key of 1 to {_LONGEST_KEY} letters.")
        if not isinstance(item, str | int | float):
            raise ConfigurationError(f"{name}[{key!r}] must be text, a number, True or False.")
        if isinstance(item, str) and not 1 <= len(item) <= _LONGEST_TEXT:
            raise ConfigurationError(
                f"{name}[{key!r}] must be text of 1 to {_LONGEST_TEXT} letters."
            )
    return given


def _prices(name: str, value: Any) -> AdHocPrices | Callable[..., Any] | str:
    return as_prices(name, value) if isinstance(value, Mapping) else as_callable(name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one key buys. `products` are product keys or ids, the first preselected.

    docs/checkout.md describes each option. Amounts are whole minor units.
    """

    key: str
    products: tuple[str, ...] = setting((), as_texts)
    prices: AdHocPrices | Callable[..., Any] | str = setting({}, _prices)
    currency: str = setting("", as_text)
    seats: int | None = setting(None, as_whole)
    min_seats: int | None = setting(None, as_whole)
    max_seats: int | None = setting(None, as_whole)
    amount: int | None = setting(None, as_whole_or_zero)
    min_amount: int | None = setting(None, as_whole_or_zero)
    max_amount: int | None = setting(None, as_whole)
    discount: str = setting("", as_text)
    allow_discount_codes: bool = setting(True, as_flag)
    allow_trial: bool = setting(True, as_flag)
    trial_interval: str = setting("", _interval)
    trial_interval_count: int | None = setting(None, as_whole)
    require_billing_address: bool = setting(False, as_flag)
    is_business_customer: bool = setting(False, as_flag)
    custom_fields: Mapping[str, Any] = setting({}, as_mapping)
    metadata: Mapping[str, Any] = setting({}, as_metadata)
    customer_metadata: Mapping[str, Any] = setting({}, as_metadata)
    locale: str = setting("", as_text)
    success_url: str = setting("", as_text)
    return_url: str = setting("", as_text)
    guests: bool = setting(False, as_flag)

    @classmethod
    def from_options(cls, key: str, options: Mapping[str, Any]) -> Self:
        """A plan that stands in no settings, checked as if it did. Raises ConfigurationError."""
        return cls._read(key, f"The plan {key!r}", options)

    @classmethod
    def _read(cls, key: str, where: str, options: Any) -> Self:
        plan = cls(key=key, **read_options(cls, where, as_mapping(where, options)))
        if not plan.products:
            raise ConfigurationError(f"{where} names no product: add 'products': ['…'].")
        if bool(plan.trial_interval) != bool(plan.trial_interval_count):
            raise ConfigurationError(
                f"{where}: 'trial_interval' and 'trial_interval_count' go together."
            )
        amounts = [
            each for each in (plan.min_amount, plan.amount, plan.max_amount) if each is not None
        ]
        if amounts != sorted(amounts):
            raise ConfigurationError(f"{where}: min_amount ≤ amount ≤ max_amount must hold.")
        if isinstance(plan.prices, Mapping):
            plan.check_priced(plan.prices, where)
        return plan

    def check_priced(self, prices: AdHocPrices, where: str = "") -> None:
        """Raises ConfigurationError where a price is for a product that the plan does not sell."""
        for product in prices:
            if product not in self.products:
                raise ConfigurationError(
                    f"{where or f'The plan {self.key!r}'} has a price for {product!r}, which is "
                    "not among its products."
                )


def as_plan_source(name: str, value: Any) -> PlanSource:
    """What is written down is checked now, what is computed when it is asked for."""
    if not isinstance(value, Mapping):
        return as_callable(name, value)
    return {
        key: item
        if callable(item) or isinstance(item, str)
        else Plan._read(key, f"{name}[{key!r}]", item)
        for key, item in value.items()
    }


def compute_plan(key: str, entry: PlanEntry, request: Any) -> Plan:
    """The plan behind an entry of `PLANS`. A function is called with the request, or None."""
    if isinstance(entry, Plan):
        return entry
    where = f"POLAR_DJANGO['PLANS'][{key!r}]"
    given = load_function(where, entry)(request) if _is_function(entry) else entry
    return given if isinstance(given, Plan) else Plan._read(key, where, given)


def compute_plans(source: PlanSource, request: Any) -> Mapping[str, PlanEntry]:
    """The entries of `PLANS`, of which each may still have to be computed."""
    if isinstance(source, Mapping):
        return source
    given = load_function("POLAR_DJANGO['PLANS']", source)(request)
    return as_mapping("What POLAR_DJANGO['PLANS'] computed", given)


def _is_function(entry: PlanEntry) -> bool:
    return isinstance(entry, str) or callable(entry)
