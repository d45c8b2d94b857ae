"""Things that go wrong on purpose, so that a receiver can be tested against them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import Chaos

__all__ = ["SWITCHES", "Trouble", "read", "switch"]

SHARES = ("duplicate", "drop")
SWITCHES = (
    "reorder",
    "legacy_signature",
    "delay_states",
    "omit_api_version",
    "single_canceled",
    "rate_limits",
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`duplicate` and `drop` are shares from 0 to 1 of all attempts.

    `delay_states`: a customer state comes 15 seconds after the last change, as Polar debounces it.
    `omit_api_version`: envelopes and headers are those of before September 2026.
    `single_canceled`: no second subscription.canceled when a canceled subscription ends, as Polar's
    documentation has it.
    `rate_limits` is for the API: it answers 429 as often as Polar's own sandbox does.
    """

    duplicate: float = 0
    drop: float = 0
    reorder: bool = False
    legacy_signature: bool = False
    delay_states: bool = False
    omit_api_version: bool = False
    single_canceled: bool = False
    rate_limits: bool = False

    def duplicates(self) -> bool:
        return random.random() < self.duplicate

    def drops(self) -> bool:
        return random.random() < self.drop


def read() -> Trouble:
    """What is switched on. One query."""
    for row in Chaos.objects.filter(pk=1).values(*SHARES, *SWITCHES):
        return Trouble(**row)
    return Trouble()


def switch(data: Mapping[str, Any]) -> Trouble:
    """Set exactly what `data` names; everything else goes off. {} means no trouble at all.

    Raises InvalidRequest for an unknown name, a share outside 0 to 1, or a switch that is no bool.
    """
    for name, value in data.items():
        if name in SHARES:
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise invalid("A share must be a number from 0 to 1.", name, value=value)
        elif name not in SWITCHES:
            known = ", ".join((*SHARES, *SWITCHES))
            raise invalid(f"Unknown trouble. Known: {known}.", str(name), value=value)
        elif not isinstance(value, bool):
            raise invalid("A switch must be true or false.", name, value=value)
    trouble = Trouble(**data)
    Chaos.objects.update_or_create(
        pk=1, defaults={name: getattr(trouble, name) for name in (*SHARES, *SWITCHES)}
    )
    return trouble
