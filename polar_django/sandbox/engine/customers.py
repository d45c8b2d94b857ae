"""Customers and their members."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from polar_django.sandbox import clock, shapes, tokens
from polar_django.sandbox.engine import grants, rows, seats, subscriptions
from polar_django.sandbox.engine.addresses import normalize_address
from polar_django.sandbox.engine.emit import emit_customer, emit_member
from polar_django.sandbox.engine.tax_ids import read_tax_id
from polar_django.sandbox.engine.usage_events import attach_events
from polar_django.sandbox.engine.work import business_transaction
from polar_django.sandbox.errors import InvalidRequest, invalid
from polar_django.sandbox.models import BILLABLE_STATUSES, Customer, Member

__all__ = [
    "add_customer",
    "create_customer",
    "create_member",
    "delete_customer",
    "delete_member",
    "find_by_email",
    "find_by_external_id",
    "update_customer",
    "update_member",
]

EMAIL_TAKEN = "A customer with this email address already exists."
EXTERNAL_ID_TAKEN = "A customer with this external ID already exists."
EXTERNAL_ID_FIXED = "Customer external ID cannot be updated."


def find_by_email(email: str) -> Customer | None:
    """The living customer of an e-mail, in any case of letters. One query."""
    return Customer.objects.filter(email__iexact=email, deleted_at=None).first()


def find_by_external_id(external_id: str) -> Customer | None:
    """The living customer of an external id. One query."""
    return Customer.objects.filter(external_id=external_id, deleted_at=None).first()


def create_customer(data: Mapping[str, Any]) -> Customer:
    """`data` as CustomerCreate (individual or team). Sends member.created, then customer.created.

    Raises InvalidRequest for an e-mail or external id that a living customer has.
    """
    email = data.get("email") or None
    external_id = data.get("external_id") or None
    owner = data.get("owner")
    if not email and not owner:
        raise invalid("Field required", "owner", type_="missing")
    with business_transaction() as work:
        errors: list[dict[str, Any]] = []
        if email and find_by_email(email):
            errors += invalid(EMAIL_TAKEN, "email", value=email).errors
        if external_id and find_by_external_id(external_id):
            errors += invalid(EXTERNAL_ID_TAKEN, "external_id", value=external_id).errors
        if errors:
            raise InvalidRequest(errors)
        address = normalize_address(data.get("billing_address"))
        customer = add_customer(
            type=data.get("type") or "individual",
            email=email,
            external_id=external_id,
            name=data.get("name"),
            billing_name=data.get("billing_name"),
            billing_address=address,
            tax_id=read_tax_id(data.get("tax_id"), _country(address), "tax_id"),
            locale=data.get("locale"),
            metadata=dict(data.get("metadata") or {}),
            owner=owner,
        )
        work.later(partial(emit_customer, "created", customer.id))
        return customer


def add_customer(*, owner: Mapping[str, Any] | None = None, **values: Any) -> Customer:
    """The rows of a customer and its owner, and member.created; not yet customer.created."""
    customer = rows.create(Customer, short_id=tokens.short_id(), **values)
    given = owner or {}
    member = rows.create(
        Member,
        customer=customer,
        email=given.get("email") or customer.email,
        name=given.get("name") or customer.name,
        external_id=given.get("external_id") or (None if owner else customer.external_id),
        role="owner",
    )
    emit_member("created", member)
    attach_events(customer)
    return customer


def update_customer(customer: Customer, data: Mapping[str, Any]) -> Customer:
    """Change what `data` names. An external id may be set once and never changed.

    Raises InvalidRequest. Sends customer.updated and customer.state_changed.
    """
    with business_transaction() as work:
        customer.refresh_from_db()
        values = _changed_values(customer, data)
        if "email" in values:
            _move_owner(customer, values["email"])
        rows.change(customer, **values)
        work.later(partial(emit_customer, "updated", customer.id))
        if data.get("external_id"):
            attach_events(customer)
        return customer


def _country(address: Mapping[str, Any] | None) -> str | None:
    return (address or {}).get("country")


def _move_owner(customer: Customer, email: str) -> None:
    """The owner's address follows the customer's, where it was the same. As recorded: no event."""
    if customer.email is not None:
        owners = customer.members.filter(role="owner", email__iexact=customer.email)
        owners.filter(deleted_at=None).update(email=email)


def _changed_values(customer: Customer, data: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: data[name] for name in ("name", "billing_name", "locale") if name in data
    }
    if data.get("type") is not None:
        values["type"] = _new_type(customer, data["type"])
    if "external_id" in data:
        values["external_id"] = _new_external_id(customer, data["external_id"] or None)
    email = data.get("email")
    if email and email != customer.email:
        other = find_by_email(email)
        if other is not None and other.pk != customer.pk:
            raise invalid(EMAIL_TAKEN, "email", value=email)
        values |= {"email": email, "email_verified": False}
    if data.get("billing_address") is not None:
        values["billing_address"] = normalize_address(data["billing_address"])
    if "tax_id" in data:
        address = values.get("billing_address", customer.billing_address)
        values["tax_id"] = read_tax_id(data["tax_id"], _country(address), "tax_id")
    if "metadata" in data:
        values["metadata"] = dict(data["metadata"] or {})
    return values


def _new_type(customer: Customer, type_: str) -> str:
    """A team stays one."""
    if customer.type == "team" and type_ != "team":
        raise invalid("A team cannot become an individual again.", "type", value=type_)
    return type_


def _new_external_id(customer: Customer, external_id: str | None) -> str | None:
    if external_id == customer.external_id:
        return external_id
    if customer.external_id is not None:
        raise invalid(EXTERNAL_ID_FIXED, "external_id", value=external_id)
    if external_id is not None and find_by_external_id(external_id):
        raise invalid(EXTERNAL_ID_TAKEN, "external_id", value=external_id)
    return external_id


def delete_customer(customer: Customer, *, anonymize: bool = False) -> None:
    """Soft delete. What was bought is revoked; the external id is free again at once.

    A plain delete forgets the external id; `anonymize` keeps it and hides name and e-mail instead.
    """
    with business_transaction() as work:
        for member in customer.members.filter(deleted_at=None).order_by("created_at"):
            rows.change(member, deleted_at=clock.tick())
            emit_member("deleted", member)
        deleted_at = clock.tick()
        values = _anonymous(customer, deleted_at) if anonymize else {"external_id": None}
        rows.change(customer, deleted_at=deleted_at, **values)
        for subscription in customer.subscriptions.filter(
            status__in=(*BILLABLE_STATUSES, "paused")
        ).order_by("created_at"):
            work.later(partial(_revoke_subscription, subscription.id))
        work.later(partial(emit_customer, "deleted", customer.id))
        work.later(partial(_revoke_grants, customer.id))


def _revoke_subscription(subscription_id: UUID) -> None:
    subscriptions.revoke(subscriptions.get(subscription_id))


def _revoke_grants(customer_id: UUID) -> None:
    customer = Customer.objects.get(pk=customer_id)
    for grant in customer.grants.filter(granted_at__isnull=False).order_by("created_at"):
        grants.revoke_grant(grant.id)


def _anonymous(customer: Customer, at: Any) -> dict[str, Any]:
    def digest(text: str | None) -> str | None:
        return None if text is None else hashlib.sha256(text.encode()).hexdigest()

    # Metadata are never null.
    known = {"__external_id": customer.external_id} if customer.external_id is not None else {}
    values: dict[str, Any] = {
        "email": f"{digest(customer.email)}@anonymized.polar.sh" if customer.email else None,
        "billing_name": digest(customer.billing_name),
        "billing_address": None,
        "metadata": {**customer.metadata, **known, "__anonymized_at": shapes.moment(at)},
    }
    if customer.tax_id is None:
        values["name"] = digest(customer.name)
    return values


def create_member(customer: Customer, data: Mapping[str, Any]) -> Member:
    """`data`: email, name, external_id, role. Raises InvalidRequest. Sends member.created."""
    with business_transaction():
        _check_member(customer, data)
        member = rows.create(
            Member,
            customer=customer,
            email=data["email"],
            name=data.get("name"),
            external_id=data.get("external_id") or None,
            role=data.get("role") or "member",
        )
        emit_member("created", member)
        return member


def _check_member(
    customer: Customer, data: Mapping[str, Any], *, but: Member | None = None
) -> None:
    """A customer has each e-mail, in any case of letters, and each external id once."""
    living = customer.members.filter(deleted_at=None)
    if but is not None:
        living = living.exclude(pk=but.pk)
    for field, lookup in (("email", "email__iexact"), ("external_id", "external_id")):
        value = data.get(field)
        if value and living.filter(**{lookup: value}).exists():
            raise invalid("A member with this value already exists.", field, value=value)


def update_member(member: Member, data: Mapping[str, Any]) -> Member:
    """`data`: name, role, email, external_id; a role or e-mail of None stays as it is.

    Raises InvalidRequest for what another member of the customer has. Sends member.updated.
    """
    values = {name: data[name] for name in ("name", "external_id") if name in data}
    values |= {name: data[name] for name in ("role", "email") if data.get(name) is not None}
    with business_transaction():
        _check_member(member.customer, values, but=member)
        rows.change(member, **values)
        emit_member("updated", member)
        return member


def delete_member(member: Member) -> None:
    """Raises InvalidRequest for the owner. Sends member.deleted; grants it held are revoked."""
    if member.role == "owner":
        raise invalid("The owner of a customer cannot be deleted.", "role", value="owner")
    with business_transaction() as work:
        rows.change(member, deleted_at=clock.tick())
        emit_member("deleted", member)
        seats.revoke_seats_of_member(member)
        for grant in member.grants.filter(granted_at__isnull=False).order_by("created_at"):
            work.later(partial(grants.revoke_grant, grant.id))
