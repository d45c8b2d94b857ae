"""Rows as the JSON that Polar sends, for the API and the webhooks alike."""

from typing import Any

from polar_django.sandbox.engine.confirmation import Confirmation
from polar_django.sandbox.models import (
    Benefit,
    BenefitGrant,
    Checkout,
    Customer,
    CustomerSession,
    Member,
    Order,
    Organization,
    Price,
    Product,
    Subscription,
    WebhookAttempt,
    WebhookEndpoint,
)


def product(row: Product) -> dict[str, Any]:
    """Product, with prices, benefits, medias."""
    raise NotImplementedError


def price(row: Price) -> dict[str, Any]:
    """One price."""
    raise NotImplementedError


def benefit(row: Benefit) -> dict[str, Any]:
    """Benefit."""
    raise NotImplementedError


def customer(row: Customer) -> dict[str, Any]:
    """Customer."""
    raise NotImplementedError


def customer_state(row: Customer) -> dict[str, Any]:
    """CustomerState: the customer with active subscriptions, granted benefits, active meters."""
    raise NotImplementedError


def member(row: Member) -> dict[str, Any]:
    """Member."""
    raise NotImplementedError


def checkout(row: Checkout) -> dict[str, Any]:
    """Checkout, for the seller."""
    raise NotImplementedError


def checkout_public(row: Checkout) -> dict[str, Any]:
    """CheckoutPublic, for the pay page."""
    raise NotImplementedError


def checkout_confirmed(result: Confirmation) -> dict[str, Any]:
    """CheckoutPublicConfirmed."""
    raise NotImplementedError


def subscription(row: Subscription) -> dict[str, Any]:
    """Subscription."""
    raise NotImplementedError


def order(row: Order) -> dict[str, Any]:
    """Order."""
    raise NotImplementedError


def benefit_grant(row: BenefitGrant) -> dict[str, Any]:
    """BenefitGrant."""
    raise NotImplementedError


def customer_session(row: CustomerSession) -> dict[str, Any]:
    """CustomerSession, with token and portal address."""
    raise NotImplementedError


def webhook_endpoint(row: WebhookEndpoint) -> dict[str, Any]:
    """WebhookEndpoint, secret included."""
    raise NotImplementedError


def webhook_delivery(row: WebhookAttempt) -> dict[str, Any]:
    """WebhookDelivery."""
    raise NotImplementedError


def organization(row: Organization) -> dict[str, Any]:
    """Organization."""
    raise NotImplementedError
