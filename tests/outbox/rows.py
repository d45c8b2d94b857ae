"""Transitions as the mirror writes them."""

from django.utils import timezone

from polar_django.models import Transition


def written(name, object_type, object_id, **values) -> Transition:
    """A row as the mirror writes it."""
    now = timezone.now()
    return Transition.objects.create(
        **{
            "name": name,
            "provider": "polar",
            "object_type": object_type,
            "object_id": object_id,
            "source": "delivery",
            "happened_at": now,
            "recorded_at": now,
            "due_at": now,
            **values,
        }
    )
