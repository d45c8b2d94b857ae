"""Portal sessions: an address and a token that open one customer's portal for an hour."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from polar_django.sandbox import clock, tokens
from polar_django.sandbox.engine import rows
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import invalid
from polar_django.sandbox.models import Customer, CustomerSession, Member

__all__ = ["LIFETIME", "create_customer_session", "find_session", "open_session"]

LIFETIME = timedelta(hours=1)


def create_customer_session(data: Mapping[str, Any], *, base_url: str = "") -> CustomerSession:
    """A session whose token is a member's (polar_mst_), as for every new organization.

    `data`: customer_id or external_customer_id (or customer_external_id), return_url, member_id,
    external_member_id. Raises InvalidRequest. Sends nothing.
    """
    customer = _find_customer(data)
    member = _find_member(customer, data)
    with business_transaction():
        return open_session(
            customer,
            member=member,
            prefix=tokens.MEMBER_SESSION,
            return_url=data.get("return_url"),
            base_url=base_url,
        )


def _find_customer(data: Mapping[str, Any]) -> Customer:
    if data.get("customer_id") is not None:
        name, found = "customer_id", {"pk": data["customer_id"]}
    else:
        name = "external_customer_id"
        external_id = data.get(name) or data.get("customer_external_id")
        found = {"external_id": external_id}
    customer = Customer.objects.filter(deleted_at=None, **found).first()
    if customer is None:
        value = next(iter(found.values()))
        raise invalid("Customer does not exist.", name, value=str(value))
    return customer


def _find_member(customer: Customer, data: Mapping[str, Any]) -> Member | None:
    members = customer.members.filter(deleted_at=None)
    for name, column in (("member_id", "pk"), ("external_member_id", "external_id")):
        if data.get(name) is not None:
            member = members.filter(**{column: data[name]}).first()
            if member is None:
                raise invalid("Member does not exist.", name, value=str(data[name]))
            return member
    if customer.type == "team":
        raise invalid("member_id is required for team customers.", "member_id", type_="missing")
    return members.filter(role="owner").first()


def open_session(
    customer: Customer,
    *,
    member: Member | None,
    prefix: str,
    return_url: str | None = None,
    base_url: str = "",
) -> CustomerSession:
    """The row of a new session. One query; inside a business transaction."""
    return rows.create(
        CustomerSession,
        token=tokens.make_token(prefix),
        customer=customer,
        member=member,
        expires_at=clock.tick() + LIFETIME,
        return_url=return_url,
        base_url=base_url.rstrip("/"),
    )


def find_session(token: str) -> CustomerSession | None:
    """The session of a token, None when it is unknown, over, or its customer is deleted.

    Two queries.
    """
    return (
        CustomerSession.objects.filter(
            token=token, expires_at__gt=clock.now(), customer__deleted_at=None
        )
        .select_related("customer", "member")
        .first()
    )
