"""The claim of a seat whose answer was lost, or that was asked for twice: which seat it was.

A token is void once its seat is taken, and the provider does not say any more whose it was. So what
it may have been is remembered for an hour: ids, and the user who asked.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.cache import cache
from django.db.models import Q

from polar_django.billing.answers import write_answer
from polar_django.mirror.answers import stored_keys_of
from polar_django.models import Seat
from polar_django.models.databases import on_primary
from polar_django.providers.base import Provider
from polar_django.subscribers import is_same_address

__all__ = ["asked_before", "claimed_among", "forget", "read_seats", "remember", "seats_waiting_for"]

logger = logging.getLogger(__name__)

_SECONDS_REMEMBERED = 3600


def seats_waiting_for(address: str, provider: str) -> list[str]:
    """The ids of the seats to which that address is invited, as the mirror knows. One query."""
    invited = Q(email__iexact=address) | Q(member__email__iexact=address)
    rows = on_primary(Seat).filter(invited, status="pending", provider=provider)
    found: Iterable[Seat] = rows.select_related("member").order_by("pk")
    return [
        seat.pk
        for seat in found
        if is_same_address(seat.email, address)
        or (seat.member is not None and is_same_address(seat.member.email, address))
    ]


def remember(token: str, user: Any, seats: Sequence[str]) -> bool:
    """Whether nobody was about to claim with this token; from now on this user is. No query."""
    try:
        return cache.add(_key(token), (str(user.pk), list(seats)), timeout=_SECONDS_REMEMBERED)
    except Exception:  # each backend fails with errors of its own
        logger.warning("The cache cannot be asked: a claim whose answer is lost is not found again")
        return True


def forget(token: str) -> None:
    """The claim was refused: nothing came of it."""
    try:
        cache.delete(_key(token))
    except Exception:  # as above
        logger.warning("The cache cannot be asked: a claim that was refused is remembered.")


def asked_before(token: str, user: Any) -> list[str]:
    """The ids of the seats that this user may have claimed with this token. No query."""
    try:
        who, seats = cache.get(_key(token)) or ("", [])
    except Exception:  # as above
        return []
    return list(seats) if who == str(user.pk) else []


def claimed_among(service: Provider, seats: Sequence[str], user: Any) -> Seat | None:
    """The one of these seats that has been taken, and not by another user; None where it is not
    clear which. One call for each purchase that they are of, unless one is this user's already.

    Raises ProviderError.
    """
    rows = on_primary(Seat).filter(pk__in=seats).select_related("member")
    theirs: list[Seat] = [seat for seat in rows if _is_taken(seat) and _holder(seat) == user.pk]
    if len(theirs) == 1:
        return theirs[0]
    for subscription_id, order_id in {(seat.subscription_id, seat.order_id) for seat in rows}:
        given = {"subscription_id": subscription_id, "order_id": order_id}
        read_seats(service, **{name: key for name, key in given.items() if key})
    taken: list[Seat] = [
        seat for seat in rows.all() if _is_taken(seat) and _holder(seat) in (None, user.pk)
    ]
    return taken[0] if len(taken) == 1 else None


def read_seats(service: Provider, **source: str) -> None:
    """Read the seats of a purchase (`subscription_id` or `order_id`) and write them. One call."""
    sent = stored_keys_of(on_primary(Seat).filter(**source))
    for page in service.list_objects("customer_seats", **source):
        write_answer(page, sent=sent)


def _is_taken(seat: Seat) -> bool:
    return seat.status == "claimed"


def _holder(seat: Seat) -> Any | None:
    return seat.member.user_id if seat.member is not None else None


def _key(token: str) -> str:
    return f"polar_django.claim.{hashlib.sha256(token.encode()).hexdigest()}"
