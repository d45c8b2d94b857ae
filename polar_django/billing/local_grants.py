"""Giving a benefit by hand: to a friend, a tester, a customer whom something went wrong for."""

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils import timezone

from polar_django.conf import get_settings, subscriber_model
from polar_django.mirror.local_grants import end_local_grant, local_grant_id, write_local_grant
from polar_django.models import Benefit, BenefitGrant
from polar_django.subscribers import subscriber_class
from polar_django.webhooks import wakeup

__all__ = ["grant_benefit", "revoke_local_grant"]

_LONGEST = 255


def grant_benefit(
    subscriber: Any, key: str, *, until: datetime | None = None, reason: str = ""
) -> BenefitGrant:
    """Let a subscriber hold a benefit from now, to `until` (aware) or for good. Calls nobody.

    It ends by itself at `until`, without a job and without a signal. There is one such grant for a
    subscriber and key: given again, it has the new end and reason. Purchases are another matter:
    who also pays keeps the benefit when this ends. `benefit_granted` is sent, its transition's
    source "local".

    It counts as the benefit of that key, with its metadata; where none is mirrored, the key alone
    is held. Five statements. Raises TypeError for what is no subscriber; ValueError for one that is
    not saved, a key or reason of no use, and an end that is naive or past.
    """
    _check(subscriber, key)
    if len(reason) > _LONGEST:
        raise ValueError(f"A reason has at most {_LONGEST} characters.")
    if until is not None and (timezone.is_naive(until) or until <= timezone.now()):
        raise ValueError("A grant ends at a time with a time zone, and in the future.")
    grant = write_local_grant(
        subscriber, key, benefit_id=_benefit_called(key), until=until, reason=reason
    )
    wakeup.wake()
    return grant


def revoke_local_grant(subscriber: Any, key: str) -> bool:
    """End what `grant_benefit` gave, now; whether there was such a grant. Calls nobody.

    A benefit that was bought stays. Up to four statements. Raises as `grant_benefit`.
    """
    _check(subscriber, key)
    ended = end_local_grant(local_grant_id(subscriber, key))
    if ended is not None:
        wakeup.wake()
    return ended is not None


def _check(subscriber: Any, key: str) -> None:
    if not isinstance(subscriber, Model) or not isinstance(subscriber, subscriber_class()):
        raise TypeError(f"Benefits are given to {subscriber_model()}.")
    if subscriber.pk is None:
        raise ValueError("Save the subscriber first.")
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST or not key.isprintable():
        raise ValueError(f"A key is text of 1 to {_LONGEST} characters.")


def _benefit_called(key: str) -> str:
    """The benefit that counts under this key, the oldest of several; the key itself without one."""
    settings = get_settings()
    if key in settings.benefits:
        return settings.benefits[key]
    # Those that the settings call by another key do not count under their own.
    renamed = list(settings.benefits.values())
    found = Benefit.objects.filter(key=key, is_deleted=False).exclude(pk__in=renamed)
    first = found.order_by("created_at", "pk").values_list("pk", flat=True).first()
    return first or key
