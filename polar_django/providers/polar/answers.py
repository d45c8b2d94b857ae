"""What a reply of the API means beyond its object: its time, its shape, a conflict."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from polar_django.exceptions import CustomerConflict, InvalidRequest, ProviderUnavailable
from polar_django.providers.polar.reading import Json
from polar_django.providers.transport import Reply
from polar_django.snapshots import Observation

logger = logging.getLogger("polar_django.providers")

_BEFORE_EVERYTHING = datetime.fromtimestamp(0, tz=UTC)


def object_in(reply: Reply) -> Json:
    """The JSON object of a reply. Raises ProviderUnavailable where it is something else."""
    if not isinstance(reply.data, dict):
        raise ProviderUnavailable("The answer is JSON, but no object.", status=reply.status)
    return reply.data


def total_in(reply: Reply) -> int | None:
    """How many objects a list holds on all its pages; None for what is no list."""
    data = reply.data if isinstance(reply.data, dict) else {}
    pagination = data.get("pagination")
    total = pagination.get("total_count") if isinstance(pagination, dict) else None
    return total if isinstance(total, int) else None


def answered_at(reply: Reply, seen: Iterable[Observation]) -> datetime:
    """When the provider answered, on its clock.

    Where a proxy took the `Date` header away: the newest change that the answer itself tells of.
    That is never later than the answer, so that nothing newer can be overwritten; our own clock,
    which may be ahead, could.
    """
    if reply.answered_at is not None:
        return reply.answered_at
    logger.warning("An answer of the provider has no Date header; is a proxy in between?")
    told = (
        moment
        for item in seen
        for moment in (item.snapshot.created_at, item.snapshot.modified_at)
        if moment is not None
    )
    return max(told, default=_BEFORE_EVERYTHING)


def refuse_conflict(error: InvalidRequest) -> None:
    """Raise CustomerConflict where the values were refused because another customer has them.

    Polar answers 422 to that as to any bad value, with a sentence on the field.
    """
    for problem in error.errors:
        loc, message = problem.get("loc"), str(problem.get("msg")).lower()
        field = loc[-1] if isinstance(loc, list) and loc else None
        if field == "email" and "already exists" in message:
            raise CustomerConflict(
                "Polar already has a customer with this e-mail address. Link that customer, or "
                "let the subscriber use another address."
            ) from error
        if field == "external_id" and "already exists" in message:
            raise CustomerConflict("Polar already has a customer with this external id.") from error
        if field == "external_id" and "cannot be updated" in message:
            raise CustomerConflict(
                "This customer already has another external id, which Polar never changes."
            ) from error
