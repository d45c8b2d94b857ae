"""`PLANS`: what may be bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.conf.readers import as_mapping, as_texts, as_whole, read_options, setting
from polar_django.exceptions import ConfigurationError

__all__ = ["Plan", "as_plans"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one key buys. `products` are product keys or ids, the first preselected."""

    key: str
    products: tuple[str, ...] = setting((), as_texts)
    seats: int | None = setting(None, as_whole)
    min_seats: int | None = setting(None, as_whole)
    max_seats: int | None = setting(None, as_whole)


def as_plans(name: str, value: Any) -> Mapping[str, Plan]:
    plans = {}
    for key, options in as_mapping(name, value).items():
        where = f"{name}[{key!r}]"
        plan = Plan(key=key, **read_options(Plan, where, as_mapping(where, options)))
        if not plan.products:
            raise ConfigurationError(f"{name}[{key!r}] names no product: add 'products': ['…'].")
        plans[key] = plan
    return plans
