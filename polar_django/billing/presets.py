"""The discount that a plan gives to everybody who buys it."""

from django.db.models import Q

from polar_django.conf import Plan
from polar_django.exceptions import ConfigurationError
from polar_django.mirror.answers import apply_answer
from polar_django.models import Discount
from polar_django.providers.base import Provider

__all__ = ["preset_discount"]


def preset_discount(plan: Plan, service: Provider) -> str:
    """The id of the plan's `discount`, which is an id, a code, or a key in its metadata.

    "" where the plan has none. One query; a discount that the mirror does not know costs a reading
    of the provider's discounts. Raises ConfigurationError for one that nobody knows.
    """
    if not plan.discount:
        return ""
    found = _stored(plan.discount, service.name)
    if found is None:
        for page in service.list_objects("discounts"):
            apply_answer(page, source=None)
        found = _stored(plan.discount, service.name)
    if found is None:
        raise ConfigurationError(
            f"The plan {plan.key!r} names the discount {plan.discount!r}, but none has this id, "
            "this code, or the metadata {'key': …} of that name."
        )
    return found


def _stored(name: str, provider: str) -> str | None:
    named = Q(pk=name) | Q(code__iexact=name) | Q(metadata__key=name)
    living = Discount.objects.filter(named, provider=provider, deleted_at__isnull=True)
    key: str | None = living.order_by("pk").values_list("pk", flat=True).first()
    return key
