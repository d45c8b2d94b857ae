"""What was counted of a person, forgotten."""

from typing import Any

from polar_django.models import UsageEvent
from polar_django.models.databases import on_primary

__all__ = ["erase_usage"]


def erase_usage(subscriber: Any) -> int:
    """Delete the subscriber's usage events, sent or not; how many. The provider keeps what it
    has counted. One statement."""
    deleted: int = on_primary(UsageEvent).filter(subscriber=subscriber).delete()[0]
    return deleted
