"""What the portal's forms name: a subscription, a plan, a number of seats, and when to bill."""

from uuid import UUID

from django.http import QueryDict

from polar_django.sandbox.engine import subscriptions
from polar_django.sandbox.errors import ResourceNotFound, invalid
from polar_django.sandbox.models import CustomerSession, Subscription
from polar_django.sandbox.pages.plan_choices import BEHAVIORS

__all__ = ["behavior_of", "own_subscription", "product_of", "seats_wanted"]


def own_subscription(session: CustomerSession, subscription_id: UUID) -> Subscription:
    """The visitor's. Raises ResourceNotFound for somebody else's."""
    found = session.customer.subscriptions.filter(pk=subscription_id).first()
    if found is None:
        raise ResourceNotFound
    return subscriptions.get(found.id)


def product_of(form: QueryDict) -> UUID:
    """The `product_id` chosen. Raises InvalidRequest."""
    text = form.get("product_id", "")
    try:
        return UUID(text)
    except ValueError as error:
        raise invalid("Choose one of the plans.", "product_id", value=text) from error


def seats_wanted(form: QueryDict) -> int:
    """How many `seats` there shall be. Raises InvalidRequest."""
    text = form.get("seats", "")
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 10_000:
        raise invalid("Give a number of seats from 1 to 10000.", "seats", value=text)
    return int(text)


def behavior_of(form: QueryDict) -> str | None:
    """How the difference is billed; None leaves it to the organization."""
    given = form.get("behavior")
    return given if given in BEHAVIORS else None
