"""/v1/customer-portal/customers/me, the session itself, and the organization"""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import UUID4

from polar_django.sandbox import shapes
from polar_django.sandbox.api.finding import find
from polar_django.sandbox.api.inputs.fields import Address, Body, Name, Text, sent
from polar_django.sandbox.api.portal_access import has_session, require_billing, session_of, visitor
from polar_django.sandbox.engine import customers, payment_methods
from polar_django.sandbox.engine.organization import get_organization
from polar_django.sandbox.errors import ResourceNotFound
from polar_django.sandbox.models import Product

router = Router(auth=has_session)


class CustomerPortalCustomerUpdate(Body):
    """PATCH of the customer by themselves."""

    billing_name: Name | None = None
    billing_address: Address | None = None
    tax_id: Text | None = None
    default_payment_method_id: UUID4 | None = None


@router.get("/customers/me")
def get_me(request: HttpRequest) -> Any:
    return shapes.portal_customer(visitor(request))


@router.patch("/customers/me")
def update_me(request: HttpRequest, body: CustomerPortalCustomerUpdate) -> Any:
    customer, data = require_billing(request), sent(body)
    card_id = data.pop("default_payment_method_id", None)
    if card_id is not None:
        card = find(customer.payment_methods.filter(deleted_at=None), card_id)
        payment_methods.choose_card(customer, card)
    return shapes.portal_customer(customers.update_customer(customer, data))


@router.get("/customer-session/introspect")
def introspect(request: HttpRequest) -> Any:
    session = session_of(request)
    return {"expires_at": shapes.moment(session.expires_at), "return_url": session.return_url}


@router.get("/customer-session/user")
def get_user(request: HttpRequest) -> Any:
    session = session_of(request)
    member, customer = session.member, session.customer
    return {
        "type": "customer" if member is None else "member",
        "name": customer.name if member is None else member.name,
        "email": (customer.email or "") if member is None else member.email,
        "customer_id": str(customer.id),
        "member_id": str(member.id) if member is not None else None,
        "role": member.role if member is not None else None,
    }


@router.get("/organizations/{slug}", auth=None)
def get_organization_data(request: HttpRequest, slug: str) -> Any:
    organization = get_organization()
    if organization.slug != slug:
        raise ResourceNotFound
    sold = Product.objects.filter(deleted_at=None, is_archived=False, visibility="public")
    return {
        "organization": shapes.portal_organization(organization),
        "products": [shapes.portal_product(each) for each in sold.order_by("created_at")],
    }
