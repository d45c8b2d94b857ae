"""The seats of a purchase: given, invited to, taken, and taken back.

A seat's benefits are its holder's alone, not the team's. They follow by the provider's own events.
All raise ProviderError: ActionRefused with `code` "SeatNotAvailable" where all are taken.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from polar_django.billing import claims
from polar_django.billing.answers import write_answer
from polar_django.billing.customers import EMAIL_MISSING
from polar_django.billing.guests import spellings_of
from polar_django.billing.savepoints import beside_the_project
from polar_django.exceptions import (
    ActionRefused,
    CustomerConflict,
    InvalidRequest,
    ObjectNotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from polar_django.mirror.answers import stored_keys
from polar_django.mirror.members import link_member, link_verified
from polar_django.models import Member, Order, Seat, Subscription
from polar_django.models.databases import on_primary
from polar_django.providers.base import Provider, SeatInvitation, SeatRequest
from polar_django.providers.registry import get_provider
from polar_django.snapshots import Answer
from polar_django.subscribers import external_id_of, is_same_address, is_subscriber

__all__ = [
    "VOID_INVITATION",
    "assign_seat",
    "claim_seat",
    "find_claimed_seat",
    "get_seat_invitation",
    "resend_seat_invitation",
    "revoke_seat",
    "take_seats_on_login",
]

logger = logging.getLogger(__name__)

Purchase = Subscription | Order

# What is raised for an invitation's token that is void, or never was one.
VOID_INVITATION = (ActionRefused, InvalidRequest, ObjectNotFound)


def assign_seat(purchase: Purchase, *, user: Any = None, email: str = "") -> Seat:
    """Put a user on a free seat at once, or invite an address to one (one of the two).

    With `user` the seat is claimed, and theirs when this returns: the provider is told the user's
    key, where it is not the team's as well, or the member with their address becomes theirs here.
    With `email` the provider sends an invitation; the seat is linked when it is claimed
    (`claim_seat`, or by a verified address).
    Somebody who has a seat keeps it, and it is returned.

    One call, two where somebody has a seat already. Raises ValueError without either or with both,
    InvalidRequest (`code` "email_missing") for a user without an address, CustomerConflict where
    their address is another user's member, and ProviderError.
    """
    if (user is None) == (not email):
        raise ValueError("Give a seat to a user, or to an e-mail address.")
    address = email or (getattr(user, user.get_email_field_name(), "") or "")
    if not address:
        raise InvalidRequest("This user has no e-mail address.", code=EMAIL_MISSING)
    provider = get_provider(purchase.provider)
    member = _member_of(purchase, user, address)
    if user is not None and member is not None and member.user_id not in (None, user.pk):
        raise CustomerConflict("This address is the seat of another user.")
    sent = _stored(purchase)
    request = SeatRequest(
        **_source(purchase),
        member_id=member.pk if member is not None else "",
        email="" if member is not None else address,
        external_member_id=_key_of(user, purchase) if member is None else "",
        immediate_claim=user is not None,
    )
    try:
        seat = _written(provider.assign_seat(request), sent)
    except ActionRefused as refusal:
        is_taken = refusal.code == "SeatAlreadyAssigned"
        held = _seat_of(purchase, member, address) if is_taken else None
        if held is None:
            raise
        seat = held
    return _linked(seat, user) if user is not None else seat


def revoke_seat(seat: Seat) -> Seat:
    """Take a seat from its holder, or an invitation back. Called twice it returns quietly. One
    call."""
    provider = get_provider(seat.provider)
    sent = stored_keys(seat)
    return _written(provider.revoke_seat(seat.pk), sent)


def resend_seat_invitation(seat: Seat) -> Seat:
    """Send the invitation again; the one before is void. One call. Raises ActionRefused (`code`
    "SeatNotPending") for a seat that is taken."""
    provider = get_provider(seat.provider)
    sent = stored_keys(seat)
    return _written(provider.resend_seat_invitation(seat.pk), sent)


def get_seat_invitation(token: str, provider: str | None = None) -> SeatInvitation:
    """What an invitation's token offers, before it is taken. One call. Raises ActionRefused or
    ObjectNotFound for one that is void."""
    return get_provider(provider).get_seat_invitation(token)


def claim_seat(token: str, user: Any, provider: str | None = None) -> Seat:
    """Take the seat that a token invites to, for this user. Two calls.

    Whoever has the token was sent it: it decides, not the user's own address. Twice is once: who
    has taken the seat with this token gets it again, for an hour. Where no answer comes, the seats
    that waited for the invited address are read (one call more for each purchase).

    Raises ActionRefused for a token that is void, CustomerConflict where that member is another
    user's. After ProviderUnavailable ask again: it may have been claimed.
    """
    service = get_provider(provider)
    try:
        invited = service.get_seat_invitation(token).email
    except VOID_INVITATION:
        if (seat := find_claimed_seat(token, user, provider)) is not None:
            return seat
        waiting = []
    else:
        waiting = claims.seats_waiting_for(invited, service.name)
    return _linked(_claim(service, token, user, waiting), user)


def find_claimed_seat(token: str, user: Any, provider: str | None = None) -> Seat | None:
    """The seat that this user took with this token within the last hour, theirs now if the answer
    was lost; None if there is none. No call where nothing is known of it."""
    found = claims.claimed_among(get_provider(provider), claims.asked_before(token, user), user)
    return _linked(found, user) if found is not None else None


def take_seats_on_login(sender: object, *, user: Any = None, **_: Any) -> None:
    """Receiver of `user_logged_in`: a seat taken at the provider's own page, before its holder had
    an account here or had verified the address, is theirs now. Signing in never fails for it."""
    try:
        address = getattr(user, user.get_email_field_name(), "")
        if address and user.is_active:
            with beside_the_project():
                link_verified(user, spellings_of(address))
    except Exception as error:  # the project's own model, and another request's link meanwhile
        logger.warning("Seats were not linked at sign-in: %s", type(error).__name__)


def _claim(service: Provider, token: str, user: Any, waiting: list[str]) -> Seat:
    is_first = claims.remember(token, user, waiting)
    try:
        return _written(service.claim_seat(token), {})
    except ProviderError as error:
        is_lost = isinstance(error, ProviderUnavailable) and not isinstance(error, RateLimited)
        if is_first and not is_lost:
            claims.forget(token)
            raise
        # Refused for the second of two clicks, the first has perhaps taken it.
        maybe = waiting if is_lost else claims.asked_before(token, user)
        try:
            found = claims.claimed_among(service, maybe, user)
        except ProviderError:
            raise error from None
        if found is None:
            raise
        return found


def _source(purchase: Purchase) -> dict[str, Any]:
    name = "subscription_id" if isinstance(purchase, Subscription) else "order_id"
    return {name: purchase.pk}


def _key_of(user: Any, purchase: Purchase) -> str:
    """What the provider is to know a new member by; "" for nobody.

    A key that is the team's as well would find the owner whom Polar made with it.
    """
    if user is None:
        return ""
    key, customer = external_id_of(user), purchase.customer
    is_taken = customer is not None and customer.external_id == key and not is_subscriber(user)
    return "" if is_taken else key


def _stored(purchase: Purchase) -> Mapping[str, datetime | None]:
    return stored_keys(*on_primary(Seat).filter(**_source(purchase)).only("pk"))


def _member_of(purchase: Purchase, user: Any, address: str) -> Member | None:
    """The living member of this team who is that user, else who has that address. One query."""
    known = Q(email__iexact=address)
    if user is not None:
        known |= Q(user=user)
    found: Iterable[Member] = on_primary(Member).filter(
        known, customer_id=purchase.customer_id, deleted_at=None
    )
    members = sorted(found, key=lambda row: (user is None or row.user_id != user.pk, row.pk))
    for member in members:
        is_the_user = user is not None and member.user_id == user.pk
        if is_the_user or is_same_address(member.email, address):
            return member
    return None


def _seat_of(purchase: Purchase, member: Member | None, address: str) -> Seat | None:
    """The seat that somebody has already, as the provider lists it. One call."""
    claims.read_seats(get_provider(purchase.provider), **_source(purchase))
    taken = on_primary(Seat).filter(**_source(purchase)).exclude(status="revoked")
    theirs = Q(email__iexact=address) | Q(member__email__iexact=address)
    if member is not None:
        theirs |= Q(member=member)  # whose address may be another by now
    found: Iterable[Seat] = taken.filter(theirs).select_related("member").order_by("pk")
    for seat in found:
        is_the_members = member is not None and seat.member == member
        addresses = (seat.email, seat.member.email if seat.member else None)
        if is_the_members or any(is_same_address(one, address) for one in addresses):
            return seat
    return None


def _written(answer: Answer, sent: Mapping[str, datetime | None]) -> Seat:
    write_answer(answer, sent=sent)
    seat: Seat = on_primary(Seat).select_related("member").get(pk=answer.first.id)
    return seat


def _linked(seat: Seat, user: Any) -> Seat:
    member = seat.member
    if member is not None and member.user_id != user.pk:
        link_member(member, user)
    return seat
