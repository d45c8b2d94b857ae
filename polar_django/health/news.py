"""Signals and `@on` handlers that failed to the last, by what they were about."""

from django.db.models import Count, Max

from polar_django.health.figures import FailedNews
from polar_django.models import Transition
from polar_django.models.databases import on_primary

__all__ = ["failed_news"]


def failed_news() -> tuple[FailedNews, ...]:
    """Most failures first. Two queries, of the small index of what is dead."""
    dead = on_primary(Transition).filter(state=Transition.State.DEAD)
    groups = list(
        dead.order_by()
        .values("name")
        .annotate(count=Count("pk"), latest=Max("pk"))
        .order_by("-count", "name")
    )
    latest = [group["latest"] for group in groups]
    errors = dict(on_primary(Transition).filter(pk__in=latest).values_list("pk", "error"))
    return tuple(
        FailedNews(
            name=group["name"],
            count=group["count"],
            error=errors.get(group["latest"], ""),
            latest_pk=group["latest"],
        )
        for group in groups
    )
