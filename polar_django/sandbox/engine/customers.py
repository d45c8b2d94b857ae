"""Customers and their members."""

from collections.abc import Mapping
from typing import Any

from polar_django.sandbox.models import Customer, Member


def create_customer(data: Mapping[str, Any]) -> Customer:
    """`data` as CustomerCreate. Raises InvalidRequest for a taken e-mail or external id. Sends member.created,
    customer.created, customer.state_changed."""
    raise NotImplementedError


def update_customer(customer: Customer, data: Mapping[str, Any]) -> Customer:
    """Raises InvalidRequest (a changed external id too). Sends customer.updated, customer.state_changed."""
    raise NotImplementedError


def delete_customer(customer: Customer, *, anonymize: bool = False) -> None:
    """Soft delete: subscriptions and grants are revoked, members deleted, the external id is free again."""
    raise NotImplementedError


def create_member(customer: Customer, data: Mapping[str, Any]) -> Member:
    """Sends member.created."""
    raise NotImplementedError


def update_member(member: Member, data: Mapping[str, Any]) -> Member:
    """Sends member.updated."""
    raise NotImplementedError


def delete_member(member: Member) -> None:
    """Sends member.deleted. Raises InvalidRequest for the owner."""
    raise NotImplementedError
