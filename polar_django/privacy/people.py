"""Who can be asked about: subscribers by themselves, customers while they are nobody's here."""

from typing import Any

from polar_django.conf import subscriber_model
from polar_django.models import Customer
from polar_django.subscribers import is_subscriber

__all__ = ["refuse_claimed", "refuse_stranger"]


def refuse_stranger(somebody: Any) -> None:
    """Raise TypeError for what is no subscriber, such as a user where teams subscribe."""
    if not is_subscriber(somebody):
        raise TypeError(
            f"Subscribers are {subscriber_model()}, and {somebody!r} is none. Who only holds a "
            "seat is named by the team's customer: see docs/privacy.md."
        )


def refuse_claimed(customer: Customer) -> None:
    """Raise ValueError for a subscriber's customer: there is more about them than this one."""
    if customer.subscriber_id is not None:
        raise ValueError(
            f"The customer {customer.pk} is the subscriber's with the key "
            f"{customer.subscriber_id}: name that one, so that all of theirs is meant."
        )
