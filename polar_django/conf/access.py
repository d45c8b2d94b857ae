"""`ACCESS`: when a subscription gives access, at providers without grants of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.conf.readers import as_mapping, as_texts, read_options, setting
from polar_django.exceptions import ConfigurationError

__all__ = ["AccessPolicy", "as_policies"]

# Polar's eight, onto which every provider maps its own.
_STATUSES = (
    "incomplete",
    "incomplete_expired",
    "trialing",
    "active",
    "past_due",
    "canceled",
    "unpaid",
    "paused",
)


def _statuses(name: str, value: Any) -> tuple[str, ...]:
    given = as_texts(name, value)
    for status in given:
        if status not in _STATUSES:
            raise ConfigurationError(
                f"{name} has {status!r}, which is no status of a subscription. Known: "
                f"{', '.join(_STATUSES)}."
            )
        if status == "past_due":
            raise ConfigurationError(f"{name}: past_due has its own key, past_due_days.")
    return given


def _days(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 3650:
        raise ConfigurationError(f"{name} must be a number of days from 0.")
    return float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """When a subscription gives access, at a provider that has no grants of its own.

    `statuses` give it, `until_period_end` to the end of the paid period, and `past_due` for so many
    days after the charge failed. All others give none.
    """

    statuses: tuple[str, ...] = setting(("trialing", "active"), _statuses)
    until_period_end: tuple[str, ...] = setting(("canceled",), _statuses)
    past_due_days: float = setting(0.0, _days)


def as_policies(name: str, value: Any) -> Mapping[str, AccessPolicy]:
    return {
        provider: AccessPolicy(
            **read_options(
                AccessPolicy,
                f"{name}[{provider!r}]",
                as_mapping(f"{name}[{provider!r}]", options),
            )
        )
        for provider, options in as_mapping(name, value).items()
    }
