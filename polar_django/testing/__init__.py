"""For the tests of projects: who holds what in one line, and deliveries signed as Polar signs them.

A whole Polar within a test is `polar_django.testing.sandbox`, as a fixture of pytest
`polar_django.testing.plugin`. docs/testing.md shows all of it.
"""

from polar_django.testing.deliveries import deliver_event, sign_delivery, work_off
from polar_django.testing.rows import (
    end_subscription,
    give_benefit,
    make_order,
    make_subscription,
    set_meter,
    take_benefit,
)

__all__ = [
    "deliver_event",
    "end_subscription",
    "give_benefit",
    "make_order",
    "make_subscription",
    "set_meter",
    "sign_delivery",
    "take_benefit",
    "work_off",
]
