"""Whom a seat is for: a member of the customer who pays, found or made."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.engine import rows
from polar_django.sandbox.errors import ResourceNotFound, SeatCustomerNotFound
from polar_django.sandbox.models import Customer, Member

__all__ = ["find_or_add_member"]


def find_or_add_member(customer: Customer, data: Mapping[str, Any]) -> Member:
    """The member that `data` names (member_id, external_member_id, email or a customer).

    A person without a membership becomes a member, silently as at Polar: the seat's own event
    carries the member. Raises ResourceNotFound, SeatCustomerNotFound.
    """
    members = customer.members.filter(deleted_at=None)
    if data.get("member_id") is not None:
        return _found(members.filter(pk=data["member_id"]).first())
    external_id, email = data.get("external_member_id"), data.get("email")
    if external_id is not None:
        known = members.filter(external_id=external_id).first()
        if known is not None or email is None:
            return _found(known)
    name = None
    if email is None:
        person = _find_person(data)
        email, name, external_id = person.email or "", person.name, person.external_id
    known = members.filter(email__iexact=email).first()
    if known is not None:
        return known
    return rows.create(Member, customer=customer, email=email, name=name, external_id=external_id)


def _found(member: Member | None) -> Member:
    if member is None:
        raise ResourceNotFound("Member not found")
    return member


def _find_person(data: Mapping[str, Any]) -> Customer:
    """A customer of the organization, by Polar's id or the project's own."""
    customers = Customer.objects.filter(deleted_at=None)
    if data.get("customer_id") is not None:
        name, found = data["customer_id"], customers.filter(pk=data["customer_id"]).first()
    else:
        name = data["external_customer_id"]
        found = customers.filter(external_id=name).first()
    if found is None:
        raise SeatCustomerNotFound(f"Customer not found: {name}")
    return found
