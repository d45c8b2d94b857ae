"""Which grants are a seat's: held by one member, not by everybody of the customer.

A server with the member model names a member on every grant, so that alone says nothing. A grant
is a seat's where the customer is a team and the purchase it comes from has seats. While the
purchase is not known here it counts as a seat's: too few get in rather than too many.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any

from django.db.models import Model, Q

from polar_django.mirror.tables import Rows
from polar_django.mirror.versions import NEVER, Version
from polar_django.models import BenefitGrant, Member, Order, Seat, Subscription
from polar_django.models.base import MirroredModel
from polar_django.models.databases import on_primary
from polar_django.snapshots import SeatSnapshot

# A copy that leaves seats out: entries of customer states did until September 2026.
_DOES_NOT_SAY = Q(as_of=None, seats=None) & ~Q(raw__has_key="seats")


def mark(changed: Rows, copies: Rows, team_grants: set[str]) -> None:
    """Set `is_seat` and `user` on the grants to be written. Up to three queries, for teams only."""
    grants = changed.get(BenefitGrant, {}).values()
    for_teams = [grant for grant in grants if grant.pk in team_grants and grant.member_id]
    for grant in grants:
        grant.is_seat, grant.user_id = False, None
    if not for_teams:
        return
    of_subscriptions = _seats_of(Subscription, changed, (g.subscription_id for g in for_teams))
    of_orders = _seats_of(Order, changed, (g.order_id for g in for_teams))
    users = _users_of({grant.member_id for grant in for_teams}, (changed, copies))
    for grant in for_teams:
        purchase = of_subscriptions.get(grant.subscription_id, ...)
        if purchase is ...:
            purchase = of_orders.get(grant.order_id, ...)
        grant.is_seat = purchase is not None
        grant.user_id = users.get(grant.member_id) if grant.is_seat else None


def correct(changed: Rows, stored: Rows) -> None:
    """Free the grants that came before their purchase, now known to have no seats. At most two."""
    for table, link in ((Subscription, "subscription__in"), (Order, "order__in")):
        first_seen = [
            row.pk
            for row in changed.get(table, {}).values()
            # A copy within an order may have come first: it is stored, and corrected nothing.
            if row.seats is None
            and getattr(stored.get(table, {}).get(row.pk), "as_of", None) is None
        ]
        if first_seen:
            BenefitGrant.objects.filter(is_seat=True, **{link: first_seen}).update(
                is_seat=False, user=None
            )


def note_holder(row: MirroredModel, version: Version) -> None:
    """Remember who holds a seat: a revoked one, and its delivery, name nobody any more."""
    if not isinstance(row, Seat) or not (row.member_id or row.email):
        return
    if (row.last_held_as_of or NEVER) <= (version.as_of or NEVER):
        row.last_member_id, row.last_email = row.member_id, row.email
        row.last_held_as_of = version.as_of


def with_late_holder(current: MirroredModel | None, version: Version) -> Seat | None:
    """The stored seat with its holder, where the version that names one came too late to count.

    So that a seat claimed and revoked ends the same whichever is heard of first. One query (`raw`),
    or none.
    """
    snapshot = version.snapshot
    if not isinstance(current, Seat) or not isinstance(snapshot, SeatSnapshot):
        return None
    late = copy(current)
    late.member_id, late.email = snapshot.member_id, snapshot.email
    note_holder(late, version)
    if late.last_held_as_of == current.last_held_as_of:
        return None
    late.member_id, late.email = current.member_id, current.email
    return late


def _seats_of(
    table: type[Model], changed: Rows, ids: Iterable[str | None]
) -> dict[str | None, int | None]:
    here = changed.get(table, {})
    wanted = {key for key in ids if key}
    known: dict[str | None, int | None] = {key: here[key].seats for key in wanted & here.keys()}
    if missing := wanted - here.keys():
        stored = on_primary(table).filter(pk__in=missing).exclude(_DOES_NOT_SAY)
        known.update(stored.values_list("pk", "seats"))
    return known


def _users_of(wanted: set[str], incoming: Iterable[Rows]) -> dict[str, Any]:
    stored = on_primary(Member).filter(pk__in=wanted).values_list("pk", "user_id")
    known: dict[str, Any] = dict(stored)
    for rows in incoming:
        for key, member in rows.get(Member, {}).items():
            known[key] = known.get(key) or member.user_id
    return known
