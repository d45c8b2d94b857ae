"""The question turned round: who holds this benefit."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from polar_django.conf import get_settings
from polar_django.entitlements.keys import grants_of_key
from polar_django.models import BenefitGrant
from polar_django.subscribers import subscriber_class

__all__ = ["holders_of"]


def holders_of(key: str) -> QuerySet[Any]:
    """The subscribers with a live grant under this key, as a queryset of their model.

    Where users buy, those who hold it by a seat are among them. A free benefit is everybody's;
    `STAFF_BYPASS` makes nobody a holder. One query when evaluated.
    """
    model = subscriber_class()
    everybody = model._default_manager.all()
    if key in get_settings().free_benefits:
        return everybody
    live = BenefitGrant.objects.active().filter(grants_of_key(key))
    owners = live.filter(is_seat=False, subscriber__isnull=False)
    holders = Q(pk__in=owners.values("subscriber"))
    if issubclass(model, get_user_model()):
        holders |= Q(pk__in=live.filter(user__isnull=False).values("user"))
    return everybody.filter(holders)
