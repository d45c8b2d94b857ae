"""What a customer may see of their own things, as JSON."""

from typing import Any

from polar_django.sandbox.models import (
    BenefitGrant,
    Customer,
    Member,
    Order,
    Organization,
    PaymentMethod,
    Product,
    Subscription,
)
from polar_django.sandbox.shapes import catalog, orders, organizations, subscriptions
from polar_django.sandbox.shapes.customers import customer as full_customer
from polar_django.sandbox.shapes.moments import moment, moment_or_none

__all__ = [
    "payment_method",
    "portal_customer",
    "portal_grant",
    "portal_member",
    "portal_order",
    "portal_organization",
    "portal_payment_method",
    "portal_product",
    "portal_subscription",
]

CUSTOMER_KEYS = (
    "created_at",
    "modified_at",
    "id",
    "email",
    "email_verified",
    "name",
    "billing_name",
    "billing_address",
    "tax_id",
    "default_payment_method_id",
    "type",
    "locale",
)


def portal_customer(row: Customer) -> dict[str, Any]:
    """CustomerPortalCustomer. No query."""
    shape = full_customer(row)
    return {**{name: shape[name] for name in CUSTOMER_KEYS}, "oauth_accounts": {}}


def portal_organization(row: Organization) -> dict[str, Any]:
    """CustomerOrganization."""
    features = row.settings["feature_settings"]
    names = ("member_model_enabled", "checkout_localization_enabled")
    shape = organizations.organization(row)
    return {**shape, "organization_features": {name: features[name] for name in names}}


def portal_product(row: Product) -> dict[str, Any]:
    """CustomerProduct: as on the pay page."""
    return catalog.public_product(row)


def _sold(row: Product, organization: Organization) -> dict[str, Any]:
    return {**portal_product(row), "organization": portal_organization(organization)}


def portal_subscription(row: Subscription, organization: Organization) -> dict[str, Any]:
    """CustomerSubscription: without the seller's metadata. About ten queries."""
    shape = subscriptions.subscription(row)
    for hidden in ("metadata", "custom_field_data", "customer", "user", "discount"):
        del shape[hidden]
    return {**shape, "product": _sold(row.product, organization)}


def portal_order(row: Order, organization: Organization) -> dict[str, Any]:
    """CustomerOrder: without metadata and fees. About eight queries."""
    shape = orders.order(row)
    hidden = ("metadata", "custom_field_data", "customer", "user", "discount")
    for name in (*hidden, "platform_fee_amount", "platform_fee_currency"):
        del shape[name]
    if shape["subscription"] is not None:
        del shape["subscription"]["metadata"]
        del shape["subscription"]["user_id"]
    product = _sold(row.product, organization) if row.product else None
    return {**shape, "product": product}


def portal_grant(row: BenefitGrant, organization: Organization) -> dict[str, Any]:
    """CustomerBenefitGrant: the benefit as its holder sees it. No query beyond its parts."""
    benefit = catalog.benefit_public(row.benefit)
    properties = row.benefit.properties
    if row.benefit.type == "downloadables":
        archived = properties.get("archived", {})
        files = [each for each in properties.get("files", []) if not archived.get(each)]
        properties = {"active_files": files}
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "granted_at": moment_or_none(row.granted_at),
        "revoked_at": moment_or_none(row.revoked_at),
        "customer_id": str(row.customer_id),
        "member_id": str(row.member_id) if row.member_id else None,
        "benefit_id": str(row.benefit_id),
        "subscription_id": str(row.subscription_id) if row.subscription_id else None,
        "order_id": str(row.order_id) if row.order_id else None,
        "is_granted": row.is_granted,
        "is_revoked": row.is_revoked,
        "error": row.error,
        "customer": portal_customer(row.customer),
        "benefit": {
            **benefit,
            "organization": portal_organization(organization),
            "properties": properties,
        },
        "properties": row.properties,
    }


def portal_member(row: Member) -> dict[str, Any]:
    """CustomerPortalMember."""
    return {
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "id": str(row.id),
        "email": row.email,
        "name": row.name,
        "role": row.role,
    }


def payment_method(row: PaymentMethod) -> dict[str, Any]:
    """CustomerPaymentMethodCard, as the seller sees it. Reads `row.customer`."""
    is_default = row.customer.default_payment_method_id == row.id
    return {**portal_payment_method(row), "is_default": is_default}


def portal_payment_method(row: PaymentMethod) -> dict[str, Any]:
    """PaymentMethodCard: a test card's brand and last four digits."""
    return {
        "id": str(row.id),
        "created_at": moment(row.created_at),
        "modified_at": moment_or_none(row.modified_at),
        "processor": "stripe",
        "customer_id": str(row.customer_id),
        "type": "card",
        "method_metadata": {
            "brand": row.brand,
            "last4": row.last4,
            "exp_month": row.exp_month,
            "exp_year": row.exp_year,
            "wallet": None,
        },
    }
