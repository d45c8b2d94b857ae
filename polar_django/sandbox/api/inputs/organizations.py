"""Body of the organization's settings. Groups of switches are sent whole, as Polar wants them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from polar_django.sandbox.api.inputs.fields import Body, Email, Text, Url, choice

__all__ = ["OrganizationUpdate"]


class SubscriptionSettings(Body):
    allow_multiple_subscriptions: bool
    proration_behavior: Annotated[str, choice("invoice", "prorate", "next_period")]
    # Days after the failed payment.
    benefit_revocation_grace_period: Literal[0, 2, 7, 14, 21]
    prevent_trial_abuse: bool
    allow_customer_updates: bool


class PortalUsage(Body):
    show: bool


class PortalSubscription(Body):
    update_seats: bool
    update_plan: bool
    pause: bool = False


class PortalCustomer(Body):
    allow_email_change: bool


class PortalSettings(Body):
    usage: PortalUsage
    subscription: PortalSubscription
    customer: PortalCustomer | None = None


class OrganizationUpdate(Body):
    """PATCH /v1/organizations/{id}."""

    name: Annotated[str, Field(min_length=3, max_length=64)] | None = None
    email: Email | None = None
    website: Url | None = None
    # At Polar some of these are its staff's alone; here there is no staff.
    feature_settings: dict[str, bool | list[str] | None] | None = None
    subscription_settings: SubscriptionSettings | None = None
    customer_email_settings: dict[str, bool] | None = None
    customer_portal_settings: PortalSettings | None = None
    embed_hosts: list[Text] | None = None
    default_tax_behavior: Annotated[str, choice("location", "inclusive", "exclusive")] | None = None
    # The sandbox's prices start from dollars.
    default_presentment_currency: Literal["usd"] | None = None

    def data(self) -> dict[str, Any]:
        """What was sent and is not null."""
        return self.model_dump(exclude_unset=True, exclude_none=True)
